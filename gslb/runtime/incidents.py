"""Looks at what is wrong every second, keeps the incidents that come of it, and hands them to whoever tells people."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Final, Protocol

from gslb.admin import Feed
from gslb.errors import StoreError, UsageError
from gslb.model import Configuration, Event, Severity, World
from gslb.runtime.journal import Journal
from gslb.state.incidents import (
    Finding,
    Incident,
    IncidentBook,
    IncidentShelf,
    Moment,
    NodeFacts,
    Timing,
    findings,
    impact_of,
    shares_by_capacity,
)
from gslb.state.incidents.impact import well_shares
from gslb.state.store import Store

LOOK_EVERY_S: Final = 1.0
UNWRITTEN_MOST: Final = 1000

METRICS: Final = {
    "gslb_incidents_open": ("Incidents that are open, by the worst that each came to.", ("severity",)),
    "gslb_incidents_total": ("Incidents that were opened since the start.", ("severity",)),
    "gslb_incident_failures_total": ("Looks for incidents that failed by a fault of our own.", ()),
    "gslb_incident_clients_degraded_ratio": ("Share of clients that open incidents send elsewhere; of the worst one.", ()),
}


Writes = Callable[[Connection], None]


class Tells(Protocol):
    """Whoever tells people of incidents."""

    def step(self, incidents: Sequence[Incident], utc: datetime) -> None:
        """Decide who is to be told of what; `incidents` are those open, and those just closed."""

    def batch(self) -> Writes | None:
        """What writes down all that was decided or delivered and is not on the disk; None if there is no such thing."""

    def written(self, batch: Writes) -> None:
        """That is on the disk, or there is none."""

    def wake(self) -> None:
        """Deliver: what was decided is kept now, or can't be."""


class Incidents:
    """`facts` tells of the node what no World knows; `rate` how many answers a second there are, if that is counted."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        journal: Journal,
        store: Store | None,
        feed: Feed,
        facts: Callable[[], NodeFacts],
        rate: Callable[[], float | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.version = 0
        self.opened: Counter[str] = Counter()
        self.failures = 0
        self._fault = ""
        self.tells: Tells | None = None
        self.shares: Mapping[str, float] | None = None  # by the population, once it is known
        self._configuration, self._journal, self._feed = configuration, journal, feed
        self._facts, self._rate, self._clock, self._utc_now = facts, rate, clock, utc_now
        self._store = store
        self._shelf = None if store is None else IncidentShelf(store)
        self._book = self._restored()
        self._unwritten: dict[int, Incident] = {}
        self._recent: dict[int, Incident] = {}  # closed ones that are not on the disk, or were not a moment ago
        self._looked: tuple[object, ...] = ()
        self._found: tuple[Finding, ...] = ()
        self._well: Mapping[str, float] = {}
        journal.add_listener(self._heard)

    def _restored(self) -> IncidentBook:
        now_s, utc = self._clock(), self._utc_now()
        if self._shelf is None:
            return IncidentBook(now_s, utc)
        try:
            return IncidentBook(now_s, utc, self._shelf.last(), self._shelf.open())
        except StoreError as error:
            self._journal.store_failed(error)
            return IncidentBook(now_s, utc)

    # What is asked

    @property
    def open(self) -> tuple[Incident, ...]:
        return self._book.open

    def page(self, limit: int, before: int | None) -> Sequence[Incident]:
        fresh = {each.number: each for each in (*self._recent.values(), *self.open)}
        near = {number: each for number, each in fresh.items() if before is None or number < before}
        kept = {each.number: each for each in self._read(lambda shelf: shelf.page(limit, before))}
        return [(kept | near)[number] for number in sorted(kept | near, reverse=True)][:limit]

    def find(self, number: int) -> Incident | None:
        known = next((each for each in self.open if each.number == number), None) or self._recent.get(number)
        if known is None and self._shelf is not None:
            found = self._read(lambda shelf: tuple(each for each in (shelf.find(number),) if each is not None))
            known = found[0] if found else None
        return known

    def acknowledge(self, number: int, who: str, note: str) -> Incident:
        """Kept when it returns. Raises UsageError where no open incident has this number."""
        if (known := self.find(number)) is not None and not known.open:
            raise UsageError(f"incident {number} is over")
        incident = self._book.acknowledge(number, who, note, self._utc_now())
        self._changed([incident])
        self._kept({number: incident}, None, self._write({number: incident}, None))
        return incident

    def _read(self, read: Callable[[IncidentShelf], tuple[Incident, ...]]) -> tuple[Incident, ...]:
        if self._shelf is None:
            return ()
        try:
            return read(self._shelf)
        except StoreError as error:
            self._journal.store_failed(error)
            return ()

    # What happens

    async def run(self, world: Callable[[], World]) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look(world())
            except Exception as error:
                self.failed(error)
            await asyncio.sleep(LOOK_EVERY_S)

    def failed(self, error: Exception) -> None:
        """By a fault of ours: that costs a look, and never the node. Told once of a kind, counted each time."""
        self.failures += 1
        if repr(error) != self._fault:
            self._fault = repr(error)
            self._journal.tell("incidents-failed", Severity.ERROR, "incidents", f"a fault of ours: {error!r}")

    async def look(self, world: World) -> None:
        if not world.ready:
            return
        looked = (world.number, world.configuration, self._facts())
        if looked != self._looked:
            self._looked = looked
            self._found, self._well = await asyncio.to_thread(_seen, world, looked[2])
        self.take(self._found, self._well, world.configuration)
        await self._keep()
        if self.tells is not None:
            self.tells.wake()

    def take(self, found: Sequence[Finding], well: Mapping[str, float], configuration: Configuration) -> None:
        """Let what was found become incidents."""
        alerts, utc = configuration.alerts, self._utc_now()
        before = {each.number for each in self.open}
        changed = {
            each.number: each
            for each in self._book.look(found, configuration, Timing(alerts.gather_s, alerts.settle_s), self._clock(), utc)
        }
        changed |= {each.number: each for each in self._weighed(well, configuration)}
        for each in self.open:
            if each.number not in before:
                self.opened[each.severity.value] += 1
        if changed:
            self._changed(changed.values())
        if self.tells is not None:
            over = [each for each in changed.values() if not each.open]
            self.tells.step([*self.open, *over], utc)

    def _weighed(self, well: Mapping[str, float], configuration: Configuration) -> Iterable[Incident]:
        """Those whose impact is another, not merely by a hair."""
        shares = self.shares or shares_by_capacity(configuration)
        rate = self._rate()
        for incident in self.open:
            impact = impact_of(incident.sites, incident.regions, well, shares, configuration, rate)
            old = incident.impact
            same = (old.share_degraded, old.capacity_left) == (impact.share_degraded, impact.capacity_left)
            if not same or not _near(old.clients_per_s, impact.clients_per_s):
                weighed = replace(incident, impact=impact)
                self._book.weigh(incident.number, weighed)
                yield weighed

    def _changed(self, incidents: Iterable[Incident]) -> None:
        for each in incidents:
            self._unwritten[each.number] = each
            if not each.open:
                self._recent[each.number] = each
        for known in (self._recent, self._unwritten):
            while len(known) > UNWRITTEN_MOST:
                del known[next(iter(known))]
        self.version += 1
        self._feed.changed()

    def _heard(self, event: Event) -> None:
        """What people do about a site stands in its incidents."""
        if event.who:
            noted = self._book.note(event.subject, Moment(event.at, event.kind, event.message, event.who))
            if noted:
                self._changed(noted)

    async def save(self) -> None:
        """All that is not on the disk yet."""
        await self._keep()

    async def _keep(self) -> None:
        """All of it, with what is to be told of it, or nothing."""
        batch, told = dict(self._unwritten), None if self.tells is None else self.tells.batch()
        if batch or told is not None:
            self._kept(batch, told, await asyncio.to_thread(self._write, batch, told))

    def _write(self, batch: Mapping[int, Incident], told: Writes | None) -> StoreError | None:
        if self._store is None or self._shelf is None:
            return None
        try:
            with self._store.transaction() as connection:
                self._shelf.write(connection, batch.values(), self._configuration().limits.incidents_kept)
                if told is not None:
                    told(connection)
        except StoreError as error:
            return error
        return None

    def _kept(self, batch: Mapping[int, Incident], told: Writes | None, error: StoreError | None) -> None:
        if error is not None:
            self._journal.store_failed(error)
            return
        if told is not None and self.tells is not None:
            self.tells.written(told)
        for number, each in batch.items():
            if self._unwritten.get(number) is each:
                del self._unwritten[number]
            if self._store is not None and self._recent.get(number) is each:
                del self._recent[number]

    # What is counted

    def counters(self) -> dict[tuple[str, ...], int]:
        found: dict[tuple[str, ...], int] = {("gslb_incident_failures_total",): self.failures}
        return found | {("gslb_incidents_total", severity): count for severity, count in self.opened.items()}

    def gauges(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {("gslb_incidents_open", each.value): 0.0 for each in Severity}
        for incident in self.open:
            found["gslb_incidents_open", incident.severity.value] += 1
        worst = max((incident.impact.share_degraded for incident in self.open), default=0.0)
        return found | {("gslb_incident_clients_degraded_ratio",): worst}


def _seen(world: World, facts: NodeFacts) -> tuple[tuple[Finding, ...], Mapping[str, float]]:
    return findings(world, facts), well_shares(world)


def _near(one: float | None, other: float | None) -> bool:
    """Rates tremble: a fifth is news."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= max(0.2 * max(one, other), 0.05)
