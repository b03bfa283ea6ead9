"""Events: to the log, to the store, to who watches; and a store that fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from gslb.errors import StoreError
from gslb.model import Event, Severity
from gslb.runtime import journal as module
from gslb.runtime.journal import Journal
from gslb.state.store import Store

pytestmark = pytest.mark.anyio
UTC_NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "state.db", UTC_NOW)
    yield store
    store.close()


async def test_an_event_goes_to_the_log_the_watchers_and_the_store(store):
    journal = Journal(store)
    seen: list[Event] = []
    journal.add_listener(seen.append)
    with capture_logs() as logged:
        event = journal.tell("reload", Severity.WARNING, "gslb.yaml", "read again", "ops", {"level": "x"})
    assert logged == [
        {
            "event": "read again",
            "kind": "reload",
            "subject": "gslb.yaml",
            "who": "ops",
            "about_level": "x",
            "log_level": "warning",
        }
    ]
    assert seen == list(journal.recent) == [event]
    await journal.write()
    assert store.events(10) == (event,)


async def test_numbers_and_events_go_on_after_a_restart(store):
    first = Journal(store)
    event = first.tell("a", Severity.INFO, "x", "m")
    await first.write()
    second = Journal(store)
    assert list(second.recent) == [event]
    assert second.tell("b", Severity.INFO, "x", "m").number == event.number + 1


async def test_what_a_failing_store_did_not_take_is_written_when_it_works_again(tmp_path, store):
    journal = Journal(store)
    store.close()
    journal.tell("a", Severity.INFO, "x", "m")
    with capture_logs() as logged:
        for _ in range(3):
            await journal.write()
    assert [line["kind"] for line in logged] == ["store-failed"]
    assert journal.store_failures == 3
    assert bool(journal.store_failing)
    journal._store = Store(tmp_path / "state.db", UTC_NOW)
    await journal.write()
    await journal.write()
    assert [event.kind for event in journal._store.events(10)] == ["store-works", "store-failed", "a"]
    journal._store.close()
    assert not bool(journal.store_failing)


async def test_without_a_store_events_are_seen_and_forgotten(monkeypatch):
    monkeypatch.setattr(module, "RECENT", 3)
    journal = Journal(None)
    for number in range(5):
        journal.tell("a", Severity.INFO, "x", str(number))
    await journal.write()
    assert [event.message for event in journal.recent] == ["2", "3", "4"]
    assert journal.store_failing


async def test_a_store_that_can_not_be_read_starts_an_empty_journal(store):
    store.close()
    with capture_logs() as logged:
        journal = Journal(store)
    assert list(journal.recent) == []
    assert logged[0]["kind"] == "store-failed"


def test_a_failure_is_one_line():
    journal = Journal(None)
    journal.store_failing = False
    with capture_logs() as logged:
        journal.store_failed(StoreError("state.db: disk is full"))
    assert (
        logged[0]["event"] == "the state can't be kept, a restart would forget what happens from now on: state.db: disk is full"
    )
