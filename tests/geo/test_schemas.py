from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import GeoError
from gslb.geo.schemas import Fields, adapter_for, flat, nested
from gslb.model import Location


def test_maxmind_nests():
    record = {"country": {"iso_code": "JP"}, "location": {"latitude": 35.7, "longitude": 139.8}}
    assert nested(record) == Fields("JP", Location(35.7, 139.8), None)


def test_without_a_country_the_registered_one_counts():
    assert nested({"registered_country": {"iso_code": "AU"}}) == Fields("AU")
    assert nested({"country": {"iso_code": "JP"}, "registered_country": {"iso_code": "AU"}}) == Fields("JP")


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ({"country_code": "DE", "latitude": 52.5, "longitude": 13.4}, Fields("DE", Location(52.5, 13.4))),
        (
            {"country": "DE", "lat": "52.5", "lng": "13.4", "asn": "AS680"},
            Fields("DE", Location(52.5, 13.4), 680),
        ),
        ({"asn": 2500}, Fields(asn=2500)),
        ({"autonomous_system_number": 2500, "autonomous_system_organization": "WIDE"}, Fields(asn=2500)),
        ({"as_number": 4_294_967_295}, Fields(asn=4_294_967_295)),
    ],
)
def test_others_are_flat(record: dict[str, object], fields: Fields):
    assert flat(record) == fields


def test_norway_is_a_country():
    assert flat({"country_code": "NO"}) == Fields("NO")
    assert nested({"country": {"iso_code": "NO"}}) == Fields("NO")


@pytest.mark.parametrize("code", ["", "-", "ZZ", "XX", "JPN", "J1", "日本", 1, None, False, ["JP"], {"iso_code": "JP"}])
def test_what_is_no_country_code_is_missing(code: object):
    assert flat({"country_code": code}) == Fields()
    assert nested({"country": {"iso_code": code}}) == Fields()


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (0, 0),
        (0.0, -0.0),
        (None, 1),
        (1, None),
        (91, 0),
        (0, 181),
        (nan, 1),
        (1, inf),
        ("x", 1),
        (True, 1),
        (10**400, 1),
    ],
)
def test_what_is_no_place_is_missing(latitude: object, longitude: object):
    assert flat({"latitude": latitude, "longitude": longitude}) == Fields()
    assert nested({"location": {"latitude": latitude, "longitude": longitude}}) == Fields()


def test_on_the_equator_and_on_the_meridian_are_places():
    assert flat({"latitude": 0.0, "longitude": 32.5}).location == Location(0.0, 32.5)
    assert flat({"latitude": 51.5, "longitude": 0.0}).location == Location(51.5, 0.0)


@pytest.mark.parametrize("number", [0, -1, 1 << 32, "AS", "AS-1", "AS99999999999", 2500.0, True])
def test_what_is_no_as_number_is_missing(number: object):
    assert flat({"asn": number}) == Fields()


def test_the_adapter_follows_the_first_record_that_says_anything():
    assert adapter_for([None, 5, {}, {"country": {"iso_code": "JP"}}], "x", "Country") is nested
    assert adapter_for([{"names": {}}, {"country": "JP"}], "x", "lite") is flat


@pytest.mark.parametrize("sample", [[], [{"is_anonymous_proxy": True}]])
def test_a_database_of_something_else_is_refused(sample: list[object]):
    with pytest.raises(GeoError, match=r"^x\.mmdb: a database of type 'GeoIP2-Anonymous-IP' has neither"):
        adapter_for(sample, "x.mmdb", "GeoIP2-Anonymous-IP")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
keys = st.sampled_from(["country", "registered_country", "location", "iso_code", "country_code", "latitude", "longitude", "asn"])


@given(st.dictionaries(keys, values | st.dictionaries(keys, values)))
def test_no_record_is_too_strange(record: dict[str, object]):
    for adapter in (nested, flat):
        fields = adapter(record)
        assert fields.country is None or len(fields.country) == 2
        assert fields.location is None or abs(fields.location.latitude) <= 90
