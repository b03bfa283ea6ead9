"""What the file that we ship knows, and what it is."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network
from math import atan2, cos, degrees, hypot, radians, sin
from pathlib import Path
from time import perf_counter

import geoip2.database
import maxminddb
import pytest

import gslb.geo
from gslb.geo import BUNDLED_PATH, GeoIndex
from gslb.geo.centroids import centroid
from gslb.geo.distance import distance_km
from gslb.geo.special import SPECIAL_NETWORKS
from gslb.model import GeoSettings, Location
from tests.geo.makers import where


@pytest.fixture(scope="module")
def bundled() -> GeoIndex:
    return GeoIndex.open(GeoSettings())


@pytest.mark.parametrize(
    ("network", "country", "near", "km"),
    [
        ("133.11.0.0/16", "JP", Location(35.68, 139.77), 100),
        ("18.0.0.0/16", "US", Location(42.36, -71.06), 100),
        ("141.20.0.0/16", "DE", Location(52.52, 13.40), 100),
        ("2001:200::/32", "JP", Location(35.68, 139.77), 200),
        ("2001:638::/32", "DE", Location(51.0, 10.0), 500),
    ],
)
def test_well_known_networks_are_where_they_are(bundled: GeoIndex, network: str, country: str, near: Location, km: float):
    parsed = ip_network(network)
    place, length = bundled.lookup(parsed.version, int(parsed.network_address))
    assert place.country == country
    assert place.location is not None
    assert distance_km(place.location, near) < km
    assert 8 <= length <= 32


def test_special_networks_are_nowhere(bundled: GeoIndex):
    for family, networks in SPECIAL_NETWORKS.items():
        for network in networks:
            place, length = bundled.lookup(family, int(network.network_address))
            assert not place.known
            assert length <= network.prefixlen


def test_no_length_is_beyond_what_the_file_is_cut_to(bundled: GeoIndex):
    for text in ("1.1.1.1", "8.8.8.8", "200.1.2.3"):
        assert where(bundled, text)[1] <= 20
    for text in ("2a00:1450::1", "2400:cb00::1"):
        assert where(bundled, text)[1] <= 32


def test_it_names_its_source_and_license(bundled: GeoIndex):
    (source,) = bundled.sources
    assert (source.path, source.type, source.ip_version) == ("bundled", "GSLB-City-Lite", 6)
    with maxminddb.open_database(BUNDLED_PATH) as reader:
        assert "IP Geolocation by DB-IP (https://db-ip.com)" in reader.metadata().description["en"]
    notice = (Path(gslb.geo.__file__).parent / "data" / "LICENSE-DB-IP.txt").read_text()
    assert "https://creativecommons.org/licenses/by/4.0/" in notice
    assert "IP Geolocation by DB-IP" in notice


def test_it_is_small():
    assert BUNDLED_PATH.stat().st_size < 4_000_000


def test_geoip2_reads_it():
    with geoip2.database.Reader(BUNDLED_PATH) as reader:
        assert reader.city("133.11.0.1").country.iso_code == "JP"
        assert str(reader.city("133.11.0.1").traits.network).startswith("133.")


def test_a_look_up_takes_microseconds(bundled: GeoIndex):
    """15 µs are the bound; a loaded machine gets ten times that here."""
    started = perf_counter()
    for number in range(10_000):
        bundled.lookup(4, number * 429_496 % (1 << 32))
    assert (perf_counter() - started) / 10_000 < 150e-6


def test_centroids_are_where_the_networks_of_a_country_are_on_average():
    off = {country: distance_km(mean, _known(country)) for country, mean in _means().items()}
    assert len(off) > 220
    assert {country: km for country, km in off.items() if km > 1000} == {}


def _known(country: str) -> Location:
    location = centroid(country)
    assert location is not None, f"{country} is in the database and has no centroid"
    return location


def _means() -> dict[str, Location]:
    """By vectors: the mean of longitudes would put Fiji, on both sides of the date line, into Africa."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    with maxminddb.open_database(BUNDLED_PATH) as reader:
        for network, record in reader:
            if network.version == 4 and isinstance(record, dict) and "location" in record:
                _add(sums[record["country"]["iso_code"]], record["location"], network.num_addresses)
    return {country: Location(degrees(atan2(z, hypot(x, y))), degrees(atan2(y, x))) for country, (x, y, z) in sums.items()}


def _add(sums: list[float], location: dict[str, float], weight: int) -> None:
    latitude, longitude = radians(location["latitude"]), radians(location["longitude"])
    sums[0] += weight * cos(latitude) * cos(longitude)
    sums[1] += weight * cos(latitude) * sin(longitude)
    sums[2] += weight * sin(latitude)
