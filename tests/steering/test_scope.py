"""All clients that one cached answer serves have one site."""

from ipaddress import ip_address, ip_network

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.model import Family, Place
from gslb.steering import SteeringMap, locate
from tests.steering import strategies
from tests.steering.strategies import NestedMap
from tests.steering.world import BERLIN, HOST, TODAY, TOKYO, configuration, with_service

WIDTH = {4: 32, 6: 128}
JAPAN = Place("JP", TOKYO)
GERMANY = Place("DE", BERLIN)


def cut(family, address, length):
    return address >> WIDTH[family] - length << WIDTH[family] - length


def see(steering, lookup, family, address, length, resolver=None):
    client = locate(lookup, family, address, length, resolver)
    return steering.classify(HOST, client), steering.slot(HOST, client), steering.scope(HOST, client)


@st.composite
def near(draw, networks):
    """An address anywhere, or inside or beside a network that matters."""
    family = draw(st.sampled_from([4, 6]))
    mine = [network for network in networks if (network.version == 4) == (family == 4)]
    if not mine or draw(st.integers(0, 3)) == 0:
        top = (1 << 32) - 1 if family == 4 else 0x3FFF << 112
        return family, draw(st.integers(0, top))
    network = draw(st.sampled_from(mine))
    bits = WIDTH[family] - network.prefixlen
    offset = draw(st.integers(-(1 << bits), (2 << bits) - 1))
    return family, max(0, min((1 << WIDTH[family]) - 1, int(network.network_address) + offset))


@settings(max_examples=400)
@given(st.data())
def test_every_client_in_the_scope_of_an_answer_has_the_same_class_and_slot(data):
    settings = data.draw(strategies.configurations())
    lookup = data.draw(strategies.maps)
    steering = SteeringMap(settings, TODAY)
    service = settings.services[0]
    conditions = [rule.match for rule in service.rules] + [site.only for site in settings.sites if site.only]
    special = [
        ip_network(text)
        for text in ("10.0.0.0/8", "64:ff9b::/96", "64:ff9b::/56", "::/56", "::ffff:0:0/96", "2002::/16", "2001::/32", "fc00::/7")
    ]
    known = [network for match in conditions for network in match.networks] + lookup.networks + special
    family, address = data.draw(near(known))
    length = data.draw(st.sampled_from([WIDTH[family], WIDTH[family], 24, 16, 56 if family == 6 else 20, 8]))
    resolver = (4, 0xC0000201)
    client_class, slot, scope = see(steering, lookup, family, address, length, resolver)
    base = cut(family, address, length)
    for _ in range(5):
        other = cut(family, base, scope) + data.draw(st.integers(0, (1 << WIDTH[family] - scope) - 1))
        theirs = data.draw(st.integers(scope, WIDTH[family]))
        if theirs:
            assert see(steering, lookup, family, other, theirs, resolver)[:2] == (client_class, slot)


def test_a_scope_is_never_shorter_than_the_sticky_key_nor_finer_than_the_unit_of_steering():
    fine = NestedMap({ip_network("192.0.2.128/25"): JAPAN})
    assert see(SteeringMap(configuration(), TODAY), lambda family, address: (JAPAN, 8), 4, 0x85000000, 32)[2] == 16
    assert see(SteeringMap(configuration(), TODAY), fine, 4, int(ip_address("192.0.2.1")), 32)[2] == 24


def test_a_network_of_a_rule_cuts_the_scope_and_one_finer_than_the_unit_stands_for_the_unit():
    from gslb.model import Match, Rule

    rule = Rule(Match(networks=(ip_network("203.0.113.7/32"),)), "prefer", ("eu-london",))
    steering = SteeringMap(with_service(rules=(rule,), sticky_v4=8), TODAY)
    lookup = lambda family, address: (JAPAN, 8)  # noqa: E731
    inside, _, scope = see(steering, lookup, 4, int(ip_address("203.0.113.200")), 32)
    assert (inside.groups[0].kind, scope) == ("rule", 24)
    outside, _, scope = see(steering, lookup, 4, int(ip_address("203.0.112.1")), 32)
    assert (outside.groups[0].kind, scope) == ("region", 24)
    assert see(steering, lookup, 4, int(ip_address("203.128.0.0")), 32)[2] == 9


def test_both_doors_see_one_client_whatever_they_know_of_its_address():
    lookup = NestedMap({ip_network("133.11.0.0/16"): JAPAN, ip_network("133.11.7.128/25"): GERMANY})
    whole = locate(lookup, 4, int(ip_address("133.11.7.200")), 32)
    assert whole == locate(lookup, 4, int(ip_address("133.11.7.0")), 24)


def test_embedded_ipv4_counts_as_the_ipv4_client_and_its_scope_is_as_long_as_its_own_address():
    lookup = NestedMap({ip_network("133.11.0.0/16"): JAPAN})
    steering = SteeringMap(configuration(), TODAY)
    plain = see(steering, lookup, 4, int(ip_address("133.11.7.1")), 32)
    for text, offset in (("64:ff9b::133.11.7.1", 96), ("2002:850b:701::1", 16), ("2001:0:1::7af4:f8fe", 96)):
        carried = see(steering, lookup, 6, int(ip_address(text)), 128)
        assert carried[:2] == plain[:2]
        assert carried[2] == plain[2] + offset


def test_a_private_client_is_placed_by_its_resolver_and_told_the_length_of_the_block():
    lookup = NestedMap({ip_network("133.11.0.0/16"): JAPAN, ip_network("10.9.0.0/16"): GERMANY})
    tokyo: tuple[Family, int] = (4, int(ip_address("133.11.0.53")))
    steering = SteeringMap(with_service(sticky_v4=8), TODAY)
    client = locate(lookup, 4, int(ip_address("192.168.7.1")), 24, tokyo)
    assert (client.place, client.special, steering.scope(HOST, client)) == (JAPAN, 16, 16)
    assert client.network == int(ip_address("192.168.7.0"))
    overridden = locate(lookup, 4, int(ip_address("10.9.1.1")), 24, tokyo)
    assert (overridden.place, overridden.special) == (GERMANY, None)
    alone = locate(lookup, 4, int(ip_address("192.168.7.1")), 32)
    assert (alone.place.known, alone.special) == (False, None)


def test_the_neighbours_of_embedded_addresses_are_told_a_scope_that_leaves_those_out():
    lookup = NestedMap({ip_network("133.11.0.0/16"): JAPAN})
    steering = SteeringMap(configuration(), TODAY)
    for text in ("64:ff9b:0:1::", "64:ff9b::1:0:0", "::", "::1", "::1:0:0:0"):
        assert see(steering, lookup, 6, int(ip_address(text)), 128)[2] == 96


def test_loopback_of_ipv6_is_placed_by_its_resolver_too():
    lookup = NestedMap({ip_network("133.11.0.0/16"): JAPAN})
    tokyo: tuple[Family, int] = (4, int(ip_address("133.11.0.53")))
    for length in (56, 128):
        assert locate(lookup, 6, 1 if length == 128 else 0, length, tokyo).place == JAPAN


def test_a_client_that_tells_nothing_is_placed_by_its_resolver():
    lookup = NestedMap({ip_network("133.11.0.0/16"): JAPAN})
    resolver: tuple[Family, int] = (4, int(ip_address("133.11.0.53")))
    assert locate(lookup, 4, 0, 0, resolver) == locate(lookup, *resolver, 32)


def test_an_unknown_client_gets_the_scope_of_the_unknown_block():
    lookup = NestedMap({ip_network("133.0.0.0/8"): JAPAN})
    steering = SteeringMap(with_service(sticky_v4=0), TODAY)
    # 192.0.0.0/3 would do if there were no private network in it, which is placed by who asks.
    assert see(steering, lookup, 4, int(ip_address("200.1.1.1")), 32)[2] == 5
