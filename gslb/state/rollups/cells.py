"""The numbers of one slot: of each series a value, and of how many it was made."""

from __future__ import annotations

from array import array
from math import isfinite
from sys import byteorder
from typing import Final, Literal

WEIGHT_MOST: Final = 0xFFFF
LARGEST: Final = 3.0e38  # that a float of 32 bits has room for
CELL_OCTETS: Final = 6

Fold = Literal["mean", "max"]


class Cells:
    """By column. Weight 0 is none."""

    __slots__ = ("values", "weights")

    def __init__(self) -> None:
        self.values = array("d")
        self.weights = array("H")

    def __len__(self) -> int:
        return len(self.values)

    def add(self, column: int, value: float, fold: Fold, weight: int = 1) -> None:
        """One more value, or one that so many were made to. What is no number is none."""
        if not isfinite(value):
            return
        if column >= len(self.values):
            self.values.extend([0.0] * (column + 1 - len(self.values)))
            self.weights.extend([0] * (column + 1 - len(self.weights)))
        value = max(-LARGEST, min(LARGEST, value))
        known, before = self.weights[column], self.values[column]
        if not known:
            self.values[column] = value
        elif fold == "max":
            self.values[column] = max(before, value)
        else:
            self.values[column] = before + (value - before) * weight / (known + weight)
        self.weights[column] = min(WEIGHT_MOST, known + weight)

    def clear(self, column: int) -> None:
        if column < len(self.weights):
            self.weights[column] = 0

    def pack(self) -> bytes:
        """Values of 32 bits, then weights of 16, all little-endian."""
        values, weights = array("f", self.values), array("H", self.weights)
        if byteorder == "big":
            values.byteswap()
            weights.byteswap()
        return values.tobytes() + weights.tobytes()


def halves(octets: bytes) -> tuple[array[float], array[int]]:
    """Values and weights by column; nothing of octets that are none."""
    count, rest = divmod(len(octets), CELL_OCTETS)
    values, weights = array("f"), array("H")
    if not rest:
        values.frombytes(octets[: 4 * count])
        weights.frombytes(octets[4 * count :])
        if byteorder == "big":
            values.byteswap()
            weights.byteswap()
    return values, weights


def unpack(octets: bytes) -> Cells:
    """Of what is no such thing, as much as makes sense: nothing."""
    found = Cells()
    values, found.weights = halves(octets)
    found.values.extend(value if isfinite(value) else 0.0 for value in values)
    return found
