"""How things were: every ten seconds, a number of each thing that somebody may ask about later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gslb.errors import StoreError
from gslb.model import Configuration, Severity, World
from gslb.runtime.journal import Journal
from gslb.runtime.recollection import Counted, Recollection
from gslb.state.rollups import TIERS, History, Rollups, Series
from probes.model import Result

FILE: Final = "history.db"
OPENED_WITHIN_S: Final = 5.0
STEP_S: Final = TIERS[0].step_s
EARLY_S: Final = 0.5  # a timer may go off so much before its time

METRICS: Final = {
    "gslb_history_up": ("Whether what was is kept for a restart.", ()),
    "gslb_history_series": ("Series of numbers that the history has, of limits.history_series.", ()),
    "gslb_history_slots": ("Slots of time that it has, each with all series.", ()),
    "gslb_history_bytes": ("Size of its file.", ()),
    "gslb_history_lost_total": ("Numbers that it has no room for.", ()),
    "gslb_history_evicted_total": ("Series that were forgotten as others needed their place.", ()),
    "gslb_history_failures_total": ("Writes to it that failed.", ()),
}


class Remembering:
    """Without a file that can be used it goes on in memory; a write that fails is told once, and the next is tried."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        world: Callable[[], World],
        counted: Callable[[], Counted],
        journal: Journal,
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        self._configuration, self._world, self._counted, self._journal = configuration, world, counted, journal
        self._utc_s = utc_s
        self._recollection = Recollection()
        self._book: Rollups | None = None
        self._opened = asyncio.Event()
        self._failures = 0
        self._failing = False

    # What comes in

    def observed(self, result: Result) -> None:
        """A probe, as it came in."""
        settings, timings = self._configuration().probes, result.timings
        ms = timings.first_byte_ms if settings.latency == "first_byte" else timings.connect_ms
        if result.ok and ms is not None:
            self._recollection.measured(result.site, settings.vantage, ms)

    async def run(self) -> None:
        """Until cancelled."""
        book, fault = await asyncio.to_thread(self._open, Path(self._configuration().state_dir))
        self.use(book, fault)
        self._recollection.begin(self._counted(), time.monotonic())
        ended = 0
        try:
            while True:
                await asyncio.sleep(STEP_S - self._utc_s() % STEP_S)
                was, ended = ended, TIERS[0].start(self._utc_s() + EARLY_S)
                if ended != was:
                    await self.note(ended - STEP_S)
        finally:
            self._book = None
            await asyncio.to_thread(book.close)

    def _open(self, directory: Path) -> tuple[Rollups, StoreError | None]:
        """May take a while for a large file."""
        most = self._configuration().limits.history_series
        utc = datetime.fromtimestamp(self._utc_s(), UTC)
        try:
            return Rollups(directory / FILE, most, utc), None
        except StoreError as error:
            return Rollups(None, most, utc), error

    def use(self, book: Rollups, fault: StoreError | None = None) -> None:
        """This one from now on; `fault` is why it is in memory alone."""
        self._book = book
        self._opened.set()
        if fault is not None:
            self._failed(fault)
        if book.set_aside is not None:
            message = f"the file of the history was broken: it is kept as {book.set_aside}, and a new one begun"
            self._tell("history-set-aside", Severity.WARNING, message)

    async def note(self, at_s: float) -> None:
        """Keeps what was since the last time, as of the slots in which `at_s` is."""
        book = await self._ready()
        arguments = self._world(), self._counted(), self._recollection.latencies(), time.monotonic()
        try:
            await asyncio.to_thread(lambda: book.write(at_s, self._recollection.taken(*arguments)))
        except StoreError as error:
            self._failed(error)
        else:
            self._worked(book)

    def _failed(self, error: StoreError) -> None:
        """Told once, until it works again; counted each time."""
        self._failures += 1
        if not self._failing:
            self._failing = True
            self._tell("history-failed", Severity.WARNING, f"a restart would forget how things were from now on: {error}")

    def _worked(self, book: Rollups) -> None:
        if self._failing and book.kept:
            self._failing = False
            self._tell("history-works", Severity.INFO, "the history is kept again")

    def _tell(self, kind: str, severity: Severity, message: str) -> None:
        self._journal.tell(kind, severity, "history", message)

    # What is asked

    async def read(self, asked: str, wanted: Callable[[Series], bool]) -> History:
        """Of the series that are wanted, up to the last whole slot of ten seconds, by a name of `RANGES`. Raises StoreError."""
        book = await self._ready()
        return await asyncio.to_thread(book.read, asked, self._utc_s() - STEP_S, wanted)

    async def totals(self, asked: str, wanted: Callable[[Series], bool]) -> Mapping[Series, float]:
        """Of series that are so much a second: how much it was in all. Raises StoreError."""
        book = await self._ready()
        return await asyncio.to_thread(book.totals, asked, self._utc_s() - STEP_S, wanted)

    async def _ready(self) -> Rollups:
        with suppress(TimeoutError):
            async with asyncio.timeout(OPENED_WITHIN_S):
                await self._opened.wait()
        if self._book is None:
            raise StoreError("the history is being opened")
        return self._book

    # What is counted

    def counters(self) -> dict[tuple[str, ...], int]:
        book = self._book
        return {
            ("gslb_history_lost_total",): book.lost if book else 0,
            ("gslb_history_evicted_total",): book.evicted if book else 0,
            ("gslb_history_failures_total",): self._failures,
        }

    def gauges(self) -> dict[tuple[str, ...], float]:
        book = self._book
        if book is None:
            return {("gslb_history_up",): 0.0}
        return {
            ("gslb_history_up",): float(book.kept and not self._failing),
            ("gslb_history_series",): book.series,
            ("gslb_history_slots",): book.slots,
            ("gslb_history_bytes",): book.octets,
        }
