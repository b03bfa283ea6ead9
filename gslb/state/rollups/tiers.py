"""How fine, and for how long: the rings, and which of them a question is answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple


class Tier(NamedTuple):
    """A ring of `slots` slots of `step_s` seconds each. A slot begins at a multiple of its step in Unix time."""

    step_s: int
    slots: int

    def start(self, at_s: float) -> int:
        """Of the slot in which this is."""
        return int(at_s // self.step_s) * self.step_s

    def position(self, start_s: int) -> int:
        return start_s // self.step_s % self.slots


# Each a multiple of the one before.
TIERS: Final[Sequence[Tier]] = (Tier(10, 360), Tier(60, 1440), Tier(3600, 8760))


class Range(NamedTuple):
    """So many slots of a tier, `merged` of them to one value."""

    tier: int
    slots: int
    merged: int = 1


RANGES: Final[Mapping[str, Range]] = {
    "1h": Range(0, 360),
    "24h": Range(1, 1440),
    "7d": Range(2, 168),
    "30d": Range(2, 720),
    "1y": Range(2, 8760, 6),
}
