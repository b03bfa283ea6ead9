"""Which series has which column.

A column that is given to another series still has the numbers of the one before in every slot that was written till then.
So each assignment has a number, an epoch, that only grows; a slot knows up to which epoch it was written, and of a column
that was given away later it says nothing. That holds however the clock jumps.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gslb.state.rollups.cells import Fold

KEY_MOST = 1000  # characters


class Series(NamedTuple):
    """What is remembered: of a site ("" for none), under a name, by values of labels. Names that end in `_max` are of maxima."""

    site: str
    name: str
    labels: tuple[str, ...] = ()

    @property
    def fold(self) -> Fold:
        return "max" if self.name.endswith("_max") else "mean"

    def key(self) -> str:
        return json.dumps([self.site, self.name, *self.labels], separators=(",", ":"))

    @classmethod
    def of(cls, key: object) -> Series | None:
        try:
            parts = json.loads(key) if isinstance(key, str) and len(key) <= KEY_MOST else None
        except (ValueError, RecursionError):
            return None
        if not isinstance(parts, list) or len(parts) < 2 or not all(isinstance(part, str) for part in parts):
            return None
        return cls(parts[0], parts[1], tuple(parts[2:]))


@dataclass(slots=True)
class Column:
    number: int
    series: Series
    epoch: int
    used_s: int


@dataclass(slots=True)
class Columns:
    """At most `most`; `changed` are those that the file does not have yet, `fresh` the numbers that the last `take` gave away.
    `evicted` counts series that made room for others, `lost` values that there was no room for.
    """

    most: int
    epoch: int = 0
    evicted: int = 0
    lost: int = 0
    changed: dict[int, Column] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    _known: dict[Series, Column] = field(default_factory=dict)
    _free: list[int] = field(default_factory=list)
    _next: int = 0

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[Column]:
        return iter(self._known.values())

    def find(self, series: Series) -> Column | None:
        return self._known.get(series)

    def restore(self, columns: Iterable[Column]) -> list[int]:
        """What a file has. Tells the numbers of those that there is no room for any more: the ones unused for longest."""
        newest = sorted(columns, key=lambda column: -column.used_s)
        dropped = [column.number for column in newest[self.most :]]
        for column in newest[: self.most]:
            self._known[column.series] = column
        taken = {column.number for column in self._known.values()}
        self._next = max(taken, default=-1) + 1
        self._free = [number for number in range(self._next) if number not in taken]
        self.epoch = max((column.epoch for column in newest), default=0)
        return dropped

    def take(self, wanted: Iterable[Series], at_s: int) -> dict[Series, Column]:
        """The columns of these, as far as there are any: of too many the first have them."""
        found: dict[Series, Column] = {}
        self.fresh.clear()
        new: list[Series] = []
        for series in wanted:
            column = self._known.get(series)
            if column is None:
                new.append(series)
            else:
                column.used_s = at_s
                found[series] = column
        if new:
            new = list(dict.fromkeys(new))
            self._assign(new, found, at_s)
        return found

    def _assign(self, new: list[Series], found: dict[Series, Column], at_s: int) -> None:
        """Room is made of series that nobody wants now, of the one unused for longest first."""
        unused: list[Column] | None = None
        for series in new:
            number = self._room()
            if number is None:
                if unused is None:
                    idle = (column for known, column in self._known.items() if known not in found)
                    unused = sorted(idle, key=lambda column: -column.used_s)
                if not unused:
                    self.lost += 1
                    continue
                old = unused.pop()
                del self._known[old.series]
                number, self.evicted = old.number, self.evicted + 1
            self.epoch += 1
            self.fresh.append(number)
            column = Column(number, series, self.epoch, at_s)
            self._known[series] = found[series] = self.changed[number] = column

    def _room(self) -> int | None:
        if len(self._known) >= self.most:
            return None
        if self._free:
            return self._free.pop()
        self._next += 1
        return self._next - 1
