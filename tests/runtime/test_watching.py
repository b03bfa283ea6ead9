"""What a node remembers of what operators told it, and what it says of what it can't read."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from gslb.model import Maintenance, Override, Reweight
from gslb.runtime.journal import Journal
from gslb.runtime.watching import Watch
from gslb.state import Restored, Store
from gslb.state.orderstore import OrderTable
from tests.state.scene import configuration, site

pytestmark = pytest.mark.anyio

SITES = (site(1, "us"), site(2, "us"))


def opened(path) -> Store:
    return Store(path / "state.db", datetime.now(UTC))


def watching(store: Store) -> Watch:
    return Watch(configuration(SITES), Journal(store), store, lambda world: None)


def kept(store: Store) -> Restored:
    found = store.load()
    assert found is not None
    return found


async def test_a_drain_is_on_the_disk_when_the_operator_is_answered(tmp_path):
    store = opened(tmp_path)
    watch = watching(store)
    watch.drain("us-1", "new disks", "ops", 3600.0)
    other = opened(tmp_path)  # as another process would find it, were this one killed now
    assert [drain.site for drain in kept(other).drains] == ["us-1"]
    watch.enable("us-1", "ops")
    assert other.load() is None
    other.close()
    store.close()


async def test_an_order_is_on_the_disk_when_the_operator_is_answered_and_so_is_its_end(tmp_path):
    store = opened(tmp_path)
    watch = watching(store)
    now = datetime.now(UTC)
    override = Override("w-1", Reweight("us-1", 5), "too much", "ops", now, now + timedelta(seconds=0.2))
    plan = Maintenance("m-1", "us-2", now, now + timedelta(seconds=0.2), "disks", "ops")
    watch.order(lambda orders, clock: orders.override(override, configuration(SITES), clock))
    watch.order(lambda orders, clock: orders.plan(plan, configuration(SITES), clock))
    other = opened(tmp_path)
    (found,), (planned,), faults = OrderTable(other).load()
    assert (found, planned.state, faults) == (override, "running", [])
    running = asyncio.create_task(watch.run())
    async with asyncio.timeout(20):
        while OrderTable(other).load()[0] or OrderTable(other).load()[1][0].state != "done":  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.wait({running}, timeout=20)
    other.close()
    store.close()


async def test_orders_of_a_store_that_fails_are_kept_in_mind_and_told(tmp_path):
    store = opened(tmp_path)
    watch = watching(store)
    store.close()
    override = Override("w-1", Reweight("us-1", 5), "too much", "ops", datetime.now(UTC))
    told = watch.order(lambda orders, clock: orders.override(override, configuration(SITES), clock))
    assert [event.kind for event in told] == ["override"]
    assert watch.tracker.orders.overrides == (override,)
    world = watch.tracker.next_world(time.monotonic(), datetime.now(UTC))
    assert world is not None
    assert world.configuration.site("us-1").weight == 5


async def test_a_drain_that_comes_while_the_state_is_saved_is_not_lost(tmp_path):
    store = opened(tmp_path)
    watch = watching(store)
    for number in range(20):
        saving = asyncio.create_task(watch.save())
        await asyncio.sleep(0)  # what is to be saved is taken, and a thread is at it
        watch.drain("us-1", str(number), "ops", None)
        await saving
        assert [drain.reason for drain in kept(store).drains] == [str(number)]
    store.close()


async def test_news_at_the_moment_of_the_end_does_not_keep_it_from_ending(tmp_path):
    """It did: a node that was told to end while results came served on for ever."""
    store = opened(tmp_path)
    for _ in range(2):
        watch = watching(store)
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0.05)  # it waits
        watch.drain("us-1", "new disks", "ops", None)
        running.cancel()
        await asyncio.wait({running}, timeout=20)
        assert running.done()
    store.close()


async def test_what_can_not_be_read_is_told(tmp_path):
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("INSERT INTO drains (site, reason, who, since) VALUES ('us-1', 'disks', 'ops', 'yesterday')")
    connection.close()
    store = opened(tmp_path)
    watch = watching(store)
    assert watch.tracker.drains == {}
    (told,) = [event for event in watch._journal.recent if event.kind == "state-unreadable"]
    assert "state.db can't be read" in told.message
    store.close()


KILLED = """
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from gslb.model import Drain
from gslb.state import Restored, Store
from gslb.state.orderstore import OrderTable
store = Store(Path(sys.argv[1]), datetime.now(UTC))
number = 0
while True:
    number += 1
    now = datetime.now(UTC)
    drain = Drain("us-1", str(number), "ops", now)
    store.keep_drains([drain])
    print(number, flush=True)
    store.save(Restored(number, 1.0, now, ready=True, drains=(drain,)))
"""


async def test_however_often_it_is_killed_what_was_promised_is_kept(tmp_path):
    path = tmp_path / "state.db"
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(4)]
        os.kill(process.pid, signal.SIGKILL)
        said += [int(line) for line in process.communicate()[0].split()]
        store = Store(path, datetime.now(UTC))
        found = kept(store)
        assert store.set_aside is None
        assert found.faults == ()
        assert int(found.drains[0].reason) >= said[-1]
        store.close()
