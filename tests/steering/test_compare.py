from dataclasses import replace
from ipaddress import ip_network

import pytest

from gslb.model import Match, Place, Rule
from gslb.steering.compare import Side, compare
from tests.steering.strategies import NestedMap
from tests.steering.world import BERLIN, HOST, SERVICE, SITES, TODAY, TOKYO, configuration, with_service

JAPAN, GERMANY = Place("JP", TOKYO), Place("DE", BERLIN)
LOOKUP = NestedMap({ip_network("133.0.0.0/8"): JAPAN, ip_network("141.0.0.0/8"): GERMANY})
BLOCKS = [(4, 133 << 24, 8), (4, 141 << 24, 8)]


def moved(old, new, blocks=BLOCKS, lookups=(LOOKUP, LOOKUP)):
    return compare(Side(old, lookups[0], TODAY), Side(new, lookups[1], TODAY), blocks)


def test_nothing_moves_between_equal_configurations():
    assert moved(configuration(), configuration()).moved == {(HOST, 4): 0.0}


def test_a_site_that_goes_moves_its_share_of_its_region_and_nothing_else():
    left = configuration(site for site in SITES if site.id != "jp-tokyo-1")
    found = moved(configuration(), left)
    assert found.moved[HOST, 4] == pytest.approx(1 / 6, abs=0.02)
    assert {source for source, _ in found.moves[HOST, 4]} == {"jp-tokyo-1"}


def test_a_rule_for_one_network_moves_that_network():
    rule = Rule(Match(networks=(ip_network("141.20.0.0/16"),)), "prefer", ("jp-tokyo-1",))
    found = moved(configuration(), with_service(rules=(rule,)))
    assert found.moved[HOST, 4] == pytest.approx(1 / 512)


def test_an_override_moves_what_it_places_elsewhere():
    placed = NestedMap({ip_network("133.0.0.0/8"): JAPAN, ip_network("141.0.0.0/9"): GERMANY, ip_network("141.128.0.0/9"): JAPAN})
    found = moved(configuration(), configuration(), lookups=(LOOKUP, placed))
    assert found.moved[HOST, 4] == pytest.approx(1 / 4)


def test_ipv6_is_weighed_by_32s():
    rule = Rule(Match(networks=(ip_network("2001:200::/32"),)), "only", ("eu",))
    blocks = [(6, 0x20010200 << 96, 31)]
    found = moved(configuration(), with_service(rules=(rule,), regions=None), blocks)
    assert found.moved[HOST, 6] == pytest.approx(0.5)


def test_services_that_only_one_side_has_are_named():
    other = replace(configuration(), services=(replace(SERVICE, host="other.example"),))
    found = moved(configuration(), other)
    assert (found.moved, found.added, found.removed) == ({}, ("other.example",), (HOST,))
