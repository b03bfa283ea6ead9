"""Scopes as wide as the map allows: the law, against addresses that are looked at one by one."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.geo import GeoIndex
from gslb.geo.atlas import Atlas
from gslb.geo.mmdb_writer import Value, write
from gslb.geo.overlay import PIECE
from gslb.geo.walk import blocks_of
from gslb.model import (
    ADDRESS_BITS,
    FINEST_PREFIX,
    Configuration,
    Family,
    GeoOverride,
    GeoSettings,
    Match,
    Network,
    Place,
    Rule,
)
from gslb.steering import Scopes, ScopeTree, SteeringMap, locate
from gslb.steering.growth import Growth
from gslb.steering.map import SHARED_UNITS
from gslb.steering.widest import widest_scope
from tests.steering import strategies
from tests.steering.test_real_geo import networks, reference
from tests.steering.world import BERLIN, HOST, TODAY, TOKYO, with_service

RESOLVER: tuple[Family, int] = (4, 0x850B0035)
BLOCKS_OF_IPV6 = ("2001:db8::/32", "2400::/12", "0100::/8", "2002::/15", "64:ff9b::/40", "fc00::/6", "2001::/24")


def grown(index: GeoIndex, settings: Configuration, piece: int = 5) -> SteeringMap:
    plain = SteeringMap(settings, TODAY)
    maps = list(plain.services.values())
    growth = Growth(Atlas(index, [blocks_of(database) for database in index.databases]), maps, piece)
    trees = dict(zip((each.key for each in maps), growth.trees(), strict=True))
    return SteeringMap(settings, TODAY, scopes=Scopes(index.stamp, trees))


def cut(family: Family, address: int, length: int) -> int:
    return address >> ADDRESS_BITS[family] - length << ADDRESS_BITS[family] - length


# ------------------------------------------------------------------------------------------------- random maps

places: st.SearchStrategy[Value] = st.sampled_from(
    [
        {"country": {"iso_code": "JP"}, "location": {"latitude": 35.7, "longitude": 139.8}},
        {"country": {"iso_code": "JP"}, "location": {"latitude": 36.0, "longitude": 140.0}},
        {"country": {"iso_code": "DE"}, "location": {"latitude": 52.5, "longitude": 13.4}},
        {"country": {"iso_code": "DE"}},
        {"country": {"iso_code": "US"}},
        {"country": {"iso_code": "KR"}, "autonomous_system_number": 2},
    ]
)


# So that every database is seen to know countries and AS numbers.
SAMPLE: tuple[Network, Value] = (ip_network("1.0.0.0/24"), {"country": {"iso_code": "AU"}, "autonomous_system_number": 7})


@st.composite
def nearby(draw: st.DrawFn) -> Network:
    """Networks that touch often: in few places, of all lengths."""
    if draw(st.booleans()):
        whole: Network = ip_network(draw(st.sampled_from(["16.0.0.0/6", "10.0.0.0/7", "192.168.0.0/14", "100.0.0.0/8"])))
        length = draw(st.integers(whole.prefixlen, 27))
    else:
        whole = ip_network(draw(st.sampled_from(BLOCKS_OF_IPV6)))
        length = draw(st.integers(whole.prefixlen, 60))
    number = draw(st.integers(0, 15)) << max(0, length - whole.prefixlen - 4)
    number = min(number + draw(st.integers(0, 3)), (1 << length - whole.prefixlen) - 1)
    bits = int(whole.network_address) | number << whole.max_prefixlen - length
    return IPv4Network((bits, length)) if whole.version == 4 else IPv6Network((bits, length))


@st.composite
def databases(draw: st.DrawFn) -> list[tuple[Network, Value]]:
    """Networks that do not overlap."""
    found: list[tuple[Network, Value]] = [SAMPLE]
    for network in draw(st.lists(nearby(), max_size=12)):
        mapped = [(_mapped(known), known) for known, _ in found]
        if not any(_mapped(network).overlaps(there) for there, _ in mapped):
            found.append((network, draw(places)))
    return found


def _mapped(network: Network) -> IPv6Network:
    """Where a database has it: IPv4 lies at ::/96."""
    if isinstance(network, IPv6Network):
        return network
    return IPv6Network((int(network.network_address), network.prefixlen + 96))


overrides = st.lists(
    st.builds(GeoOverride, nearby(), st.builds(Place, st.sampled_from([None, "JP", "US"]), st.sampled_from([None, TOKYO, BERLIN]),
                                               st.sampled_from([None, 1]))),
    max_size=4,
)  # fmt: skip


def opened(folder: str, contents: list[list[tuple[Network, Value]]], said: list[GeoOverride]) -> GeoIndex:
    names = []
    for number, content in enumerate(contents):
        names.append(f"{folder}/{number}.mmdb")
        write(Path(names[-1]), content, "Test-City")
    return GeoIndex.open(GeoSettings(tuple(names), tuple(said)))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whoever_is_in_the_scope_has_the_same_class_and_slot_and_the_next_wider_block_has_others(data: st.DataObject):
    settings = data.draw(strategies.configurations())
    service = settings.services[0]
    contents = data.draw(st.lists(databases(), min_size=1, max_size=2))
    said = data.draw(overrides)
    with TemporaryDirectory() as folder:
        index = opened(folder, contents, said)
    steering = grown(index, settings)
    conditions = [rule.match for rule in service.rules] + [site.only for site in settings.sites if site.only]
    known = [network for content in contents for network, _ in content] + [override.network for override in said]
    known += [network for match in conditions for network in match.networks]
    known += [ip_network(text) for text in ("10.0.0.0/8", "2001::/32", "2002::/16", "64:ff9b::/96", "fc00::/7", "::/56")]
    for _ in range(4):
        family, address = data.draw(_near(known))
        client = locate(index.lookup, family, address, ADDRESS_BITS[family], RESOLVER)
        scope = steering.scope(HOST, client)
        base, bits = cut(family, address, scope), ADDRESS_BITS[family] - scope
        mine = steering.classify(HOST, client), steering.slot(HOST, client), scope
        for _ in range(6):
            other = base + data.draw(st.integers(0, (1 << bits) - 1))
            theirs = locate(index.lookup, family, other, ADDRESS_BITS[family], RESOLVER)
            assert (steering.classify(HOST, theirs), steering.slot(HOST, theirs), steering.scope(HOST, theirs)) == mine
        if client.family == family and client.network not in SHARED_UNITS:
            assert scope == _brute(steering, index, family, client.network, known)
        if client.special is None:
            assert scope == widest_scope(SteeringMap(settings, TODAY), index.lookup, HOST, client)


@st.composite
def _near(draw: st.DrawFn, known: list[Network]) -> tuple[Family, int]:
    network = draw(st.sampled_from(known))
    size = network.num_addresses
    offset = draw(st.sampled_from([0, -1, size, size - 1, size // 2, 2 * size, -size]))
    top = (1 << network.max_prefixlen) - 1
    return 4 if network.version == 4 else 6, max(0, min(top, int(network.network_address) + offset))


def _brute(steering: SteeringMap, index: GeoIndex, family: Family, address: int, known: list[Network]) -> int:
    """Every unit at which anything can change is looked at."""
    size = 1 << ADDRESS_BITS[family] - FINEST_PREFIX[family]
    borders = set()
    for network in (each for each in [*known, *_SPECIAL] if each.version == family):
        start = int(network.network_address)
        borders |= {start // size * size, (start + network.num_addresses - 1) // size * size + size}

    def kind(unit: int) -> object:
        client = locate(index.lookup, family, unit, FINEST_PREFIX[family])
        return steering.services[HOST].kind(client) if client.family == family else ("embedded", unit >> 96)

    mine, length = kind(address), FINEST_PREFIX[family]
    floor = min(length, steering.configuration.services[0].sticky(family))
    while length > floor:
        first, end = (cut(family, address, length - 1) + more for more in (0, 1 << ADDRESS_BITS[family] - length + 1))
        if any(kind(unit) != mine for unit in {first, *(unit for unit in borders if first <= unit < end)}):
            return length
        length -= 1
    return length


_SPECIAL = [
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                 "::/56", "fc00::/7", "fe80::/10", "64:ff9b::/56", "2001::/32", "2002::/16", "1.0.0.0/24")
]  # fmt: skip


# ---------------------------------------------------------------------------------------------- the bundled one


@cache
def bundled() -> tuple[GeoIndex, SteeringMap]:
    index = GeoIndex.open(reference().geo)
    return index, grown(index, reference(), PIECE)


def test_scopes_over_the_bundled_database_are_true_at_every_border():
    index, steering = bundled()
    rng = Random(11)
    host = reference().services[0].host
    for family, address in networks(5000, 12):
        client = locate(index.lookup, family, address, FINEST_PREFIX[family])
        scope = steering.scope(host, client)
        mine = steering.classify(host, client), steering.slot(host, client)
        bits = ADDRESS_BITS[family] - scope
        first = cut(family, address, scope)
        for other in (first, first + (1 << bits) - 1, first + rng.randrange(1 << bits)):
            theirs = locate(index.lookup, family, other, ADDRESS_BITS[family])
            assert (steering.classify(host, theirs), steering.slot(host, theirs)) == mine


def test_scopes_over_the_bundled_database_are_as_wide_as_can_be():
    index, steering = bundled()
    host = reference().services[0].host
    plain = SteeringMap(reference(), TODAY)
    for family, address in networks(1000, 13):
        client = locate(index.lookup, family, address, FINEST_PREFIX[family])
        assert steering.scope(host, client) == widest_scope(plain, index.lookup, host, client)


# --------------------------------------------------------------------------------------- which map a tree is of


def test_a_tree_is_used_for_the_map_that_it_was_grown_for_and_no_other():
    ends = Rule(Match(networks=(ip_network("16.0.7.0/24"),)), "prefer", ("eu-london",), TODAY)
    settings = with_service(rules=(ends,), sticky_v4=8)
    (service,) = SteeringMap(settings, TODAY).services.values()
    scopes = Scopes("stamp", {service.key: ScopeTree({4: [0, 0x100007, 0x100008], 6: [0]})})
    client = locate(lambda family, address: (Place("JP", TOKYO), 12), 4, 0x10000900, 24)
    assert SteeringMap(settings, TODAY, scopes=scopes).scope(HOST, client) == 21
    tomorrow = TODAY + timedelta(days=1)
    assert SteeringMap(settings, tomorrow, scopes=scopes).scope(HOST, client) == 12
    assert SteeringMap(with_service(sticky_v4=8), TODAY, scopes=scopes).scope(HOST, client) == 12


def test_what_clients_are_not_told_apart_by_leaves_the_tree_in_use():
    def key(**changes: object) -> str:
        return SteeringMap(with_service(**changes), TODAY).services[HOST].key

    assert key() == key(ttl_max_s=20) == key(answers=3) == key(sticky_v4=8)
    assert len({key(), key(regions=None), key(rules=(Rule(Match(countries=("JP",)), "never", ("us",)),))}) == 3
