"""The two clocks at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """`now_s` is the monotonic clock, `utc` an aware datetime."""

    now_s: float
    utc: datetime

    def utc_of(self, at_s: float) -> datetime:
        return self.utc - timedelta(seconds=self.now_s - at_s)


def to_midnight_s(utc: datetime) -> float:
    """How long until the next day begins, by UTC."""
    tomorrow = (utc + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - utc).total_seconds()
