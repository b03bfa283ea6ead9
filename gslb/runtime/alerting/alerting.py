"""Telling people of incidents: what the desk decides goes into queues, which survive a restart, and from there to receivers.

A message is written down in the transaction that writes down the incident and that it was told, and struck out after it was
taken. So a crash at any moment loses none and tells nothing twice, but for one that was being taken just then: that one
comes again, with the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Final

from gslb.admin.atom import dashboard
from gslb.admin.incidentbook import ChannelReport, Tried
from gslb.errors import BusyError, StoreError, UsageError
from gslb.model import Configuration
from gslb.runtime.alerting.courier import Courier
from gslb.runtime.alerting.patience import Result
from gslb.runtime.alerting.secrets import ChannelSecrets
from gslb.runtime.journal import Journal
from gslb.state.alerts import Desk, Notice, NoticeKind, NoticeShelf
from gslb.state.alerts.shelf import write
from gslb.state.incidents import Incident
from gslb.state.store import Store

RESULTS: Final = ("sent", "failed", "refused", "expired", "dropped", "test")

METRICS: Final = {
    "gslb_alerts_total": (
        "Messages by what became of them: sent, failed (tried again), refused and expired (given up), dropped (no room), test.",
        ("channel", "result"),
    ),
    "gslb_alerts_waiting": ("Messages that are still to be delivered, of limits.alerts_waiting.", ("channel",)),
    "gslb_alerts_failing": ("Tries in a row that failed; 0 where the last one did not.", ("channel",)),
}

Writes = Callable[[Connection], None]


class Alerting:
    """Begun anew with each configuration by `use`; `run` delivers."""

    def __init__(
        self,
        configuration: Configuration,
        secrets: Mapping[str, ChannelSecrets],
        journal: Journal,
        store: Store | None,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._journal, self._utc_now = journal, utc_now
        self._couriers: dict[str, Courier] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._running = False
        self._kept: dict[int, Notice] = {}  # to be written
        self._gone: set[int] = set()  # to be struck out
        waiting, told = _restored(store, journal)
        self._desk = Desk(told)
        self._frozen: object = self._desk.stamp  # what is on the disk
        self._last = max((each.number for each in waiting), default=0)
        self._tests = 0
        self.use(configuration, secrets, waiting)

    def use(self, configuration: Configuration, secrets: Mapping[str, ChannelSecrets], waiting: Iterable[Notice] = ()) -> None:
        """Channels that stay keep their queues; the messages of those that are gone go with them."""
        self._configuration = configuration
        before, self._couriers = self._couriers, {}
        for channel in configuration.alerts.channels:
            courier = before.pop(channel.name, None)
            mine = secrets.get(channel.name, ChannelSecrets())
            where = dashboard(configuration)
            if courier is None:
                courier = Courier(
                    channel, mine, self._journal, node=configuration.node, dashboard=where, done=self._done, kept=self._keep
                )
            courier.channel, courier.secrets, courier.node, courier.dashboard = channel, mine, configuration.node, where
            self._couriers[channel.name] = courier
        for courier in before.values():
            self._gone.update(courier.queue)
        for notice in waiting:
            if notice.channel in self._couriers:
                self._couriers[notice.channel].put(notice, configuration.limits.alerts_waiting)
            else:
                self._gone.add(notice.number)
        if self._running:
            self._follow()

    # For `runtime.incidents`

    def step(self, incidents: Sequence[Incident], utc: datetime) -> None:
        """By the channels that there are couriers for: a World of before a reload has others."""
        configuration = self._configuration
        for notice in self._desk.step(incidents, configuration, utc, self._last):
            self._last = notice.number
            self._kept[notice.number] = notice
            self._couriers[notice.channel].put(notice, configuration.limits.alerts_waiting)

    def batch(self) -> Writes | None:
        stamp = self._desk.stamp
        if not self._kept and not self._gone and stamp == self._frozen:
            return None
        told = None if stamp == self._frozen else self._desk.freeze()
        return _Batch(tuple(self._kept.values()), tuple(self._gone), told, stamp)

    def written(self, batch: Writes) -> None:
        if isinstance(batch, _Batch):
            self._frozen = batch.stamp
            self._gone.difference_update(batch.gone)
            for notice in batch.kept:
                if self._kept.get(notice.number) is notice:
                    del self._kept[notice.number]

    def wake(self) -> None:
        for courier in self._couriers.values():
            courier.wake()

    def _done(self, number: int) -> None:
        self._kept.pop(number, None)
        self._gone.add(number)

    def _keep(self, notice: Notice) -> None:
        self._kept[notice.number] = notice

    # Delivering

    async def run(self) -> None:
        """Until cancelled."""
        self._running = True
        self._follow()
        try:
            await asyncio.Event().wait()
        finally:
            self._running = False
            tasks = list(self._tasks.values())
            self._tasks.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _follow(self) -> None:
        for name in self._tasks.keys() - self._couriers.keys():
            self._tasks.pop(name).cancel()
        for name, courier in self._couriers.items():
            if name not in self._tasks:
                self._tasks[name] = asyncio.get_running_loop().create_task(courier.run())

    # For the admin side

    def reports(self) -> Sequence[ChannelReport]:
        return [
            ChannelReport(each.channel, each.last_sent, each.last_error, len(each.queue), each.failures)
            for each in self._couriers.values()
        ]

    async def test(self, name: str) -> Tried:
        courier = self._couriers.get(name)
        if courier is None:
            raise UsageError(f"there is no channel {name}")
        if courier.busy:
            raise BusyError(f"another test of {name} is on its way")
        now = self._utc_now()
        self._tests += 1
        node = self._configuration.node.replace(".", "_")
        notice = Notice(0, f"{node}/test/{now:%Y%m%dT%H%M%S}-{self._tests}", name, NoticeKind.TEST, now, now)
        outcome = await courier.test(notice)
        return Tried(outcome.result is Result.SENT, outcome.error or None)

    # What is counted

    def counters(self) -> dict[tuple[str, ...], int]:
        return {
            ("gslb_alerts_total", name, result): courier.counts[result]
            for name, courier in self._couriers.items()
            for result in RESULTS
        }

    def gauges(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for name, courier in self._couriers.items():
            found["gslb_alerts_waiting", name] = len(courier.queue)
            found["gslb_alerts_failing", name] = courier.failures
        return found


class _Batch:
    """What is written in one transaction."""

    def __init__(self, kept: tuple[Notice, ...], gone: tuple[int, ...], told: str | None, stamp: object) -> None:
        self.kept, self.gone, self.told, self.stamp = kept, gone, told, stamp

    def __call__(self, connection: Connection) -> None:
        write(connection, self.kept, self.gone, self.told)


def _restored(store: Store | None, journal: Journal) -> tuple[tuple[Notice, ...], str]:
    if store is None:
        return (), ""
    shelf = NoticeShelf(store)
    try:
        return shelf.load(), shelf.told()
    except StoreError as error:
        journal.store_failed(error)
        return (), ""
