"""Lays maps of the address space over each other.

A layer says for a family where something changes, and what holds from there on: starts, which rise from 0, and a number
for each. Two layers together change wherever one does. Millions of blocks go through here, so the work is left to what
the interpreter does by itself for whole columns; and a piece at a time, so that memory does not grow with them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, compress
from operator import ne
from typing import Final, NamedTuple

from gslb.model import ADDRESS_BITS, FINEST_PREFIX, Family

FAMILIES: Final[tuple[Family, ...]] = (4, 6)
# Starts are numbers of units of steering: of /24s, and of /56s. This is how far an address is shifted to become one.
UNIT_SHIFT: Final[Mapping[Family, int]] = {family: ADDRESS_BITS[family] - FINEST_PREFIX[family] for family in FAMILIES}
PIECE: Final = 1 << 14

Key = tuple[int, ...]


class Layer(NamedTuple):
    starts: Sequence[int]
    numbers: Sequence[int]


def overlay(layers: Sequence[Layer], piece: int = PIECE) -> Iterator[tuple[list[int], Iterator[Key]]]:
    """Piece by piece: the starts of all layers together, and for each start the numbers that they have there."""
    ends = sorted({start for layer in layers for start in layer.starts[piece::piece]})
    for low, high in zip([0, *ends], [*ends, None], strict=True):
        parts = [_part(layer, low, high) for layer in layers]
        starts = sorted({low}.union(*(part.starts for part in parts)))
        yield starts, zip(*(_spread(part, starts) for part in parts), strict=True)


def _part(layer: Layer, low: int, high: int | None) -> Layer:
    """What changes after `low` and before `high`; the first number holds at `low`."""
    first = bisect_right(layer.starts, low)
    end = len(layer.starts) if high is None else bisect_left(layer.starts, high)
    return Layer(layer.starts[first:end], layer.numbers[first - 1 : end])


def _spread(part: Layer, starts: list[int]) -> Iterator[int]:
    own = set(part.starts)
    return map(part.numbers.__getitem__, accumulate(map(own.__contains__, starts)))


def changes(starts: Sequence[int], numbers: Sequence[int], before: int) -> Layer:
    """Only where the number is another one than just before."""
    changed = list(map(ne, numbers, [before, *numbers[:-1]]))
    return Layer(list(compress(starts, changed)), list(compress(numbers, changed)))
