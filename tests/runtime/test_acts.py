"""The audit log and the tokens of a node: over restarts, and while the disk fails."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gslb.admin.principal import Principal
from gslb.errors import ConflictError
from gslb.model import Act
from gslb.runtime.acts import RECENT, Acts
from gslb.runtime.journal import Journal
from gslb.runtime.tokens import Tokens
from gslb.state.acts import ActTable
from gslb.state.store import Store

OPS = Principal("ops", "operator", "token")
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class House:
    """What control has of it, on one state file."""

    def __init__(self, path: Path, kept: int = 5000) -> None:
        self.utc = START
        self.store = Store(path / "state.db", START)
        self.journal = Journal(self.store, lambda: self.utc)
        self.acts = Acts(self.store, self.journal, lambda: kept, lambda: self.utc)
        self.tokens = Tokens(self.store, self.journal, lambda: 10, lambda: self.utc)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.journal.recent]


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.store.close()


@pytest.fixture
def full_disk(house):
    """No page more than there are: what SQLite says is that of a disk without room."""
    with sqlite3.connect(house.store.path) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]

    def bound(pages: int) -> None:
        house.store._connection.execute(f"PRAGMA max_page_count = {pages}")

    bound(pages)
    return lambda: bound(1_000_000)


def again(house: House, path: Path) -> House:
    house.store.close()
    return House(path)


def test_acts_go_on_after_a_restart(house, tmp_path):
    house.acts.record(OPS, "override", "jp-7", "a test", {}, {"weight": 5})
    house = again(house, tmp_path)
    assert house.acts.record(OPS, "override", "jp-7").number == 2
    assert [(act.number, act.why, act.after) for act in house.acts.latest(5)] == [(2, "", {}), (1, "a test", {"weight": 5})]
    house.store.close()


def test_what_is_not_in_memory_any_more_comes_from_the_file(house, tmp_path):
    before = [
        Act(number + 1, START, "ops", "operator", "token", "scan" if number % 2 else "override", f"site-{number}")
        for number in range(RECENT + 4)
    ]
    ActTable(house.store).add(before, 5000)
    house = again(house, tmp_path)
    house.acts.record(OPS, "override", f"site-{RECENT + 4}")
    everything = house.acts.latest(RECENT + 100)
    assert [act.number for act in everything] == list(range(RECENT + 5, 0, -1))
    assert [act.number for act in house.acts.latest(2, before=7)] == [6, 5]
    assert [act.number for act in house.acts.latest(9, before=7, action={"scan"})] == [6, 4, 2]
    assert [act.number for act in house.acts.latest(9, subject={"site-0", "site-1004"})] == [1005, 1]
    assert house.acts.find(2).subject == "site-1"
    assert house.acts.find(9999) is None
    house.store.close()


def test_an_act_is_told_as_an_event(house):
    house.acts.record(OPS, "override", "jp-7", "a test", message="jp-7 has the weight 5")
    event = house.journal.recent[-1]
    assert (event.kind, event.subject, event.message, event.who) == ("override", "jp-7", "jp-7 has the weight 5: a test", "ops")


def test_what_is_taken_back_is_marked_and_is_not_taken_back_twice(house, tmp_path):
    undone = []
    house.acts.undoers["override"] = lambda act, _: undone.append(act.number)
    act = house.acts.record(OPS, "override", "jp-7", "", {}, {"weight": 5})
    undo = house.acts.undo(act, OPS, "a mistake")
    assert (undo.undoes, undo.before, undo.after, undone) == (1, {"weight": 5}, {}, [1])
    house = again(house, tmp_path)
    house.acts.undoers["override"] = lambda act, _: undone.append(act.number)
    with pytest.raises(ConflictError, match="undone already, by act 2"):
        house.acts.undo(house.acts.find(1), OPS, "")
    with pytest.raises(ConflictError, match="can't be undone"):
        house.acts.undo(house.acts.find(2), OPS, "")
    house.store.close()


def test_while_the_disk_is_full_acts_wait_and_are_written_then(house, full_disk, tmp_path):
    for number in range(40):
        house.acts.record(OPS, "scan", f"site-{number}", "x" * 4000)
    assert house.kinds().count("store-failed") == 1
    assert len(house.acts.latest(1000)) == 40
    assert house.acts.gauges()["gslb_acts_unwritten",] > 0
    full_disk()
    house.acts.record(OPS, "scan", "last")
    assert house.acts.gauges()["gslb_acts_unwritten",] == 0
    assert house.kinds()[-2:] == ["store-works", "scan"]
    house = again(house, tmp_path)
    assert len(house.acts.latest(1000)) == 41
    house.store.close()


def test_what_is_done_together_is_written_at_once_at_the_end(house):
    kept = ActTable(house.store)
    with house.acts.together():
        for number in range(3):
            house.acts.record(OPS, "drain", f"site-{number}")
        assert kept.latest(10) == ()
        assert len(house.acts.latest(10)) == 3
    assert [act.subject for act in kept.latest(10)] == ["site-2", "site-1", "site-0"]
    house.acts.record(OPS, "drain", "site-3")
    assert kept.find(4) is not None, "and each alone again"


def test_tokens_go_on_after_a_restart_and_revoked_ones_do_not(house, tmp_path):
    good, _ = house.tokens.create("kai", "owner", ("jp-7",), START + timedelta(hours=1), "ops")
    bad, _ = house.tokens.create("eve", "viewer", (), None, "ops")
    house.tokens.revoke(bad.id)
    house.tokens.used(good)
    house.tokens.close()
    house = again(house, tmp_path)
    assert house.tokens.find(good.sha256).last_used == START
    assert house.tokens.find(good.sha256).sites == ("jp-7",)
    assert house.tokens.find(bad.sha256) is None
    house.utc += timedelta(hours=1)
    assert house.tokens.find(good.sha256) is None
    assert {token.name for token in house.tokens.all()} == {"eve", "kai"}
    house.store.close()


def test_a_token_is_revoked_at_once_though_the_disk_is_full(house, full_disk, tmp_path):
    tokens = [house.tokens.create(f"{number}-" + "x" * 900, "viewer", (), None, "ops")[0] for number in range(10)]
    house.tokens.revoke(tokens[0].id)
    assert house.tokens.find(tokens[0].sha256) is None
    assert house.tokens.gauges()["gslb_tokens_unwritten",] > 0
    full_disk()
    house.tokens.close()
    house = again(house, tmp_path)
    assert house.tokens.get(tokens[0].id).revoked == START
    house.store.close()


def test_a_line_of_a_token_that_is_none_opens_nothing(house, tmp_path):
    token, _ = house.tokens.create("kai", "viewer", (), None, "ops")
    with house.store.transaction() as connection:
        connection.execute("UPDATE tokens SET document = replace(document, 'viewer', 'god')")
    house = again(house, tmp_path)
    assert house.tokens.find(token.sha256) is None
    house.store.close()
