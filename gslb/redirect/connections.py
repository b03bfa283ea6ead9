"""All connections of a server: how many there may be, and which have been waited for long enough."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from enum import IntEnum
from typing import Final, Protocol

from gslb.model import Limits
from gslb.model.counting import Counters

LAST_WORDS_S: Final = 2.0  # for the peer to read our last response and close, once we have
_SOONEST_S: Final = 0.01


class State(IntEnum):
    """What a connection waits for, in the order in which it is the first to go when there are too many."""

    IDLE = 0  # the next request
    ENDING = 1  # the peer, to close
    WRITING = 2  # the peer, to read
    READING = 3  # the rest of a request, or the first one
    STREAMING = 4  # the site that it is served from, or the peer, to read


WORD: Final = {
    State.IDLE: "idle",
    State.ENDING: "ended",
    State.WRITING: "slow",
    State.READING: "header",
    State.STREAMING: "slow",
}


class Connection(Protocol):
    """`owner` is whom it counts for; None for a proxy that speaks for many."""

    owner: Hashable | None
    state: State
    since_s: float

    def cut(self, reason: str) -> None:
        """End it now. It has discarded itself when this returns, or, if it was too slow, shown that it moves on."""

    def finish(self) -> None:
        """End it if no request has begun."""


class Connections:
    """In each state, the connections from the longest in it on."""

    def __init__(self, limits: Limits, counters: Counters, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.counters = counters
        self.clock = clock
        self.draining = False
        self.states: tuple[OrderedDict[Connection, None], ...] = tuple(OrderedDict() for _ in State)
        self.idle = self.states[State.IDLE]
        self._empty = asyncio.Event()
        self._by_owner: dict[Hashable, dict[Connection, None]] = {}

    def __len__(self) -> int:
        return sum(map(len, self.states))

    def add(self, connection: Connection) -> None:
        """Takes a connection in, which waits for its first request; ends another one if there are too many."""
        owner = connection.owner
        if owner is not None:
            mine = self._by_owner.get(owner, {})
            if len(mine) >= self.limits.http_connections_per_client:
                min(mine, key=lambda one: (one.state, one.since_s)).cut("evicted")
            self._by_owner.setdefault(owner, {})[connection] = None
        if len(self) >= self.limits.http_connections:
            next(iter(next(filter(None, self.states)))).cut("evicted")
        connection.state, connection.since_s = State.READING, self.clock()
        self.states[State.READING][connection] = None

    def move(self, connection: Connection, state: State) -> None:
        """From now on it waits for something else, or again for the same."""
        if self.states[connection.state].pop(connection, self) is self:
            return  # discarded
        connection.state, connection.since_s = state, self.clock()
        self.states[state][connection] = None

    def discard(self, connection: Connection) -> None:
        if self.states[connection.state].pop(connection, self) is self:
            return
        mine = self._by_owner.get(connection.owner)
        if mine is not None:
            mine.pop(connection, None)
            if not mine:
                del self._by_owner[connection.owner]
        if not len(self):
            self._empty.set()

    async def wait_empty(self, timeout_s: float) -> bool:
        """Whether the last one has gone within that time."""
        self._empty.clear()
        if not len(self):
            return True
        try:
            async with asyncio.timeout(timeout_s):  # wait_for can lose a cancel (gh-86296)
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    def allowed_s(self, state: State) -> float:
        if state is State.IDLE:
            return self.limits.http_idle_s
        return LAST_WORDS_S if state is State.ENDING else self.limits.http_header_s

    def cut_late(self) -> float:
        """Ends what has been waited for too long; tells in how many seconds to look again."""
        now = self.clock()
        again = min(self.allowed_s(state) for state in State)
        for state in State:
            while waiting := self.states[state]:
                connection = next(iter(waiting))
                left = connection.since_s + self.allowed_s(state) - now
                if left > 0:
                    again = min(again, left)
                    break
                connection.cut(WORD[state])
        return max(again, _SOONEST_S)
