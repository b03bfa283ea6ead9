"""Takes note of what was asked and answered, for dnstap and the query log.

This is the part on the hot path, so it does as little as can be done: it puts octets aside, in queues with a bound. Others
read, cut, encode and write them, in threads of their own. When those are late, notes are dropped and counted.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from gslb.dns.codes import TCP_TRANSPORT, TLS_TRANSPORT, UDP_TRANSPORT
from gslb.dns.serving import Served, Serving

Transport = Literal["udp", "tcp", "dot"]
_NUMBERS: Final = {"udp": UDP_TRANSPORT, "tcp": TCP_TRANSPORT, "dot": TLS_TRANSPORT}
SocketName = tuple[Any, ...]  # (host, port) of IPv4; IPv6 has two more

OCTETS_EACH: Final = 2048  # that have room in a Backlog; most exchanges have 150

T = TypeVar("T")


class Link(NamedTuple):
    """Over what a query came, to which of our addresses, from whom."""

    transport: Transport
    local: SocketName
    peer: SocketName


class Exchange(NamedTuple):
    """A query and its answer, None if it got none. The times are of Unix, in nanoseconds."""

    link: Link
    query: bytes
    reply: bytes | None
    asked_ns: int
    told_ns: int


class Sampled(NamedTuple):
    """An exchange for the query log, how a steered answer came about, and by which World."""

    exchange: Exchange
    served: Served | None
    world: int


class Backlog(Generic[T]):
    """A queue between two threads: one puts and never waits, the other takes. `wake` is called when it was empty.

    `limit` items, and so many octets for each: what strangers send over TCP can be 64 KB a query.
    """

    def __init__(self, limit: int, wake: Callable[[], None]) -> None:
        self.limit = limit
        self.dropped = 0  # for want of room; counted by the one who puts
        self._waiting: deque[tuple[T, int]] = deque()
        self._wake = wake
        self._put_octets = 0  # each of the two threads adds to its own
        self._taken_octets = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, item: T, octets: int = 0) -> None:
        waiting = self._waiting
        if len(waiting) >= self.limit or self._put_octets - self._taken_octets > self.limit * OCTETS_EACH:
            self.dropped += 1
            return
        self._put_octets += octets
        waiting.append((item, octets))
        if len(waiting) == 1:
            self._wake()

    def take(self, most: int) -> list[T]:
        """Up to `most`, the oldest first."""
        taken: list[T] = []
        try:
            while len(taken) < most:
                item, octets = self._waiting.popleft()
                self._taken_octets += octets
                taken.append(item)
        except IndexError:
            pass
        return taken


class Answering(Protocol):
    """What is observed of a responder. `served`: how the last answer came about, None if it was not steered."""

    served: Served | None

    @property
    def serving(self) -> Serving: ...
    def respond(self, wire: bytes, peer: str, tcp: int = 0) -> bytes | None: ...


class Observer:
    """`tap` gets every exchange, `log` one in `one_in`, by chance: who asks in step is not favoured."""

    def __init__(
        self,
        tap: Backlog[Exchange] | None,
        log: Backlog[Sampled] | None = None,
        one_in: int = 1,
        *,
        clock: Callable[[], int] = time.time_ns,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._tap, self._log = tap, log
        self._share = 1 / one_in
        self._clock, self._chance = clock, chance

    def respond(self, responder: Answering, wire: bytes, link: Link) -> bytes | None:
        """As `Responder.respond`, with a note of it."""
        sampled = self._log is not None and self._chance() < self._share
        if self._tap is None and not sampled:
            return responder.respond(wire, link.peer[0], _NUMBERS[link.transport])
        responder.served = None
        asked_ns = self._clock()
        reply = responder.respond(wire, link.peer[0], _NUMBERS[link.transport])
        self._note(responder, Exchange(link, wire, reply, asked_ns, self._clock()), sampled)
        return reply

    def note(self, responder: Answering, wire: bytes, reply: bytes | None, link: Link) -> None:
        """Of a query that was answered elsewhere; None: not in one message."""
        responder.served = None
        now_ns = self._clock()
        self._note(responder, Exchange(link, wire, reply, now_ns, now_ns), self._chance() < self._share)

    def _note(self, responder: Answering, exchange: Exchange, sampled: bool) -> None:
        octets = len(exchange.query) + len(exchange.reply or b"")
        if self._tap is not None:
            self._tap.put(exchange, octets)
        if self._log is not None and sampled:
            self._log.put(Sampled(exchange, responder.served, responder.serving.world.number), octets)
