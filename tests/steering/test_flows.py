"""Flows: an answer is counted by a number, and nothing that was counted is lost or told twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Client, Family, Place, Request, View
from gslb.steering import ClientClass, Located, Locator, Memo, SteeringMap, compile_table, decide, locate
from gslb.steering import intended as intending
from gslb.steering.flows import BEYOND, UNSTEERED, Flow, FlowCounts
from gslb.steering.intended import intended
from tests.redirect.doors import lookup
from tests.steering import world as worlds


def located(region: str | None, country: str | None) -> Located:
    return Located(None, ClientClass((), home=region), 0, 0, Client(4, 0, 24, Place(country), 24))


def test_an_answer_is_counted_by_its_number_and_told_once():
    flows = FlowCounts()
    number = flows.number("a.example", located("jp", "JP"), "dns", "tokyo")
    assert number == flows.number("a.example", located("jp", "JP"), "dns", "tokyo") not in (UNSTEERED, BEYOND)
    flows.counts[number] += 2
    flows.counts[UNSTEERED] += 5
    flows.add("a.example", located(None, None), "http", "")
    assert dict(flows.taken()) == {("a.example", "jp", "JP", "dns", "tokyo"): 2, ("a.example", "", "", "http", ""): 1}
    assert flows.taken() == []


def test_when_half_of_the_room_is_taken_countries_are_counted_together_and_then_nothing_is_counted_apart():
    flows = FlowCounts(8)
    for number in range(10):
        flows.add("a.example", located("eu", f"E{number}"), "dns", "berlin")
    assert dict(flows.taken()) == {
        **{("a.example", "eu", f"E{number}", "dns", "berlin"): 1 for number in range(4)},
        ("a.example", "eu", "", "dns", "berlin"): 6,
    }
    for number in range(10):
        flows.add("a.example", located(None, None), "dns", f"site-{number}")
    assert (len(flows), flows.beyond) == (8, 0)
    assert len(flows.taken()) == 3
    assert flows.beyond == 7


def test_what_was_counted_is_not_lost_when_the_numbers_are_forgotten():
    flows = FlowCounts(8)
    counts = flows.counts
    for number in range(6):
        flows.add("a.example", located("eu", None), "dns", f"site-{number}")
    flows.tidy()
    assert (len(flows), flows.counts) == (0, [0, 0])
    assert flows.counts is counts
    flows.add("a.example", located("eu", None), "dns", "site-0")
    assert dict(flows.taken())["a.example", "eu", "", "dns", "site-0"] == 2


_ACTS = st.lists(
    st.tuples(st.sampled_from(("add", "take", "tidy", "forget")), st.integers(0, 5), st.integers(0, 3), st.integers(0, 5)),
    max_size=60,
)


@given(_ACTS, st.integers(1, 20))
def test_every_answer_is_told_once_or_counted_as_beyond(acts, most):
    flows = FlowCounts(most)
    told: Counter[Flow] = Counter()
    added: Counter[tuple[str, str]] = Counter()
    for act, region, country, site in acts:
        if act == "add":
            flows.add("a.example", located(f"r{region}", f"C{country}"), "dns", f"s{site}")
            added[f"r{region}", f"s{site}"] += 1
        elif act == "take":
            told.update(dict(flows.taken()))
        else:
            getattr(flows, act)()
        assert len(flows) <= most
    told.update(dict(flows.taken()))
    assert told.total() + flows.beyond == added.total()
    by_site: Counter[tuple[str, str]] = Counter()
    for (_, region, _, _, site), count in told.items():
        by_site[region, site] += count
    assert all(count <= added[key] for key, count in by_site.items())


def test_what_the_map_intends_is_what_decide_says_with_and_without_the_table():
    """The weights are those of the clients whose first choice a site is."""
    world = worlds.world()
    steering = SteeringMap(world.configuration, date(2026, 11, 23))
    networks: list[tuple[Family, int, int]] = [
        (4, 0x850B0000, 16), (4, 0x12000000, 16), (4, 0x8D140000, 16), (4, 0x7F000000, 16), (6, 0x20010200 << 96, 40),
    ]  # fmt: skip
    population = [
        ((worlds.HOST, view, family, network, length), float(weight + 1))
        for weight, (family, network, length) in enumerate(networks)
        for view in (View.DNS4, View.HTTP4)
    ]
    wanted: defaultdict[tuple[str, str], float] = defaultdict(float)
    numbers: dict[tuple[str, ClientClass], int] = {}
    for (host, view, family, network, length), weight in population:
        client = locate(lookup, family, network, length)
        choices = decide(world, client, Request(host, view)).choices
        wanted[host, choices[0].site if choices else ""] += weight
        if family == 4:
            numbers.setdefault((host, steering.classify(host, client)), len(numbers))
    table = compile_table(world, list(numbers), Memo())
    locator = Locator(lookup, steering, numbers, 100)
    gone: list[tuple[intending.Client, float]] = [(("gone.example", View.DNS4, 4, 0, 16), 99.0)]
    assert intended(world, table, locator, population + gone) == dict(wanted)
