"""Probes, tracker and Worlds: what keeps the picture true while the node runs."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gslb.errors import StoreError
from gslb.model import Configuration, Event, World
from gslb.runtime.journal import Journal
from gslb.runtime.looking import setting_of
from gslb.runtime.scanning import Scanning
from gslb.state import events
from gslb.state.clock import Clock
from gslb.state.orders import Orders
from gslb.state.orderstore import OrderTable
from gslb.state.restored import Restored
from gslb.state.store import Store
from gslb.state.tracker import Tracker
from probes.model import Result
from probes.schedule import Scheduler

SAVE_EVERY_S = 5.0


class Watch:
    """Runs the probes of one configuration after the other, and hands on every World that comes of them.

    `served` is the number of a World that workers serve already: numbers go on from there, whatever the store has.
    """

    def __init__(
        self,
        configuration: Configuration,
        journal: Journal,
        store: Store | None,
        on_world: Callable[[World], None],
        served: int = 0,
    ) -> None:
        self._journal, self._store, self._on_world = journal, store, on_world
        self._orders = None if store is None else OrderTable(store)
        self._wake = asyncio.Event()
        self.results: dict[tuple[str, str, str], int] = {}  # by site, type and verdict
        self.on_result: Callable[[Result], None] | None = None  # is told of every one
        self.tracker = Tracker(
            configuration, now_s=time.monotonic(), utc=_utc(), restored=self._restored(served), book=journal.book
        )  # fmt: skip
        setting = setting_of(configuration)
        self.scanning = Scanning(configuration, self.tracker, setting, self._did)
        self._scheduler = Scheduler(
            self.tracker.targets,
            setting,
            self._observed,
            on_round_complete=self._round_complete,
            is_down=self.tracker.is_down,
            interval_s=configuration.probes.interval_s,
            concurrency=configuration.probes.concurrency,
        )

    @property
    def internal_errors(self) -> int:
        return self._scheduler.internal_errors

    async def run(self) -> None:
        """Until cancelled. The first World is there before the first result is."""
        self._scheduler.start()
        self.scanning.start()
        saver = asyncio.create_task(self._save_often())
        due_s = time.monotonic()
        try:
            while True:
                self._publish()
                if saver.done():
                    saver.result()
                now_s = time.monotonic()
                due_s = min(due_s, now_s + self.tracker.seconds_to_next_tick(now_s))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, due_s - now_s)):  # wait_for can lose a cancel (gh-86296)
                        await self._wake.wait()
                self._wake.clear()
                if time.monotonic() >= due_s:  # results may come without end: time must have its turn
                    self._journal.add(self.tracker.tick(time.monotonic(), _utc()))
                    self._keep_ended()
                    due_s = math.inf
        finally:
            saver.cancel()
            await asyncio.gather(self._scheduler.stop(), self.scanning.stop())

    def reconfigure(self, configuration: Configuration) -> None:
        self._did(self.tracker.reconfigure(configuration, time.monotonic(), _utc()))
        setting = setting_of(configuration)
        self._scheduler.update(self.tracker.targets, setting=setting, interval_s=configuration.probes.interval_s)
        self.scanning.reconfigure(configuration, setting)

    def drain(self, site: str, reason: str, who: str, for_s: float | None, owner: str | None = None) -> None:
        self._did(self.tracker.drain(site, reason, who, for_s, time.monotonic(), _utc(), owner))
        self._keep_orders()

    def enable(self, site: str, who: str) -> None:
        self._did(self.tracker.enable(site, who, time.monotonic(), _utc()))
        self._keep_orders()

    def order(self, given: Callable[[Orders, Clock], list[Event]]) -> list[Event]:
        """What an operator orders is on the disk when this returns."""
        told = self.tracker.order(given, time.monotonic(), _utc())
        self._did(told)
        self._keep_orders()
        return told

    async def save(self, *, closing: bool = False) -> None:
        if self._store is None:
            return
        frozen = self.tracker.freeze()
        try:
            await asyncio.to_thread(self._store.save, frozen, closing=closing)
        except StoreError as error:
            self._journal.store_failed(error)
        if frozen.drains != self.tracker.orders.ordered_drains:
            self._keep_orders()  # those that were ordered meanwhile: the older ones may have been written last

    def _keep_orders(self) -> None:
        """At once: what an operator was told is done must be true after a power cut too."""
        orders = self.tracker.orders
        if self._store is None or self._orders is None:
            return
        try:
            self._store.keep_drains(orders.ordered_drains)
            self._orders.keep(orders.overrides, orders.maintenance)
        except StoreError as error:
            self._journal.store_failed(error)

    def _keep_ended(self) -> None:
        """What has begun or ended by itself: nobody waits for it, but a restart should not begin it again."""
        orders = self.tracker.orders
        try:
            if self._orders is not None:
                self._orders.keep(orders.overrides, orders.maintenance)
        except StoreError as error:
            self._journal.store_failed(error)

    def _did(self, told: list[Event]) -> None:
        self._journal.add(told)
        self._wake.set()

    def _observed(self, result: Result, recheck: bool) -> None:
        kind = result.verdict.value
        key = (result.site, result.key.split("/", 2)[1], kind)
        self.results[key] = self.results.get(key, 0) + 1
        if self.on_result is not None:
            self.on_result(result)
        self._did(self.tracker.observe(result, recheck, time.monotonic(), _utc()))

    def _round_complete(self) -> None:
        self._did(self.tracker.round_complete(time.monotonic(), _utc()))

    def _publish(self) -> None:
        world = self.tracker.next_world(time.monotonic(), _utc())
        if world is not None:
            self._on_world(world)

    async def _save_often(self) -> None:
        while True:
            await self.save()  # at once: it keeps numbers free for the Worlds to come
            await self._journal.write()
            await asyncio.sleep(SAVE_EVERY_S)

    def _restored(self, served: int) -> Restored | None:
        found = self._loaded()
        if found is None:
            return Restored(served, time.monotonic(), _utc()) if served else None
        return replace(found, number=max(found.number, served))

    def _loaded(self) -> Restored | None:
        if self._store is None or self._orders is None:
            return None
        try:
            found = self._orders.completed(self._store.load(), time.monotonic(), _utc())
        except StoreError as error:
            self._journal.store_failed(error)
            return None
        if found is not None and found.faults:
            self._journal.add([events.unreadable(self._journal.book, _utc(), str(self._store.path), found.faults)])
        return found


def _utc() -> datetime:
    return datetime.now(UTC)
