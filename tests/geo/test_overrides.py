from __future__ import annotations

from pathlib import Path

import pytest

from gslb.model import GeoOverride, Location, Place
from tests.geo.makers import asn, city, index, mmdb, override, where

TOKYO = Location(35.7, 139.8)
BOSTON = Location(42.4, -71.1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return mmdb(tmp_path / "city.mmdb", {"18.0.0.0/8": city("US", 42.4, -71.1)})


def test_an_override_wins_whatever_the_address_is(database: Path):
    overrides = (
        override("18.1.0.0/16", "JP", TOKYO, 2500),
        override("10.0.0.0/8", "JP", TOKYO),
        override("::1/128", "JP"),
    )
    opened = index(database, overrides=overrides)
    assert where(opened, "18.1.2.3") == (Place("JP", TOKYO, 2500), 16)
    assert where(opened, "10.2.3.4") == (Place("JP", TOKYO), 8)
    assert where(opened, "::1")[0] == Place("JP")


def test_the_rest_of_the_block_is_cut_around_the_override(database: Path):
    opened = index(database, overrides=(override("18.1.0.0/16", "JP"),))
    assert where(opened, "18.0.0.1") == (Place("US", BOSTON), 16)
    assert where(opened, "18.2.0.1") == (Place("US", BOSTON), 15)
    assert where(opened, "18.128.0.1") == (Place("US", BOSTON), 9)


def test_an_override_of_one_field_keeps_what_the_database_knows(database: Path):
    opened = index(database, overrides=(override("18.1.0.0/16", asn=2500),))
    assert where(opened, "18.1.0.1") == (Place("US", BOSTON, 2500), 16)


def test_a_corrected_country_does_not_keep_the_old_location(database: Path):
    """Else the client would still be steered by the place that the operator says is wrong."""
    opened = index(database, overrides=(override("18.1.0.0/16", "JP"),))
    assert where(opened, "18.1.0.1")[0] == Place("JP", None)


def test_a_confirmed_country_keeps_the_location(database: Path):
    opened = index(database, overrides=(override("18.1.0.0/16", "US"),))
    assert where(opened, "18.1.0.1")[0] == Place("US", BOSTON)


def test_the_longest_prefix_comes_first_and_the_shorter_fill_in():
    overrides = (override("10.0.0.0/8", "JP", TOKYO, 2500), override("10.1.0.0/16", asn=7500))
    for order in (overrides, overrides[::-1]):
        opened = index(overrides=order)
        assert where(opened, "10.1.0.1") == (Place("JP", TOKYO, 7500), 16)
        assert where(opened, "10.2.0.1") == (Place("JP", TOKYO, 2500), 15)


def test_an_override_finer_than_the_unit_of_steering_stands_for_all_of_it():
    opened = index(overrides=(override("192.0.2.77/32", "JP"), override("2001:db8:1:2::3/128", "NO")))
    assert where(opened, "192.0.2.1") == (Place("JP"), 24)
    assert where(opened, "192.0.3.1") == (Place(), 24)
    assert where(opened, "2001:db8:1:ff::") == (Place("NO"), 56)


def test_of_two_in_one_unit_the_finest_wins_then_the_first():
    overrides = (
        override("192.0.2.0/25", "US"),
        override("192.0.2.128/26", "JP"),
        override("192.0.2.192/26", "NO", asn=1),
    )
    assert where(index(overrides=overrides), "192.0.2.1") == (Place("JP", None, 1), 24)


def test_an_override_that_says_nothing_changes_nothing(database: Path):
    opened = index(database, overrides=(GeoOverride(override("18.1.0.0/16").network, Place()),))
    assert where(opened, "18.1.0.1") == (Place("US", BOSTON), 16)


def test_a_place_known_from_the_override_alone_has_the_overrides_block(tmp_path: Path):
    asns = mmdb(tmp_path / "asn.mmdb", {"10.1.2.0/24": asn(2500)}, "GeoLite2-ASN")
    opened = index(asns, overrides=(override("10.0.0.0/8", "JP", TOKYO, 1),))
    assert where(opened, "10.1.2.3") == (Place("JP", TOKYO, 1), 8)
