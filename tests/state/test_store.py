"""The state file: real files, real crashes, a real full disk."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import StoreError
from gslb.model import Drain, Event, EventFilter, Severity, State
from gslb.state import Restored, Store
from gslb.state.store import NUMBERS_AHEAD
from probes.verdict import Verdict
from tests.state.scene import START, Scene


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


def event(number: int, **changed) -> Event:
    return replace(Event(number, START, "site-down", Severity.WARNING, "jp-7", f"no. {number}"), **changed)


def drained() -> Scene:
    scene = Scene().start()
    scene.fail("jp-7", Verdict.WRONG_CONTENT)
    scene.told(scene.tracker.drain("us-1", "disks", "ops", 3600.0, scene.now_s, scene.utc))
    scene.wait(1.0)
    return scene


def test_a_new_file_knows_nothing(path):
    store = Store(path, START)
    assert store.load() is None
    assert (store.events(), store.last_event_number(), store.load_classes("x")) == ((), 0, None)
    assert store.set_aside is None
    store.close()


def test_secrets_in_it_are_not_for_everybody_to_read(path):
    before = os.umask(0o022)
    try:
        Store(path, START).close()
        path.chmod(0o644)  # as an earlier version left it
        store = Store(path, START)
        store.keep_document("a", "b")
        modes = {file.name: file.stat().st_mode & 0o007 for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == {"state.db": 0, "state.db-wal": 0, "state.db-shm": 0}


def test_what_was_saved_is_there_after_a_restart(path):
    scene = drained()
    store = Store(path, START)
    store.save(scene.tracker.freeze(), closing=True)
    store.close()
    again = Store(path, START)
    assert again.load() == scene.tracker.freeze()
    again.close()


def test_a_tracker_goes_on_from_the_file(path):
    scene = drained()
    store = Store(path, START)
    store.save(scene.tracker.freeze(), closing=True)
    later = Scene(scene.configuration, restored=store.load(), now_s=5.0, utc=scene.utc + timedelta(seconds=60))
    assert later.world.number == scene.world.number + 1
    assert later.standing("jp-7").state is State.WRONG
    assert later.world.drains == scene.world.drains
    store.close()


def test_numbers_never_go_back_after_a_crash(path):
    store = Store(path, START)
    store.save(Restored(100, 0.0, START))
    found = store.load()
    assert found is not None
    assert found.number == 100 + NUMBERS_AHEAD
    store.close()


def test_a_process_that_is_killed_leaves_the_last_whole_state(path):
    code = """
        import sys
        from gslb.state import Restored, Store
        from tests.state.scene import START
        store = Store(sys.argv[1], START)
        for number in range(1, 1_000_000):
            store.save(Restored(number, 0.0, START), closing=True)
            print(number, flush=True)
    """
    writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = 0
    while told < 20:
        told = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split("\n")
    told = max([told, *(int(line) for line in rest[:-1])])
    assert writer.wait() == -signal.SIGKILL
    writer.stdout.close()
    store = Store(path, START)
    found = store.load()
    assert store.set_aside is None
    assert found is not None
    assert found.number in (told, told + 1)
    store.close()


@pytest.mark.parametrize("damage", ["head", "middle", "text"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path, damage):
    store = Store(path, START)
    store.append(event(number, message="x" * 500) for number in range(1, 400))
    store.close()
    raw = bytearray(path.read_bytes())
    if damage == "head":
        raw[:100] = os.urandom(100)
    elif damage == "middle":
        raw[4096:] = os.urandom(len(raw) - 4096)
    else:
        raw = bytearray(b"this is not a database, it is a note to the operator\n" * 100)
    path.write_bytes(raw)
    store = Store(path, START)
    assert store.set_aside == path.with_name("state.db.corrupt-20261123T120000Z")
    assert store.set_aside is not None
    assert store.set_aside.read_bytes()[:50] == bytes(raw[:50])
    assert store.load() is None
    store.append([event(1)])
    store.close()


def test_two_damaged_files_in_a_second_are_both_kept(path):
    for _ in range(2):
        path.parent.mkdir(exist_ok=True)
        path.write_text("no database at all\n" * 200)
        store = Store(path, START)
        store.close()
    assert len(list(path.parent.glob("state.db.corrupt-*"))) == 2


def test_an_empty_file_is_a_new_one(path):
    path.parent.mkdir()
    path.touch()
    store = Store(path, START)
    assert (store.set_aside, store.load()) == (None, None)
    store.close()


def test_a_file_from_the_future_is_refused_and_left_alone(path):
    Store(path, START).close()
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("INSERT INTO migrations VALUES (99, '')")
    connection.close()
    with pytest.raises(StoreError, match=r"version 99.*update"):
        Store(path, START)
    assert path.exists()


def test_a_directory_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "file" / "state.db", START)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_a_store_error_and_passes(path):
    code = """
        import resource, sys
        from gslb.errors import StoreError
        from gslb.state import Restored, Store
        from tests.state.scene import START
        from tests.state.test_store import event
        store = Store(sys.argv[1], START)
        store.save(Restored(7, 0.0, START), closing=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        for number in range(1, 1000):
            try:
                store.append([event(number, message="x" * 4000)])
            except StoreError as error:
                print(error)
                break
        assert store.load().number == 7
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        store.append([event(5000)])
        assert store.last_event_number() == 5000
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout


def test_a_file_somebody_else_writes_is_a_store_error(path):
    store = Store(path, START)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.save(Restored(1, 0.0, START))
    other.execute("ROLLBACK")
    store.save(Restored(1, 0.0, START))
    other.close()
    store.close()


def test_a_closed_store_is_a_store_error(path):
    store = Store(path, START)
    store.close()
    with pytest.raises(StoreError):
        store.save(Restored(1, 0.0, START))


def test_events_come_back_newest_first_a_page_at_a_time(path):
    store = Store(path, START)
    told = [event(number, who="ops", data={"door": "dns"}) for number in range(1, 8)]
    store.append(told)
    assert store.events(limit=3) == tuple(reversed(told[4:]))
    assert store.events(limit=3, before=5) == tuple(reversed(told[1:4]))
    assert store.last_event_number() == 7
    store.close()


def test_the_oldest_events_go(path):
    store = Store(path, START, events_kept=10)
    for number in range(1, 51):
        store.append([event(number)])
    assert [each.number for each in store.events()] == list(range(50, 40, -1))
    store.close()


def test_classes_are_kept_for_one_map(path):
    store = Store(path, START)
    store.save_classes("old", b"\x00\x01")
    store.save_classes("new", b"\x02")
    assert (store.load_classes("old"), store.load_classes("new")) == (None, b"\x02")
    store.close()


def sql(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        ("UPDATE documents SET text = 'junk'", 1),
        ("UPDATE documents SET text = x'ff00ff'", 1),
        ("UPDATE drains SET since = 'yesterday'", 1),
        ("UPDATE drains SET until = 5", 1),
        ("UPDATE counters SET value = -5", 0),
    ],
)
def test_rows_that_make_no_sense_are_left_out_and_told(path, statement, faults):
    store = Store(path, START)
    scene = drained()
    store.save(scene.tracker.freeze(), closing=True)
    sql(path, statement)
    found = store.load()
    assert found is not None
    assert len(found.faults) == faults
    if "documents" in statement:
        assert found.number == scene.tracker.world_number
        assert [drain.site for drain in found.drains] == ["us-1"]
    Scene(scene.configuration, restored=found)
    store.close()


def test_an_event_that_makes_no_sense_hides_no_other(path):
    store = Store(path, START)
    store.append([event(1), event(2), event(3)])
    sql(path, "UPDATE events SET severity = 'mild' WHERE number = 2", "UPDATE events SET data = '[' WHERE number = 3")
    assert [each.number for each in store.events()] == [1]
    store.close()


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_an_operator_writes_is_kept(tmp_path_factory, reason, who):
    store = Store(tmp_path_factory.mktemp("store") / "state.db", START)
    store.save(Restored(1, 0.0, START, drains=(Drain("us-1", reason, who, START),)))
    store.append([event(1, message=reason, who=who, data={"reason": reason})])
    found = store.load()
    assert found is not None
    assert [drain.site for drain in found.drains] == ["us-1"]
    assert [each.number for each in store.events()] == [1]
    store.close()


def test_events_are_chosen_by_what_they_are_and_when(tmp_path):
    store = Store(tmp_path / "state.db", START)
    events = [
        Event(number, START + timedelta(seconds=number, milliseconds=number % 2), kind, severity, subject, "m")
        for number, (kind, severity, subject) in enumerate(
            [("drain", Severity.INFO, "a"), ("site-down", Severity.ERROR, "a"), ("site-down", Severity.ERROR, "b")] * 4, 1
        )
    ]
    store.append(events)
    for wanted in (
        EventFilter(),
        EventFilter(kinds=frozenset({"site-down"}), subjects=frozenset({"a", "c"})),
        EventFilter(severities=frozenset({"info"}), since=START + timedelta(seconds=4)),
        EventFilter(until=START + timedelta(seconds=7)),
        EventFilter(subjects=frozenset()),
    ):
        assert list(store.events(100, None, wanted)) == [event for event in reversed(events) if wanted.matches(event)]
        assert list(store.events(2, 6, wanted)) == [e for e in reversed(events) if wanted.matches(e) and e.number < 6][:2]
    store.close()
