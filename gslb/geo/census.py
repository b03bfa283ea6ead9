"""Where the users of each country are: networks that the databases place there, drawn by size.

The draw is systematic: all units that a country has are put in a row, and taken at even steps. So it comes out the same
each time, spreads over all of them, and takes none twice. Of IPv6 a block counts by /32s, 4,096 of them at most: beyond that
size says how generous a registry was, and nothing about people.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gslb.geo.atlas import Atlas
from gslb.geo.overlay import UNIT_SHIFT, digits, overlay, radices
from gslb.geo.special import special_prefix
from gslb.geo.users import YEAR, users
from gslb.model import FINEST_PREFIX, Family

Drawn = tuple[Family, int, int, float]  # family, address, length, weight

_UNITS_OF_32 = 1 << 24
_MOST_32S = 1 << 12


def _starts() -> array[int]:
    return array("Q")


@dataclass(slots=True)
class Land:
    """The blocks of one country: first units, lengths in units, and by how much each is the last so far in the row."""

    starts: array[int] = field(default_factory=_starts)
    lengths: array[int] = field(default_factory=_starts)
    ends: array[int] = field(default_factory=_starts)

    def add(self, start: int, length: int, size: int) -> None:
        self.starts.append(start)
        self.lengths.append(length)
        self.ends.append((self.ends[-1] if self.ends else 0) + size)

    def draw(self, count: int) -> Iterator[int]:
        """So many units, or all there are."""
        total = self.ends[-1]
        count = min(count, total)
        for number in range(count):
            at = (2 * number + 1) * total // (2 * count)
            block = bisect_right(self.ends, at)
            size = self.ends[block] - (self.ends[block - 1] if block else 0)
            into = at - (self.ends[block] - size)
            yield self.starts[block] + into * self.lengths[block] // size


def census(atlas: Atlas, family: Family) -> Mapping[str, Land]:
    """By country, of those whose users are known."""
    found: dict[str, Land] = {}
    wanted = users()
    for start, length, country in _blocks(atlas, family):
        if country in wanted and special_prefix(family, start << UNIT_SHIFT[family]) is None:
            size = length if family == 4 else min(_MOST_32S, max(1, length // _UNITS_OF_32))
            found.setdefault(country, Land()).add(start, length, size)
    return found


def draw(lands: Mapping[str, Land], family: Family, count: int) -> list[Drawn]:
    """About `count` networks, at least one of each country; a country's weights add up to its share of the users."""
    known = {country: users()[country].millionths for country in lands}
    total = sum(known.values())
    drawn: list[Drawn] = []
    for country, millionths in known.items():
        if not millionths:
            continue
        units = list(lands[country].draw(max(1, round(count * millionths / total))))
        weight = millionths / total / len(units)
        drawn += [(family, unit << UNIT_SHIFT[family], FINEST_PREFIX[family], weight) for unit in units]
    return drawn


def source(networks: int) -> str:
    """In words, for people."""
    return f"{networks} networks of all countries, by their Internet users of {YEAR} (World Bank, ITU)"


def _blocks(atlas: Atlas, family: Family) -> Iterator[tuple[int, int, str]]:
    """First unit, length in units, country; what has none is left out."""
    layers = atlas.layers(family)
    bases = radices(layers)
    countries: dict[int, str | None] = {}
    before: tuple[int, str | None] = (0, None)
    for starts, keys in overlay(layers, bases):
        for start, key in zip(starts, keys, strict=True):
            if key not in countries:
                countries[key] = atlas.place(family, digits(key, bases)).country
            if before[1] is not None and start > before[0]:
                yield before[0], start - before[0], before[1]
            before = (start, countries[key])
    if before[1] is not None:
        yield before[0], (1 << FINEST_PREFIX[family]) - before[0], before[1]
