"""The audit log on the disk."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.model import Act
from gslb.state import Store
from gslb.state.acts import DOCUMENT_MOST, ActTable, document
from tests.state.scene import START


@pytest.fixture
def store(tmp_path: Path):
    store = Store(tmp_path / "state.db", START)
    yield store
    store.close()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    """One file for all examples."""
    store = Store(tmp_path_factory.mktemp("acts") / "state.db", START)
    yield ActTable(store)
    store.close()


def act(number: int, **changed) -> Act:
    plain = Act(number, START, "ops", "operator", "token", "drain", "jp-7", "disks", {}, {"reason": "disks", "until": None})
    return replace(plain, **changed)


def test_acts_come_back_as_they_were_the_newest_first(store, tmp_path):
    ActTable(store).add([act(1), act(2, action="enable", before={"reason": "disks"}, after={})], 10)
    again = Store(tmp_path / "state.db", START)
    assert ActTable(again).latest(10) == (act(2, action="enable", before={"reason": "disks"}, after={}), act(1))
    again.close()


def test_the_oldest_beyond_the_bound_go(store):
    table = ActTable(store)
    for number in range(1, 8):
        table.add([act(number)], 3)
    assert [each.number for each in table.latest(10)] == [7, 6, 5]
    assert (table.find(5), table.find(4), table.find(99)) == (act(5), None, None)


def test_a_number_out_of_a_broken_file_takes_no_others_with_it(store):
    ActTable(store).add([act(number) for number in (1, 2, 2**60)], 10)
    assert [each.number for each in ActTable(store).latest(10)] == [2, 1]


def test_pages_and_choices(store):
    table = ActTable(store)
    table.add([act(1), act(2, who="eve"), act(3, subject="us-1"), act(4, action="enable"), act(5)], 10)
    assert [each.number for each in table.latest(2)] == [5, 4]
    assert [each.number for each in table.latest(2, before=4)] == [3, 2]
    assert [each.number for each in table.latest(9, who={"ops"}, action={"drain"}, subject={"jp-7"})] == [5, 1]
    assert table.latest(9, who={"' OR 1=1 --"}) == ()


def test_what_was_taken_back_says_by_what(store):
    table = ActTable(store)
    table.add([act(1)], 10)
    table.add([act(2, action="undo", undoes=1)], 10)
    assert table.find(1) == act(1, undone_by=2)


def test_a_line_that_is_none_is_left_out(store):
    table = ActTable(store)
    table.add([act(1), act(2), act(3)], 10)
    with store.transaction() as connection:
        connection.execute("UPDATE acts SET before = '[' WHERE number = 1")
        connection.execute("UPDATE acts SET at = 'yesterday' WHERE number = 3")
    assert table.latest(10) == (act(2),)


def test_what_is_too_long_or_no_json_is_told_and_not_kept():
    assert document({"a": "x" * DOCUMENT_MOST})["omitted"]
    assert document({"a": float("nan")})["omitted"]
    assert document({"at": START}) == {"at": str(START)}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(found=st.dictionaries(st.text(), json_values), words=st.tuples(*[st.text()] * 6))
@settings(max_examples=20)  # each is on the disk when it returns
def test_whatever_is_recorded_can_be_kept_and_shown(lasting, found, words):
    who, role, by, action, subject, why = words
    lasting.add([Act(1, START, who, role, by, action, subject, why, found, {})], 10)
    (kept,) = lasting.latest(1)
    json.dumps(kept.before, allow_nan=False).encode()
