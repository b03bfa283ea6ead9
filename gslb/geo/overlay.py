"""Lays maps of the address space over each other.

A layer says for a family where something changes, and what holds from there on: starts, which rise from 0, and a number
for each. Two layers together change wherever one does. Millions of blocks go through here, so the work is left to what
the interpreter does by itself for whole columns; and a piece at a time, so that memory does not grow with them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, compress, repeat
from operator import add, mul, ne
from typing import Final, NamedTuple

from gslb.model import ADDRESS_BITS, FINEST_PREFIX, Family

FAMILIES: Final[tuple[Family, ...]] = (4, 6)
# Starts are numbers of units of steering: of /24s, and of /56s. This is how far an address is shifted to become one.
UNIT_SHIFT: Final[Mapping[Family, int]] = {family: ADDRESS_BITS[family] - FINEST_PREFIX[family] for family in FAMILIES}
PIECE: Final = 1 << 14


class Layer(NamedTuple):
    starts: Sequence[int]
    numbers: Sequence[int]


def radices(layers: Iterable[Layer]) -> list[int]:
    return [max(layer.numbers) + 1 for layer in layers]


def overlay(layers: Sequence[Layer], radices: Sequence[int], piece: int = PIECE) -> Iterator[tuple[list[int], Iterator[int]]]:
    """Piece by piece: the starts of all layers together, and for each start a key.

    The key holds the numbers that the layers have there, like digits, each in a place of its own radix: of a million of
    different ones that is a third of the memory that tuples take.
    """
    ends = sorted({start for layer in layers for start in layer.starts[piece::piece]})
    for low, high in zip([0, *ends], [*ends, None], strict=True):
        parts = [_part(layer, low, high) for layer in layers]
        starts = sorted({low}.union(*(part.starts for part in parts)))
        keys: Iterator[int] = repeat(0, len(starts))
        for part, radix in zip(parts, radices, strict=True):
            keys = map(add, map(mul, keys, repeat(radix)), _spread(part, starts))
        yield starts, keys


def digits(key: int, radices: Sequence[int]) -> list[int]:
    """The number of each layer."""
    found = []
    for radix in reversed(radices):
        key, digit = divmod(key, radix)
        found.append(digit)
    return found[::-1]


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
