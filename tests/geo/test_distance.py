import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.geo.distance import distance_km
from gslb.model import Location

TOKYO = Location(35.68, 139.77)
HONOLULU = Location(21.3, -157.9)
FRANKFURT = Location(50.11, 8.68)
HALF_THE_EARTH_KM = 20015.2

locations = st.builds(Location, st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        (TOKYO, Location(34.69, 135.50), 403),  # Osaka
        (TOKYO, HONOLULU, 6210),  # over the date line
        (TOKYO, FRANKFURT, 9360),
        (Location(0, -179.5), Location(0, 179.5), 111),
        (Location(90, 0), Location(-90, 77), HALF_THE_EARTH_KM),
        (Location(89.9, 0), Location(89.9, 180), 22.2),  # over the pole
    ],
)
def test_known_distances(a: Location, b: Location, km: float):
    assert distance_km(a, b) == pytest.approx(km, rel=0.01)


def test_honolulu_is_nearer_to_tokyo_than_to_frankfurt():
    assert distance_km(HONOLULU, TOKYO) < distance_km(HONOLULU, FRANKFURT)


@given(locations, locations)
def test_it_is_the_same_both_ways_and_never_more_than_half_the_earth(a: Location, b: Location):
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert 0 <= distance_km(a, b) <= HALF_THE_EARTH_KM


@given(locations)
def test_a_place_is_no_way_from_itself(a: Location):
    assert distance_km(a, a) == 0
