"""The window of flows: who was sent where lately, and a sample of who asked, whatever a worker may say."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import View
from gslb.state.flows import STEPS, Flow, FlowWindow, Recent, Seen
from tests.fuzz import fuzz_flows
from tests.state.scene import configuration, site

CONFIGURATION = configuration((site(1, "us"), site(2, "eu")))
HOST = CONFIGURATION.services[0].host
FLOW = Flow(HOST, "us", "US", "dns", "us-1")
ROW = [*FLOW, 10]


def sample(client: str, asked: str = "A", service: str = HOST) -> list[Any]:
    network = ip_network(client)
    return [service, asked, network.version, int(network.network_address), network.prefixlen]


@pytest.fixture
def window() -> FlowWindow:
    return FlowWindow(100, 6000, 1000.0)


def test_answers_of_the_window_are_told_a_second_and_older_ones_are_not(window):
    window.take({"flows": [ROW]}, CONFIGURATION, 1000.0)
    window.take({"flows": [ROW, [HOST, "eu", "", "http", "", 2]]}, CONFIGURATION, 1058.0)
    seen = window.seen(1059.0, 10.0)
    assert (seen.total, dict(seen.counts)) == (12, {FLOW: 10, Flow(HOST, "eu", "", "http", ""): 2})
    assert 5.0 <= seen.window_s <= 10.0
    assert window.seen(1059.0, 60.0).total == 22
    assert window.seen(1060.0, 60.0, "other.example").total == 0
    assert window.seen(1500.0, 300.0).total == 0


def test_after_a_start_no_more_time_counts_than_there_was(window):
    window.take({"flows": [ROW]}, CONFIGURATION, 1003.0)
    assert window.seen(1004.0, 60.0).window_s == 4.0


def test_a_sampled_network_stands_for_the_answers_of_its_door_in_its_tally(window):
    both = [ROW, [HOST, "eu", "", "http", "eu-2", 2]]
    window.take({"flows": both, "asked": [sample("192.0.0.0/16"), sample("198.51.0.0/16", "http")]}, CONFIGURATION, 1000.0)
    window.take({"flows": [ROW], "asked": [sample("192.0.0.0/16"), sample("2001:db8::/40", "AAAA")]}, CONFIGURATION, 1010.0)
    assert set(window.recent(1011.0)) == {
        Recent(4, int(ip_network("192.0.0.0/16").network_address), 16, 15.0),
        Recent(4, int(ip_network("198.51.0.0/16").network_address), 16, 2.0),
        Recent(6, int(ip_network("2001:db8::/40").network_address), 40, 5.0),
    }
    views = {seen.view for seen in window.population(1011.0)}
    assert views == {View.DNS4, View.HTTP4, View.DNS6}
    assert window.recent(1011.0, "other.example") == ()
    assert window.recent(1500.0) == ()


@pytest.mark.parametrize(
    "row",
    [
        None, "x", [], ROW[:5], [*ROW, 1], [HOST, "us", "US", "dns", "us-1", -1], [HOST, "us", "US", "dns", "us-1", True],
        [HOST, "us", "US", "dns", "us-1", 1.5], [HOST, "us", "US", "dns", "us-1", 1 << 60], ["other", *ROW[1:]],
        [HOST, "mars", *ROW[2:]], [HOST, "us", "USA", *ROW[3:]], [HOST, "us", "ÜÜ", *ROW[3:]],
        [HOST, "us", "US", "smtp", "us-1", 1],
        [HOST, "us", "US", "dns", "nowhere", 1], [[HOST], *ROW[1:]],
    ],
)  # fmt: skip
def test_a_row_that_names_what_there_is_not_is_refused_and_the_others_are_taken(window, row):
    window.take({"flows": [row, ROW]}, CONFIGURATION, 1000.0)
    assert (window.seen(1001.0, 60.0).total, window.refused) == (10, 1)


@pytest.mark.parametrize("span", [-1, 31.0, "1", None, float("nan"), True])
def test_what_was_counted_over_a_long_time_is_not_of_now(window, span):
    window.take({"flows": [ROW], "span_s": span}, CONFIGURATION, 1000.0)
    assert (window.seen(1001.0, 60.0).total, window.refused) == (0, 1)


def test_no_more_flows_and_networks_are_kept_than_there_is_room_for():
    window = FlowWindow(3, 2 * STEPS, 0.0)
    rows = [[HOST, "us", f"{letter}A", "dns", "us-1", 1] for letter in "ABCDE"]
    samples = [sample(f"10.{number}.0.0/16") for number in range(9)]
    for step in range(2 * STEPS):
        window.take({"flows": rows, "asked": samples}, CONFIGURATION, 5.0 * step)
    assert window.seen(10.0 * STEPS - 1, 300.0).total == 3 * STEPS
    assert len(window) == 2 * STEPS
    assert window.refused == 2 * 2 * STEPS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from((HOST, "us-1", "dns", "A")),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(("flows", "span_s", "asked")), _JSON))
def test_whatever_a_worker_says_is_taken_or_left(told):
    fuzz_flows.taken(told)


@given(st.binary(max_size=200))
def test_octets_of_a_tally_are_taken_or_left(data):
    fuzz_flows.one_input(data)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 5), st.sampled_from(("us-1", "eu-2"))), max_size=40))
def test_a_window_tells_what_a_naive_list_tells(told):
    """Of whole steps of five seconds."""
    told = sorted(told)
    window, now = FlowWindow(100, 6000, 0.0), told[-1][0] if told else 0
    for at, count, name in told:
        window.take({"flows": [[HOST, "", "", "dns", name, count]]}, CONFIGURATION, float(at))
    for length in (5, 60, 300):
        recent = [count for at, count, _ in told if at // 5 > now // 5 - length // 5]
        assert window.seen(float(now), length).total == sum(recent)
    assert window.totals.total() == sum(count for _, count, _ in told)


GOOD = sample("192.0.2.0/24")


@pytest.mark.parametrize(
    "row",
    [
        None, {}, GOOD[:4], [*GOOD, 1], [[HOST], *GOOD[1:]], ["other", *GOOD[1:]], [HOST, ["A"], *GOOD[2:]],
        [*GOOD[:2], 5, *GOOD[3:]],
        [*GOOD[:3], -1, 24], [*GOOD[:3], 1 << 32, 24], [*GOOD[:4], 33], [*GOOD[:4], -1], [*GOOD[:4], True], [*GOOD[:3], 1.5, 24],
    ],
)  # fmt: skip
def test_a_sample_of_no_sense_is_left(window, row):
    window.take({"flows": [ROW], "asked": [row]}, CONFIGURATION, 1000.0)
    assert window.recent(1000.0) == ()


def test_who_asked_is_told_with_what_was_asked_for(window):
    window.take({"flows": [ROW], "asked": [sample("192.0.0.0/16", "TXT"), sample("192.0.0.0/16")]}, CONFIGURATION, 1000.0)
    assert window.population(1000.0) == {Seen(HOST, View.DNS4, 4, 192 << 24, 16): 10.0}
