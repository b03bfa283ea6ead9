"""What clients measured: bounded, forgotten in time, and read back as far as it is sound."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.state.measurements import TOKEN_KEPT_S, Latency, Measurement, Measurements, dump

SITES = frozenset({"jp-1", "us-1", "eu-1"})
NOW_S = 1_800_000_000.0
HERE, THERE = "10.1.0.0/16", "2001:db8::/40"


def report(token: object, network: str, **ms: int) -> list:
    return [str(token), network, [[site.replace("_", "-"), value] for site, value in ms.items()]]


def told(*reports: tuple[str, dict[str, int]], most: int = 100) -> Measurements:
    found = Measurements()
    found.take([report(number, network, **ms) for number, (network, ms) in enumerate(reports)], SITES, most, NOW_S)
    return found


def test_a_latency_is_known_by_network_and_site_the_last_one_first():
    found = told((HERE, {"jp_1": 12, "us_1": 120}), (THERE, {"jp_1": 250}))
    assert list(found) == [
        Measurement(THERE, "jp-1", Latency(250.0, NOW_S, 1)),
        Measurement(HERE, "jp-1", Latency(12.0, NOW_S, 1)),
        Measurement(HERE, "us-1", Latency(120.0, NOW_S, 1)),
    ]
    assert (len(found), found.networks, found.accepted) == (3, 2, 2)


def test_each_report_moves_it_by_its_share():
    found = told((HERE, {"jp_1": 10}), (HERE, {"jp_1": 20}))
    assert [each.latency for each in found] == [Latency(15.0, NOW_S, 2)]
    found = told(*[(HERE, {"jp_1": 10})] * 20, (HERE, {"jp_1": 90}))
    assert [each.latency for each in found] == [Latency(20.0, NOW_S, 21)]


def test_a_report_that_came_to_two_workers_counts_once():
    found = Measurements()
    for utc_s in (NOW_S, NOW_S + 1):
        found.take([report("a", HERE, jp_1=12)], SITES, 100, utc_s)
    assert (found.accepted, found.duplicates, len(found)) == (1, 1, 1)
    found.take([report("a", HERE, jp_1=12)], SITES, 100, NOW_S + TOKEN_KEPT_S + 2)
    assert found.accepted == 2


def test_where_there_is_no_room_the_network_that_was_silent_for_longest_goes():
    found = told((HERE, {"jp_1": 1, "us_1": 2}), (THERE, {"jp_1": 3}), (HERE, {"jp_1": 1}), ("10.2.0.0/16", {"jp_1": 4}), most=3)
    assert [each.network for each in found] == ["10.2.0.0/16", HERE, HERE]
    assert found.evicted == 1


def test_what_is_old_or_of_a_site_that_is_gone_is_forgotten():
    found = told((HERE, {"jp_1": 1, "us_1": 2}))
    found.take([report("later", THERE, jp_1=3)], SITES, 100, NOW_S + 60)
    found.forget({"jp-1"}, 100, NOW_S)
    assert [(each.network, each.site) for each in found] == [(THERE, "jp-1"), (HERE, "jp-1")]
    found.forget(SITES, 100, NOW_S + 1)
    assert [each.network for each in found] == [THERE]
    assert len(found) == 1


@pytest.mark.parametrize(
    "row",
    [
        None,
        {},
        ["a", HERE],
        ["a" * 200, HERE, [["jp-1", 1]]],
        [1, HERE, [["jp-1", 1]]],
        ["a", "10.1.0.0", [["jp-1", 1]]],
        ["a", "10.1.2.3/16", [["jp-1", 1]]],
        ["a", "nowhere", [["jp-1", 1]]],
        ["a", HERE, []],
        ["a", HERE, [["mars-1", 1]]],
        ["a", HERE, [["jp-1", 0]]],
        ["a", HERE, [["jp-1", True]]],
        ["a", HERE, [["jp-1", 60_001]]],
        ["a", HERE, [["jp-1", 1]] * 17],
        ["a", HERE, [[["jp-1"], 1]]],
    ],
)
def test_what_is_no_report_is_counted_and_left(row):
    found = Measurements()
    found.take([row, report("b", HERE, jp_1=5)], SITES, 100, NOW_S)
    assert (found.refused, len(found)) == (1, 1)


@pytest.mark.parametrize("rows", [None, {}, 7, "rows"])
def test_rows_of_another_shape_are_none(rows):
    found = Measurements()
    found.take(rows, SITES, 100, NOW_S)
    assert (len(found), found.refused) == (0, 0)


def test_all_of_it_survives_a_restart_in_its_order():
    before = told((HERE, {"jp_1": 12, "us_1": 120}), (THERE, {"jp_1": 250}), (HERE, {"jp_1": 14}))
    after = Measurements()
    after.restore(dump(before), SITES, 100)
    assert sorted(after) == sorted(before)
    assert [each.network for each in after] == [each.network for each in before]
    smaller = Measurements()
    smaller.restore(dump(before), SITES, 2)
    assert [each.network for each in smaller] == [HERE, HERE]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from([HERE, "jp-1"]), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
)
ROW = st.tuples(st.sampled_from([HERE, THERE, "x"]), st.sampled_from(["jp-1", "mars"]), JSON, JSON, JSON).map(list)


@given(
    st.one_of(st.text(), JSON.map(json.dumps), st.lists(ROW).map(lambda rows: json.dumps({"format": 1, "measurements": rows})))
)
def test_of_any_text_what_is_sound_is_read(text):
    found = Measurements()
    found.restore(text, SITES, 3)
    assert len(found) == len(list(found)) <= 3
    again = Measurements()
    again.restore(dump(found), SITES, 3)
    assert sorted(again) == sorted(found)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([HERE, THERE, "10.2.0.0/16"]),
            st.dictionaries(st.sampled_from(["jp_1", "us_1"]), st.integers(1, 60_000), min_size=1),
        )
    ),
    st.integers(1, 5),
)
def test_it_never_holds_more_than_the_bound(reports, most):
    found = told(*reports, most=most)
    assert len(found) == len(list(found)) <= most
    assert all(1 <= each.latency.ms <= 60_000 for each in found)
