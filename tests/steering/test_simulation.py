"""What if: the engine of `gslb simulate` and of the What-if view."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.model import FINEST_PREFIX, Match, Place, Request, Reweight, Rule, Steer, View
from gslb.steering import decide, locate
from gslb.steering.simulation import (
    NOBODY,
    Crowd,
    Gathering,
    Off,
    Out,
    Question,
    Side,
    document,
    found,
    numbers_of,
    sentence,
    settled,
    tally,
    together,
    tried,
    under,
)
from gslb.steering.simulation.outcome import spread
from gslb.steering.simulation.picture import svg
from tests.steering import strategies
from tests.steering.world import (
    BERLIN,
    HONOLULU,
    HOST,
    PROBES,
    SITES,
    TODAY,
    TOKYO,
    configuration,
    down,
    drained,
    world,
)

PLACES = {
    "133.0.0.0/8": Place("JP", TOKYO, 2500),
    "141.0.0.0/8": Place("DE", BERLIN, 680),
    "72.0.0.0/8": Place("US", HONOLULU, 7018),
}
NETWORKS = [ip_network(text) for text in PLACES]


def lookup(family, address):
    for network, place in zip(NETWORKS, PLACES.values(), strict=True):
        if family == 4 and address >> 24 == int(network.network_address) >> 24:
            return place, 8
    return Place(), 8


def crowd(weights=(1.0, 1.0, 1.0), each=200) -> Crowd:
    """Neighbours in /16s of their own: as many in Japan, Germany and Hawaii."""
    members: list = [
        (4, int(network.network_address) + (number << 16), 24, weight)
        for network, weight in zip(NETWORKS, weights, strict=True)
        for number in range(each)
    ]
    return Crowd.of("networks", "made up", members)


def asked(before, *trials, load=None, who=None, view=View.DNS4, after=None):
    before = settled(before)
    return found(
        Question(before, tried(after or before, trials), HOST, view, who, load_mbit_s=load), who or crowd(), lookup, lookup
    )


def shares(told, side="after"):
    return {row.site: getattr(row, side).share for row in told.sites if getattr(row, side).share}


@settings(max_examples=70)
@given(st.data())
def test_the_simulated_site_of_a_client_is_the_first_that_decide_gives(data):
    made = data.draw(strategies.configurations())
    now = settled(data.draw(strategies.worlds(made)))
    places = data.draw(strategies.maps)
    members = [(one.family, one.network) for one in data.draw(st.lists(strategies.clients(made), min_size=1, max_size=6))]
    for view in View:
        side = Side(now, places, HOST, view, numbers_of(now, now))
        names = [*numbers_of(now, now), None]
        for family, address in members:
            length = FINEST_PREFIX[family]
            client = locate(places, family, address, length)
            decision = decide(now, client, Request(HOST, view))
            told = decision.choices[0].site if decision.choices else None
            assert names[side.find(family, address, length).site] == told


@settings(max_examples=40)
@given(st.data())
def test_before_and_after_are_what_decide_gives_of_either(data):
    made = data.draw(strategies.configurations())
    now = settled(data.draw(strategies.worlds(made)))
    places = data.draw(strategies.maps)
    site = data.draw(st.sampled_from(made.sites)).id
    rule = data.draw(strategies.rules(tuple(one.id for one in made.sites)))
    trials = data.draw(st.lists(st.sampled_from([Off(site), Out(site), Reweight(site, 0), Reweight(site, 7), Steer(HOST, rule)])))
    then = tried(now, trials)
    members = [
        (one.family, one.network, 24 if one.family == 4 else 56, 1.0)
        for one in data.draw(st.lists(strategies.clients(made), max_size=5))
    ]
    numbers = numbers_of(now, then)
    names = [*numbers, None]
    counted = tally(
        Side(now, places, HOST, View.HTTP4, numbers), Side(then, places, HOST, View.HTTP4, numbers), Crowd.of("x", "x", members)
    )
    expected: dict = {}
    for family, address, length, weight in members:
        client = locate(places, family, address, length)
        pair = tuple(
            decision.choices[0].site if (decision := decide(side, client, Request(HOST, View.HTTP4))).choices else None
            for side in (now, then)
        )
        expected[pair] = expected.get(pair, 0.0) + weight
    got: dict = {}
    for kind, weight in counted.weights.items():
        pair = (names[kind.before], names[kind.after])
        got[pair] = got.get(pair, 0.0) + weight
    assert got == expected


def test_everybody_goes_to_the_own_region_and_a_site_off_moves_its_own_clients_alone():
    told = asked(world(), Off("jp-tokyo-1"))
    before, after = shares(told, "before"), shares(told)
    japan = [name for name in before if name.startswith("jp-")]
    assert sum(before[name] for name in japan) == pytest.approx(1 / 3)
    assert "jp-tokyo-1" in before
    assert "jp-tokyo-1" not in after
    assert told.moved == pytest.approx(before["jp-tokyo-1"])
    assert {move.source for move in told.moves} == {"jp-tokyo-1"}
    assert sum(move.share for move in told.moves) == pytest.approx(told.moved)
    assert told.none == (0.0, 0.0)
    assert [row.region for row in told.regions] == ["us", "eu", "jp"]
    assert all(row.before == pytest.approx(row.after) for row in told.regions), "half of Japan's capacity is not gone"


def test_a_drain_moves_whom_a_site_off_moves():
    off, out = asked(world(), Off("eu-frankfurt")), asked(world(), Out("eu-frankfurt"))
    assert off.moves == out.moves
    assert off.moved > 0


def test_weights_say_how_many_clients_a_network_stands_for():
    told = asked(world(), who=crowd((2.0, 1.0, 1.0)))
    assert {row.region: round(row.before, 6) for row in told.regions} == {"us": 0.25, "eu": 0.25, "jp": 0.5}


def test_a_region_that_is_short_spills_and_the_load_says_who_is_overloaded():
    sites = [replace(site, capacity=100 if site.region == "jp" else 1000) for site in SITES]
    japan = [site.id for site in sites if site.region == "jp"]
    five = [Off(name) for name in japan[:5]]
    told = asked(world(configuration(sites)), *five, load=900)
    rows = {row.site: row for row in told.sites}
    regions = {row.region: row for row in told.regions}
    # 2 of 7 are up: the region keeps 2 x 2/7 of its slots, the rest goes to the US.
    assert regions["jp"].after == pytest.approx(1 / 3 * 4 / 7, abs=0.03)
    assert regions["us"].after == pytest.approx(1 / 3 + 1 / 3 * 3 / 7, abs=0.03)
    for name in japan[5:]:
        side = rows[name].after
        assert side.load == pytest.approx(side.share * 900 / 100)
        assert side.overloaded == (side.share * 900 > 100)
    fits = told.total[1].fits_mbit_s
    assert fits == pytest.approx(min(row.capacity / row.after.share for row in told.sites if row.after.share))
    assert not any(row.after.overloaded for row in asked(world(configuration(sites)), *five, load=fits * 0.999).sites)
    assert any(row.after.overloaded for row in asked(world(configuration(sites)), *five, load=fits * 1.001).sites)


def test_without_a_load_nobody_is_overloaded_and_no_load_is_told():
    told = asked(world(configuration([replace(site, capacity=1) for site in SITES])))
    assert {row.before.load for row in told.sites} == {None}
    assert not any(row.before.overloaded for row in told.sites)


def test_what_is_down_already_is_down_before_and_after():
    told = asked(down(world(), "eu-frankfurt"), Off("eu-london"))
    assert "eu-frankfurt" not in shares(told, "before")
    assert shares(told, "before")["eu-stockholm"] > 0.1
    # One of three is left, and keeps two thirds of the region's slots.
    assert shares(told)["eu-stockholm"] == pytest.approx(2 / 9, abs=0.03)


def test_a_node_that_starts_is_simulated_as_if_it_knew():
    told = asked(replace(world(), ready=False), Off("jp-tokyo-1"))
    assert "jp-tokyo-1" not in shares(told)


def test_all_sites_off_fails_open_and_a_closed_service_has_none():
    everybody = [Off(site.id) for site in SITES]
    told = asked(world(), *everybody)
    assert told.none == (0.0, 0.0)
    closed = configuration()
    closed = replace(closed, services=(replace(closed.services[0], when_all_down="closed"),))
    told = asked(world(closed), *everybody)
    assert told.none == (0.0, 1.0)
    assert [move.target for move in told.moves] == [None] * len(told.moves)
    assert "100% of the clients have no site, all had one." in sentence(told, everybody)


def test_a_rule_moves_whom_it_names():
    rule = Rule(Match(asns=(2500,)), "prefer", ("eu-london",), TODAY)
    told = asked(world(), Steer(HOST, rule))
    assert told.moved == pytest.approx(1 / 3)
    assert shares(told)["eu-london"] == pytest.approx(1 / 3)
    over = replace(rule, until=TODAY.replace(year=2020))
    assert asked(world(), Steer(HOST, over)).moved == 0


def test_another_weight_moves_clients_of_its_equals_alone():
    told = asked(world(), Reweight("jp-tsukuba", 300))
    assert {move.target for move in told.moves} == {"jp-tsukuba"}
    assert shares(told)["jp-tsukuba"] > shares(told, "before")["jp-tsukuba"]


def test_another_configuration_counts_its_new_sites_as_well():
    tsukuba = next(site for site in SITES if site.id == "jp-tsukuba")
    second = configuration([site for site in SITES if site is not tsukuba])
    before, after = settled(world(second)), under(settled(world(second)), configuration())
    told = found(Question(before, after, HOST, View.DNS4), crowd(), lookup, lookup)
    assert tsukuba.id not in shares(told, "before")
    assert shares(told)[tsukuba.id] > 0
    gone = found(Question(after, under(after, second), HOST, View.DNS4), crowd(), lookup, lookup)
    assert {move.source for move in gone.moves} == {tsukuba.id}
    assert {row.site for row in gone.sites} == {site.id for site in SITES}


def test_distances_are_of_clients_and_latencies_of_those_near_a_vantage():
    near = world(configuration(probes=replace(PROBES, location=TOKYO)), vantages={"tokyo": TOKYO})
    near = replace(near, latency_ms={("tokyo", site.id): 5.0 + number for number, site in enumerate(SITES)})
    told = asked(near, Off("jp-tokyo-1"))
    rows = {row.site: row for row in told.sites}
    assert rows["eu-frankfurt"].before.latency_ms is None
    assert rows["jp-tokyo-1"].before.latency_ms.p50 == 5.0 + [site.id for site in SITES].index("jp-tokyo-1")
    assert rows["jp-tokyo-1"].after.distance_km is None
    assert told.total[1].latency_ms.p50 >= told.total[0].latency_ms.p50
    assert rows["us-fremont"].before.distance_km.p50 == pytest.approx(3800, abs=200)


def test_percentiles_are_by_weight():
    assert spread({}) is None
    assert spread({5.0: 1.0}) == (5.0, 5.0, 5.0)
    assert spread({1.0: 50.0, 2.0: 45.0, 3.0: 4.0, 9.0: 1.0}) == (1.0, 2.0, 3.0)
    assert spread({1.0: 1.0, 100.0: 0.02}) == (1.0, 1.0, 100.0)


@given(st.dictionaries(st.floats(0, 20000), st.floats(0.001, 1e6), min_size=1, max_size=50))
def test_percentiles_rise_and_are_values_that_there_are(values):
    told = spread(values)
    assert told
    assert list(told) == sorted(told)
    assert set(told) <= set(values)
    total = sum(values.values())
    assert sum(weight for value, weight in values.items() if value <= told.p50) >= total * 0.5 * (1 - 1e-9)
    assert sum(weight for value, weight in values.items() if value < told.p95) <= total * 0.95 * (1 + 1e-9)


def test_parts_of_a_crowd_are_all_of_it():
    now = settled(world())
    then = tried(now, [Off("eu-london")])
    numbers = numbers_of(now, then)
    before, after = (Side(each, lookup, HOST, View.DNS4, numbers) for each in (now, then))
    whole = tally(before, after, crowd())
    parts = together(tally(before, after, part) for part in crowd().parts(7))
    assert parts.weights == pytest.approx(whole.weights)
    assert (parts.clients, parts.decisions) == (whole.clients, whole.decisions) == (600, 1200)


def test_a_gathering_keeps_units_of_steering_counts_twice_and_has_an_end():
    gathering = Gathering(3)
    for text in ("133.11.0.1/32", "133.11.0.77", "64:ff9b::850b:1", "2001:200::1"):
        gathering.add(ip_network(text))
    gathering.add(ip_network("0.0.0.0/0"), 2.5)
    gathering.add(ip_network("9.9.9.9"), 7.0)
    assert gathering.left_out == 1
    assert list(gathering.crowd("networks", "made up")) == [
        (4, 0x850B0000, 24, 3.0),
        (6, 0x20010200 << 96, 56, 1.0),
        (4, 0, 0, 2.5),
    ]


def test_the_document_is_of_json_and_the_sentence_of_words():
    told = asked(drained(world(), "us-chicago"), Off("eu-frankfurt"), Out("eu-london"), load=100)
    made = document(told, "networks", "made up", sentence(told, [Off("eu-frankfurt"), Out("eu-london")]), 0.25)
    assert made["sentence"].startswith("Without eu-frankfurt, with eu-london drained, ")
    assert made["sentence"].endswith(" km.")
    assert made["population"] == {"kind": "networks", "clients": 600, "source": "made up"}
    assert sum(row["after"]["share"] for row in made["sites"]) + made["none"]["after"] == pytest.approx(1, abs=1e-4)
    assert made["moves"][0].keys() == {"from", "to", "share"}
    assert sentence(asked(world()), []) == "Nothing is changed."


def test_nobody_is_no_number_of_a_site():
    assert NOBODY not in numbers_of(world(), world()).values()


@cache
def one_off():
    return asked(world(), Off("jp-tokyo-1"), load=100)


@given(st.text(max_size=40), st.text(max_size=90))
def test_a_picture_is_sound_whatever_sites_and_sentences_are_made_of(name, said):
    made = document(one_off(), "networks", name, said, 0.0)
    made["sites"][0] |= {"site": name, "region": name}
    root = ElementTree.fromstring(svg(made))
    assert root.tag.endswith("svg")
    assert all(float(each.get("width", 0)) >= 0 for each in root.iter() if each.tag.endswith("rect"))
