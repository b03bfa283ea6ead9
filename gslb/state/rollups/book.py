"""Series of numbers, kept in three rings.

The problem. Numbers come every ten seconds for as long as the node runs, and nobody must have to clean up after it. They have
to be there after a restart, and to make sense however the clock was set meanwhile.

The rules. Time is cut into slots, by Unix time, so no change of a time zone concerns it. A number goes into the slot of each
ring that it falls in, and is folded there with those that came before: the mean of all, or the largest. A slot has one place
in its ring, and whoever comes to that place with another time begins it anew. So:

- after a restart a slot that has begun is gone on with, since it is read from the file;
- a clock set back by a minute folds the numbers of that minute twice, and one set forward leaves a gap;
- a clock that was a year ahead has written over what was at those places, and is written over itself.

Whoever reads asks for a time, and gets the slots that are of that time, never those that only have its place.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from gslb.state.rollups import rings
from gslb.state.rollups.cells import Cells, halves, unpack
from gslb.state.rollups.columns import Column, Columns, Series
from gslb.state.rollups.folded import Folded
from gslb.state.rollups.rings import Slot
from gslb.state.rollups.tiers import RANGES, TIERS, Range, Tier
from gslb.state.sqlitefile import open_file, told

MEMORY = Path(":memory:")


class History(NamedTuple):
    """Values of slots of `step_s` seconds from `start_s` on; None where nothing is known."""

    start_s: int
    step_s: int
    series: Mapping[Series, Sequence[float | None]]


@dataclass(slots=True)
class _Present:
    """The slot of a tier that is being written."""

    start_s: int
    cells: Cells


class Rollups:
    """Opens or makes the file at `path`, None for none: then all is lost with the process. Raises StoreError. Any thread may
    use it.

    `series_most` bounds the series, and with them the file. `set_aside` is where a broken file went, or None.
    """

    def __init__(
        self, path: str | os.PathLike[str] | None, series_most: int, utc: datetime, tiers: Sequence[Tier] = TIERS
    ) -> None:
        self.path = MEMORY if path is None else Path(path)
        self.set_aside: Path | None = None
        self._tiers = tiers
        self._lock = threading.Lock()
        self._present: list[_Present | None] = [None] * len(tiers)
        self._columns = Columns(min(series_most, rings.COLUMNS_MOST))
        with told(self.path):
            if path is None:
                self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
                rings.prepare(self._connection)
            else:
                self._connection, self.set_aside = open_file(self.path, utc, rings.prepare)
            rings.forget_columns(self._connection, self._columns.restore(rings.columns(self._connection)))
            self.octets, self.slots = rings.octets(self._connection), rings.count(self._connection)

    @property
    def kept(self) -> bool:
        """Whether a restart finds it."""
        return self.path is not MEMORY

    @property
    def series(self) -> int:
        return len(self._columns)

    @property
    def evicted(self) -> int:
        """Series that made room for others."""
        return self._columns.evicted

    @property
    def lost(self) -> int:
        """Values that there was no room for."""
        return self._columns.lost

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def write(self, at_s: float, values: Mapping[Series, float]) -> None:
        """One number of each, of the time up to now; of too many series, the first are kept. Raises StoreError: then they are
        in the file with what is written next, as far as their slots are still being written."""
        with told(self.path), self._lock:
            columns = self._columns.take(values, int(at_s))
            begun = [self._add(tier, each.start(at_s), values, columns) for tier, each in enumerate(self._tiers)]
            if begun[-1]:  # when they were used last need not be kept each time
                self._columns.changed |= {column.number: column for column in columns.values()}
            with self._transaction() as connection:
                self._keep(connection)
            self._columns.changed.clear()
            self.octets, self.slots = rings.octets(self._connection), rings.count(self._connection)

    def read(self, asked: str | Range, now_s: float, wanted: Callable[[Series], bool] = lambda series: True) -> History:
        """The history up to now of the series that are wanted. Raises StoreError."""
        span = RANGES[asked] if isinstance(asked, str) else asked
        first_s, step_s = self._first(span, now_s), self._tiers[span.tier].step_s * span.merged
        return History(first_s, step_s, {each.series: each.means() for each in self._folded(span, first_s, wanted)})

    def totals(self, asked: str | Range, now_s: float, wanted: Callable[[Series], bool]) -> dict[Series, float]:
        """Of series that are so much a second: how much it was in all. Raises StoreError."""
        span = RANGES[asked] if isinstance(asked, str) else asked
        whole = self._folded(span._replace(merged=span.slots), self._first(span, now_s), wanted)
        return {each.series: each.sums[0] * self._tiers[0].step_s for each in whole if each.weights[0] and isfinite(each.sums[0])}

    def _first(self, span: Range, now_s: float) -> int:
        tier = self._tiers[span.tier]
        return tier.start(now_s) - (span.slots - 1) * tier.step_s

    def _folded(self, span: Range, first_s: int, wanted: Callable[[Series], bool]) -> list[Folded]:
        """A row has all series, and there may be millions of cells."""
        step_s, count = self._tiers[span.tier].step_s, -(-span.slots // span.merged)
        with told(self.path), self._lock:
            found = [
                Folded(column.series, column.number, column.epoch, count) for column in self._columns if wanted(column.series)
            ]
            for slot in rings.slots(self._connection, span.tier, first_s, first_s + (span.slots - 1) * step_s):
                values, weights = halves(slot.cells)
                index = (slot.start_s - first_s) // step_s // span.merged
                for each in found:
                    if each.column < len(weights) and each.epoch <= slot.epoch and weights[each.column]:
                        each.add(index, values[each.column], weights[each.column])
        return found

    def _add(self, tier: int, start_s: int, values: Mapping[Series, float], columns: Mapping[Series, Column]) -> bool:
        """Whether the slot was begun, or gone back to."""
        present = self._present[tier]
        begun = present is None or present.start_s != start_s
        if present is None or begun:
            present = self._present[tier] = self._begun(tier, start_s)
        for number in self._columns.fresh:
            present.cells.clear(number)
        for series, column in columns.items():
            present.cells.add(column.number, values[series], series.fold)
        return begun

    def _begun(self, tier: int, start_s: int) -> _Present:
        """As the file has it, if that is of this time, without the columns that were given away since."""
        slot = rings.slot(self._connection, tier, self._tiers[tier].position(start_s))
        if slot is None or slot.start_s != start_s:
            return _Present(start_s, Cells())
        cells = unpack(slot.cells)
        known = {column.number: column.epoch for column in self._columns}
        for number in range(len(cells)):
            if known.get(number, slot.epoch + 1) > slot.epoch:
                cells.clear(number)
        return _Present(start_s, cells)

    def _keep(self, connection: sqlite3.Connection) -> None:
        rings.keep_columns(connection, self._columns.changed.values())
        for number, (tier, present) in enumerate(zip(self._tiers, self._present, strict=True)):
            if present is not None:
                slot = Slot(present.start_s, self._columns.epoch, present.cells.pack())
                rings.keep_slot(connection, number, tier.position(present.start_s), slot)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
