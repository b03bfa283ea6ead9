"""Great-circle distance."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

from gslb.model import Location

EARTH_RADIUS_KM = 6371.0088  # the mean radius R1 of IUGG; a sphere is within 0.5 % of the ellipsoid


def distance_km(a: Location, b: Location) -> float:
    """By the haversine formula, which stays exact for points close together."""
    latitude_a, latitude_b = radians(a.latitude), radians(b.latitude)
    half_height = sin((latitude_b - latitude_a) / 2)
    half_width = sin(radians(b.longitude - a.longitude) / 2)
    chord = half_height * half_height + cos(latitude_a) * cos(latitude_b) * half_width * half_width
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))
