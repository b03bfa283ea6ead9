from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Family, Place
from gslb.steering import ClientClass, SteeringMap, locate
from gslb.steering.bounded import Bounded
from gslb.steering.locator import Locator
from tests.steering.strategies import NestedMap
from tests.steering.world import BERLIN, HOST, TODAY, TOKYO, configuration

JAPAN = Place("JP", TOKYO)
LOOKUP = NestedMap({ip_network("133.11.0.0/16"): JAPAN, ip_network("141.20.0.0/16"): Place("DE", BERLIN)})
STEERING = SteeringMap(configuration(), TODAY)
TOKYO_RESOLVER: tuple[Family, int] = (4, int(ip_address("133.11.0.53")))
BERLIN_RESOLVER: tuple[Family, int] = (4, int(ip_address("141.20.0.53")))


def number(text):
    return int(ip_address(text))


def test_a_network_is_looked_up_once():
    asked = []

    def lookup(family, address):
        asked.append(address)
        return LOOKUP(family, address)

    locator = Locator(lookup, STEERING, {}, 100)
    for last in range(5):
        found = locator.find(HOST, 4, number(f"133.11.7.{last}"), 32)
    assert asked == [number("133.11.7.0")]
    assert (found.client_class.home, found.scope) == ("jp", 16)


def test_a_class_that_the_table_does_not_know_gets_its_number_once_it_does():
    numbers: dict[tuple[str, ClientClass], int] = {}
    locator = Locator(LOOKUP, STEERING, numbers, 100)
    found = locator.find(HOST, 4, number("133.11.7.1"), 32)
    assert found.number is None
    numbers[HOST, found.client_class] = 7
    assert locator.find(HOST, 4, number("133.11.7.1"), 32).number == 7
    assert locator.find(HOST, 4, number("133.11.7.2"), 32).number == 7


def test_private_clients_are_kept_apart_by_who_asks_for_them():
    locator = Locator(LOOKUP, STEERING, {}, 100)
    private: tuple[Family, int, int] = (4, number("10.1.2.3"), 24)
    for _ in range(2):
        assert locator.find(HOST, *private, TOKYO_RESOLVER).client_class.home == "jp"
        assert locator.find(HOST, *private, BERLIN_RESOLVER).client_class.home == "eu"
        assert locator.find(HOST, *private).client_class.home is None
        assert locator.find(HOST, 4, 0, 0, TOKYO_RESOLVER).client_class.home == "jp"
        assert locator.find(HOST, 4, 0, 0, BERLIN_RESOLVER).client_class.home == "eu"
        assert locator.find(HOST, 4, 0, 0).client_class.home is None


addresses = st.sampled_from(
    [*(f"133.11.{third}.{last}" for third in (0, 1) for last in (0, 200)), "10.1.2.3", "8.8.8.8", "0.0.0.0"]
)
v6 = st.sampled_from(["64:ff9b::133.11.0.1", "64:ff9b::141.20.0.1", "2002:850b:1::1", "2001:db8::1", "::1", "fd00::1"])
questions = st.tuples(
    st.one_of(
        st.tuples(st.just(4), addresses.map(number), st.sampled_from([0, 16, 24, 32])),
        st.tuples(st.just(6), v6.map(number), st.sampled_from([0, 32, 48, 56, 64, 128])),
    ),
    st.sampled_from([None, TOKYO_RESOLVER, BERLIN_RESOLVER, (6, number("2001:db8::53"))]),
)


@given(st.lists(questions, min_size=1, max_size=30), st.integers(2, 20))
def test_a_cached_answer_is_what_is_found_without_a_cache(asked, limit):
    locator = Locator(LOOKUP, STEERING, {}, limit)
    for (family, address, length), resolver in asked:
        width = 32 if family == 4 else 128
        address = address >> width - length << width - length
        client = locate(LOOKUP, family, address, length, resolver)
        found = locator.find(HOST, family, address, length, resolver)
        assert found.client_class == STEERING.classify(HOST, client)
        assert found.slot == STEERING.slot(HOST, client)
        assert found.scope == STEERING.scope(HOST, client)
    assert len(locator) <= limit


def test_a_bounded_cache_keeps_what_is_in_use():
    cache: Bounded[object, str] = Bounded(10)
    for number in range(1000):
        cache.put(number, str(number))
        cache.put("busy", "kept") if cache.get("busy") is None else None
    assert cache.get("busy") == "kept"
    assert len(cache) <= 10
