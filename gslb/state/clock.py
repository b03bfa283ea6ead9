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
