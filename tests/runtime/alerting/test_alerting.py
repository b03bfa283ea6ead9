"""Incidents, the desk and the queues of a node on one state file: what a restart at any moment loses, and what it doubles."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gslb.admin import Feed
from gslb.admin.incidentbook import Tried
from gslb.errors import BusyError, StoreError, UsageError
from gslb.model import Alerts, Channel, Configuration, Severity
from gslb.runtime.alerting.alerting import Alerting
from gslb.runtime.incidents import Incidents
from gslb.runtime.journal import Journal
from gslb.state.incidents import Finding, NodeFacts
from gslb.state.store import Store
from tests.runtime.alerting.receivers import Receiver, receiving, status
from tests.state.scene import configuration as fleet

pytestmark = pytest.mark.anyio

DOWN = Finding("site:jp-7", "down", "sites:jp", Severity.WARNING, "jp-7 is down: refused", ("jp-7",), (), ("jp",))


def told_to(*urls: str, **more: Any) -> Configuration:
    channels = tuple(Channel(f"ops-{number}", "webhook", url) for number, url in enumerate(urls, 1))
    return replace(fleet(), alerts=Alerts(wait_s=30.0, settle_s=60.0, channels=channels), **more)


@dataclass
class Life:
    """A node from its start to its end; `utc` and `now_s` are moved by the test."""

    configuration: Configuration
    folder: Path
    utc: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=1))  # messages are due at once
    now_s: float = 1000.0
    found: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "state.db", self.utc)
        self.journal = Journal(self.store, lambda: self.utc)
        self.incidents = Incidents(
            lambda: self.configuration, self.journal, self.store, Feed(), NodeFacts,
            clock=lambda: self.now_s, utc_now=lambda: self.utc,
        )  # fmt: skip
        self.alerting = Alerting(self.configuration, {}, self.journal, self.store, lambda: self.utc)
        self.incidents.tells = self.alerting

    async def look(self, passed_s: float = 0.0) -> None:
        self.utc += timedelta(seconds=passed_s)
        self.now_s += passed_s
        self.incidents.take(self.found, {"jp-7": 0.0}, self.configuration)
        await self.incidents.save()
        self.alerting.wake()

    @asynccontextmanager
    async def delivering(self):
        task = asyncio.create_task(self.alerting.run())
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def killed(self) -> Life:
        """Another life on what is on the disk."""
        self.store.close()
        return Life(self.configuration, self.folder, self.utc, 5.0, self.found)


def kinds(receiver: Receiver) -> list[str]:
    return [got.json["kind"] for got in receiver.got]


async def test_ten_flaps_are_told_once_and_so_is_their_end(tmp_path):
    async with receiving() as receiver:
        node = Life(told_to(receiver.url), tmp_path)
        async with node.delivering():
            for _ in range(10):
                node.found = [DOWN]
                await node.look(20)
                await node.look(20)
                node.found = []
                await node.look(20)
            for _ in range(8):
                await node.look(10)
            await receiver.until(lambda: kinds(receiver) == ["opened", "closed"])
        assert node.incidents.open == ()
        assert [each.number for each in node.incidents.page(10, None)] == [1]


async def test_a_node_that_is_killed_before_its_message_was_taken_sends_it_after_the_restart_and_once(tmp_path):
    async with receiving("hang") as receiver:
        node = Life(told_to(receiver.url), tmp_path)
        node.found = [DOWN]
        await node.look()
        await node.look(40)
        assert len(node.alerting._couriers["ops-1"].queue) == 1
        again = node.killed()
        async with again.delivering():
            await receiver.until(lambda: len(receiver.got) == 1)
            for _ in range(3):
                await again.look(10)
        last = again.killed()
        async with last.delivering():
            await receiver.until(lambda: len(receiver.got) == 2)
            for _ in range(3):
                await last.look(10)
            last.found = []
            for _ in range(8):
                await last.look(10)
            await receiver.until(lambda: len(receiver.got) == 3)
    assert kinds(receiver) == ["opened", "opened", "closed"]
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]
    assert receiver.got[0].body == receiver.got[1].body
    assert [each.number for each in last.incidents.page(10, None)] == [1]


async def test_what_was_taken_is_not_sent_after_a_restart(tmp_path):
    async with receiving() as receiver:
        node = Life(told_to(receiver.url), tmp_path)
        node.found = [DOWN]
        async with node.delivering():
            await node.look()
            await node.look(40)
            await receiver.until(lambda: receiver.got)
            await receiver.until(lambda: not node.alerting._couriers["ops-1"].queue)
            await node.look(1)
        again = node.killed()
        async with again.delivering():
            for _ in range(5):
                await again.look(10)
            again.found = []
            for _ in range(8):
                await again.look(10)
            await receiver.until(lambda: "closed" in kinds(receiver))
    assert kinds(receiver) == ["opened", "closed"]


async def test_a_dead_channel_delays_no_other(tmp_path):
    async with receiving() as well, receiving("hang") as dead:
        node = Life(told_to(dead.url, well.url), tmp_path)
        node.found = [DOWN]
        async with node.delivering():
            await node.look()
            await node.look(40)
            await well.until(lambda: dead.got and well.got)
            node.found = []
            for _ in range(8):
                await node.look(10)
            await well.until(lambda: kinds(well) == ["opened", "closed"])
            await well.until(lambda: node.alerting.reports()[1].waiting == 0)
        first, second = node.alerting.reports()
    assert (first.waiting, second.waiting) == (2, 0)
    assert node.alerting.gauges()["gslb_alerts_waiting", "ops-1"] == 2
    assert node.alerting.counters()["gslb_alerts_total", "ops-2", "sent"] == 2


async def test_without_a_disk_people_are_told_all_the_same(tmp_path, monkeypatch):
    async with receiving() as receiver:
        node = Life(told_to(receiver.url), tmp_path)

        def full(*_: object) -> None:
            raise StoreError("disk full")

        monkeypatch.setattr(node.store, "transaction", full)
        node.found = [DOWN]
        async with node.delivering():
            await node.look()
            await node.look(40)
            await receiver.until(lambda: kinds(receiver) == ["opened"])
        assert node.journal.store_failing
        assert [each.number for each in node.incidents.page(10, None)] == [1]


async def test_a_queue_that_overflows_keeps_the_newest(tmp_path):
    bounded = replace(fleet().limits, alerts_waiting=2)
    node = Life(told_to("http://127.0.0.1:9/", limits=bounded), tmp_path)
    for number in range(4):
        where = f"us-{number}"
        node.found = [replace(DOWN, key=f"site:{where}", group=f"sites:{number}", sites=(where,)), *node.found]
    await node.look()
    await node.look(40)
    assert len(node.alerting._couriers["ops-1"].queue) == 2
    assert node.alerting.counters()["gslb_alerts_total", "ops-1", "dropped"] == 2
    await node.look(1)
    assert len(node.killed().alerting._couriers["ops-1"].queue) == 2


async def test_a_channel_can_be_tried(tmp_path):
    async with receiving(status(200), status(403, body="not you")) as receiver:
        node = Life(told_to(receiver.url), tmp_path)
        assert await node.alerting.test("ops-1") == Tried(True, None)
        assert await node.alerting.test("ops-1") == Tried(False, "answered 403: not you")
        assert kinds(receiver) == ["test", "test"]
        assert receiver.got[0].json["id"] != receiver.got[1].json["id"]
        with pytest.raises(UsageError, match="no channel other"):
            await node.alerting.test("other")


async def test_one_test_of_a_channel_at_a_time(tmp_path):
    async with receiving("hang") as receiver:
        node = Life(told_to(receiver.url), tmp_path)
        first = asyncio.create_task(node.alerting.test("ops-1"))
        await receiver.until(lambda: receiver.got)
        with pytest.raises(BusyError):
            await node.alerting.test("ops-1")
        first.cancel()


async def test_a_reload_takes_channels_out_and_brings_others(tmp_path):
    async with receiving() as old, receiving() as new:
        node = Life(told_to(old.url), tmp_path)
        node.found = [DOWN]
        async with node.delivering():
            await node.look()
            await node.look(40)
            await old.until(lambda: old.got)
            channel = Channel("new", "webhook", new.url)
            node.configuration = replace(node.configuration, alerts=replace(node.configuration.alerts, channels=(channel,)))
            node.alerting.use(node.configuration, {})
            await node.look(1)
            await new.until(lambda: new.got)
            node.found = []
            for _ in range(8):
                await node.look(10)
            await new.until(lambda: kinds(new) == ["opened", "closed"])
    assert kinds(old) == ["opened"]
