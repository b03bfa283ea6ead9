"""What happens, as it happens, for whoever watches.

Every watcher has a queue with a bound. Who reads too slowly loses what waits, is told so once (`RESET`), and starts over
from what is true now; nobody else waits for them.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable
from enum import Enum
from types import TracebackType
from typing import Final

from gslb.errors import BusyError
from gslb.model import Event

EVENTS_KEPT: Final = 1000
WAITING_MOST: Final = 2 * EVENTS_KEPT  # all that resuming may bring, and as much again
WATCHERS_MOST: Final = 64
WATCHERS_OF_PEER_MOST: Final = 16


class Signal(Enum):
    CHANGED = "changed"  # something that sites, services or the node show; many are one
    RESET = "reset"  # something was lost


class Feed:
    """The control process publishes; the admin side subscribes. `events` are the last known, the oldest first."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.version = 0  # grows with every publication
        self.lost = 0  # events that watchers were too slow for
        self.counts: Counter[str] = Counter()  # of events since the start, by kind
        self._events: deque[Event] = deque(events, maxlen=EVENTS_KEPT)
        self._watchers: set[Subscription] = set()
        self._closed = False

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    @property
    def last(self) -> int:
        """The number of the newest event, 0 before the first."""
        return self._events[-1].number if self._events else 0

    def publish(self, event: Event) -> None:
        self.version += 1
        self.counts[event.kind] += 1
        self._events.append(event)
        for watcher in self._watchers:
            watcher.put(event)

    def changed(self) -> None:
        """What reports, World or status tell may have changed."""
        self.version += 1
        for watcher in self._watchers:
            watcher.nudge()

    def after(self, number: int) -> tuple[Event, ...] | None:
        """The events that follow this one; None if some of them are not known any more, or it never was one of ours."""
        oldest = self._events[0].number if self._events else self.last + 1
        if number > self.last or number < oldest - 1:
            return None
        return tuple(event for event in self._events if event.number > number)

    def watchers_of(self, peer: str) -> int:
        return sum(watcher.peer == peer for watcher in self._watchers)

    def subscribe(self, after: int | None = None, peer: str = "") -> Subscription:
        """Watch from now on, or from an event on, for whoever it is. Raises BusyError beyond the bound of all."""
        if len(self._watchers) >= WATCHERS_MOST or self._closed:
            raise BusyError(f"{WATCHERS_MOST} clients watch already" if not self._closed else "this node is stopping")
        missed = () if after is None else self.after(after)
        watcher = Subscription(self, missed, peer)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Subscription) -> None:
        self._watchers.discard(watcher)

    def close(self) -> None:
        """Ends every subscription, and admits no more."""
        self._closed = True
        for watcher in self._watchers:
            watcher.end()


class Subscription:
    """An iterator over events and signals that ends when the feed closes; leave it with `with`."""

    def __init__(self, feed: Feed, missed: tuple[Event, ...] | None, peer: str = "") -> None:
        self.peer = peer
        self._feed = feed
        self._events: deque[Event] = deque(missed or ())
        self._lost = missed is None
        self._changed = False
        self._ended = False
        self._woken = asyncio.Event()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._feed.leave(self)

    def put(self, event: Event) -> None:
        if len(self._events) >= WAITING_MOST:
            self._feed.lost += len(self._events)
            self._events.clear()
            self._lost = True
        self._events.append(event)
        self._woken.set()

    def nudge(self) -> None:
        self._changed = True
        self._woken.set()

    def end(self) -> None:
        self._ended = True
        self._woken.set()

    async def __aiter__(self) -> AsyncIterator[Event | Signal]:
        while not self._ended:
            notice = self._next()
            if notice is None:
                self._woken.clear()
                await self._woken.wait()
            else:
                yield notice

    def _next(self) -> Event | Signal | None:
        if self._lost:
            self._lost = False
            return Signal.RESET
        if self._events:
            return self._events.popleft()
        if self._changed:
            self._changed = False
            return Signal.CHANGED
        return None
