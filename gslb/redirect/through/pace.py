"""How many are served through at a time, and how fast all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from typing import Final

from gslb.model import Limits

PIECE_MAX: Final = 65536  # octets that are read of a site, and written to a client, at a time
PIECE_MIN: Final = 1024
BURST_S: Final = 0.1  # for so long nothing has to be waited for after a pause
TURN_S: Final = 2.0  # the longest that a stream may have to wait for its next piece


class Pace:
    """Each stream has one piece in the queue at most, and the queue is first come, first served: so all get the same."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._free_s = 0.0
        self.limits = limits

    @property
    def piece(self) -> int:
        """Octets: smaller where the rate is low, or the memory of a stream is. Four of them are in memory at most."""
        limits = self.limits
        return max(PIECE_MIN, min(PIECE_MAX, limits.through_rate // 20, limits.through_buffer // 4))

    def reserve(self, octets: int) -> float:
        """Takes the next place in the queue; tells for how many seconds to wait until these octets may go."""
        now = self._clock()
        begin_s = max(self._free_s, now - BURST_S)
        self._free_s = begin_s + octets / self.limits.through_rate
        return max(0.0, begin_s - now)

    def bears(self, streams: int) -> bool:
        """Whether so many can be served without one of them standing still."""
        return streams <= 1 or streams * self.piece <= self.limits.through_rate * TURN_S


class Streams:
    """Who is being served. `owner` is whom a stream counts for, as a connection does."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._by_owner: Counter[Hashable] = Counter()
        self.open = 0

    def enter(self, owner: Hashable) -> str | None:
        """None: welcome, and has to leave; else a word for why not."""
        limits = self._pace.limits
        if self.open >= limits.through_streams:
            return "streams"
        if self._by_owner[owner] >= limits.through_streams_per_client:
            return "client"
        if not self._pace.bears(self.open + 1):
            return "rate"
        self.open += 1
        self._by_owner[owner] += 1
        return None

    def leave(self, owner: Hashable) -> None:
        self.open -= 1
        self._by_owner[owner] -= 1
        if not self._by_owner[owner]:
            del self._by_owner[owner]
