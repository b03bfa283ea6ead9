"""Which sites are equally near, and in which order regions come, as seen from one place.

Equals are judged from the nearest site, never from the farthest: one far site must not make everything else look near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gslb.geo.centroids import centroid
from gslb.geo.distance import distance_km
from gslb.model import Location, Place, Service, Site

EQUAL_RATIO = 1.5
EQUAL_KM = 300.0
NEAR_KM = 500.0  # how far from a vantage its measurements still speak for a client

Tiers = tuple[tuple[str, ...], ...]


def location_of(place: Place) -> Location | None:
    """Where a client is taken to be: its coordinates, else the middle of its country."""
    if place.location is not None:
        return place.location
    return None if place.country is None else centroid(place.country)


def windows(values: Mapping[str, float], names: Sequence[str], ends: Callable[[float], float]) -> Tiers:
    """Cut `names` into tiers of equals: from the smallest value left up to where `ends` says its equals end.

    Inside a tier the order of `names` is kept, so that one set of equals has one form.
    """
    left, tiers = list(names), []
    while left:
        end = ends(min(values[name] for name in left))
        tiers.append(tuple(name for name in left if values[name] <= end))
        left = [name for name in left if values[name] > end]
    return tuple(tiers)


def equal_km(nearest: float) -> float:
    return max(EQUAL_RATIO * nearest, nearest + EQUAL_KM)


def distances(location: Location, sites: Iterable[Site]) -> dict[str, float]:
    return {site.id: distance_km(location, site.location) for site in sites}


def regions_written(sites: Iterable[Site]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(site.region for site in sites))


def regions_by_distance(sites: Sequence[Site], far: Mapping[str, float]) -> tuple[str, ...]:
    nearest: dict[str, float] = {}
    for site in sites:
        nearest[site.region] = min(far[site.id], nearest.get(site.region, far[site.id]))
    return tuple(sorted(nearest, key=nearest.__getitem__))


def region_order(service: Service, sites: Sequence[Site], far: Mapping[str, float] | None) -> tuple[str | None, tuple[str, ...]]:
    """(home region, order of regions) by the distances `far` of all `sites`; None: nobody knows where it is."""
    orders = service.regions
    if far is None:
        if not orders:
            return None, regions_written(sites)
        return None, orders["default"] if "default" in orders else next(iter(orders.values()))
    by_distance = regions_by_distance(sites, far)
    home = by_distance[0] if by_distance else None
    if not orders or home is None:
        return home, by_distance
    return home, orders.get(home, orders.get("default", by_distance))
