"""Orders in the state file: what was kept is there again, row by row; what can't be read is left out and told."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import StoreError
from gslb.model import Maintenance, MaintenanceState, Match, Override, Reweight, Rule, Steer
from gslb.state import Store
from gslb.state.orderstore import OrderTable, maintenance_from, maintenance_to, override_from, override_to
from tests.fuzz import fuzz_orders

CORPUS = Path(fuzz_orders.__file__).with_name("corpus") / "orders"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RULE = Rule(Match((ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")), (2500,), ("JP",)), "only", ("jp",), date(2027, 1, 1))
OVERRIDES = (
    Override("w-1", Reweight("jp-7", 0), "too much", "ops", NOW, NOW + timedelta(hours=1)),
    Override("r-1", Steer("knoppix.example", RULE), "slow for them", "ops", NOW),
)
PLANS = (Maintenance("m-1", "jp-7", NOW, NOW + timedelta(hours=1), "disks", "ops", "osaka", MaintenanceState.RUNNING),)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50)
TIMES = st.datetimes(timezones=st.just(UTC))
WEIGHTS = st.builds(Reweight, TEXTS, st.integers(0, 10_000))
NETWORKS = st.ip_addresses().map(ip_network)
MATCHES = st.builds(Match, st.lists(NETWORKS, min_size=1, max_size=3).map(tuple), st.lists(st.integers(1, 99)).map(tuple))
RULES = st.builds(
    Rule, MATCHES, st.sampled_from(["prefer", "only", "never"]), st.lists(TEXTS, min_size=1).map(tuple), st.none() | st.dates()
)
ANY_OVERRIDE = st.builds(Override, TEXTS, WEIGHTS | st.builds(Steer, TEXTS, RULES), TEXTS, TEXTS, TIMES, st.none() | TIMES)


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.db", NOW)
    yield opened
    opened.close()


def test_what_was_kept_is_there_in_its_order(store):
    OrderTable(store).keep(OVERRIDES, PLANS)
    assert OrderTable(store).load() == (OVERRIDES, PLANS, [])
    OrderTable(store).keep(OVERRIDES[::-1], PLANS)
    assert OrderTable(store).load() == (OVERRIDES[::-1], PLANS, [])


def test_what_is_gone_is_gone_from_the_file(store):
    table = OrderTable(store)
    table.load()
    table.keep(OVERRIDES, PLANS)
    table.keep(OVERRIDES[1:], ())
    assert OrderTable(store).load() == (OVERRIDES[1:], (), [])


def test_a_table_that_is_opened_later_takes_out_what_is_not_there_any_more(store):
    OrderTable(store).keep(OVERRIDES, PLANS)
    later = OrderTable(store)
    later.load()
    later.keep((), ())
    assert OrderTable(store).load() == ((), (), [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"made": 1}',
        '{"weight": {"site": "a", "weight": -1}, "made": {}}',
        "[" * 100_000,
        '{"rule": {}, "made": {}}',
    ],
    ids=["empty", "list", "nothing", "half", "negative", "deep", "hollow"],
)
def test_a_row_that_can_not_be_read_is_left_out_and_told(store, tmp_path, text):
    OrderTable(store).keep(OVERRIDES, PLANS)
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("INSERT INTO overrides VALUES ('bad', ?)", (text,))
        connection.execute("INSERT INTO maintenance VALUES ('bad', ?)", (text,))
    connection.close()
    overrides, plans, faults = OrderTable(store).load()
    assert (overrides, plans) == (OVERRIDES, PLANS)
    assert [fault.partition(":")[0] for fault in faults] == ["overrides 'bad'", "maintenance 'bad'"]


def test_maintenance_that_ends_before_it_begins_is_none():
    document = json.loads(maintenance_to(PLANS[0])) | {"end": NOW.isoformat()}
    with pytest.raises(ValueError, match="before it begins"):
        maintenance_from(json.dumps(document))


def test_a_store_that_fails_says_so_and_is_tried_again(store):
    table = OrderTable(store)
    store.close()
    with pytest.raises(StoreError):
        table.keep(OVERRIDES, PLANS)
    with pytest.raises(StoreError):  # not taken for written
        table.keep(OVERRIDES, PLANS)


def test_hostile_words_are_cut_and_come_back(store):
    made = Override("w-1", Reweight("jp-7", 1), "\x00\ud800'; DROP TABLE overrides; --" + "x" * 9999, "\u202e", NOW)
    OrderTable(store).keep((made,), ())
    (found,), _, faults = OrderTable(store).load()
    assert faults == []
    assert found.reason.startswith("?'; DROP TABLE overrides")
    assert len(found.reason) < 5000


@given(ANY_OVERRIDE, st.integers(0, 1000))
def test_every_override_comes_back_as_it_was(override, place):
    assert override_from(override_to(override, place)) == (place, override)


@given(st.text())
def test_no_text_raises_anything_but_what_is_caught(text):
    fuzz_orders.one_input(text.encode("utf-8", "replace"))


@pytest.mark.parametrize("file", sorted(CORPUS.iterdir()), ids=lambda file: file.name)
def test_the_corpus_is_read_or_refused(file):
    fuzz_orders.one_input(file.read_bytes())
