"""The slots of one series, several to one value where so many were asked for."""

from __future__ import annotations

from math import isfinite

from gslb.state.rollups.columns import Series


class Folded:
    """`sums` are of values by their weights, or the largest value, for a series of maxima."""

    __slots__ = ("_is_max", "column", "epoch", "series", "sums", "weights")

    def __init__(self, series: Series, column: int, epoch: int, count: int) -> None:
        self.series, self.column, self.epoch = series, column, epoch
        self.sums = [0.0] * count
        self.weights = [0] * count
        self._is_max = series.fold == "max"

    def add(self, index: int, value: float, weight: int) -> None:
        if not self._is_max:
            self.sums[index] += value * weight
        elif not self.weights[index] or value > self.sums[index]:
            self.sums[index] = value
        self.weights[index] += weight

    def means(self) -> list[float | None]:
        """None where nothing is known, or is of no sense."""
        if self._is_max:
            found = zip(self.sums, self.weights, strict=True)
            return [value if weight and isfinite(value) else None for value, weight in found]
        return [
            total / weight if weight and isfinite(total) else None
            for total, weight in zip(self.sums, self.weights, strict=True)
        ]  # fmt: skip
