"""All connections of a stream server: how many there may be, which has been idle longest, and whose turn it is.

Connections take turns. Whoever fills one with queries as fast as they are answered would else keep the loop to
himself: a read gives up to 256 KB, libuv reads up to 32 times before it lets anybody else, and UDP waits for seconds.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

from gslb.model import FINEST_PREFIX, Limits
from gslb.model.counting import Counters

TURNS: Final = 8  # before all that is not TCP: as many queries as UDP reads in its batch


class Connection(Protocol):
    """`client` is whom it counts for; `idle_word` why it is cut when it has been idle for too long."""

    client: str

    @property
    def idle_word(self) -> str: ...

    def cut(self, reason: str) -> None:
        """Ends it now. It has discarded itself when this returns."""

    def finish(self) -> None:
        """Ends it when what has come is answered."""


class Waiting(Protocol):
    def take_turn(self) -> None: ...


class Connections:
    """Of a server, the longest idle first, and the same by client. The limits are for all of those that are `together`."""

    def __init__(
        self,
        limits: Limits,
        counters: Counters,
        loop: asyncio.AbstractEventLoop,
        together: list[Connections] | None = None,
    ) -> None:
        self.limits = limits
        self.counters = counters
        self.clock = loop.time
        self._loop = loop
        self._waiting: deque[Waiting] = deque()
        self.by_idle: OrderedDict[Connection, float] = OrderedDict()  # to its time of last use
        self._empty = asyncio.Event()
        self._by_client: dict[str, OrderedDict[Connection, None]] = {}
        self._together = [] if together is None else together
        self._together.append(self)

    def leave(self) -> None:
        """The server has stopped."""
        if self in self._together:
            self._together.remove(self)

    def add(self, connection: Connection) -> None:
        client = connection.client
        if sum(len(each._by_client.get(client, ())) for each in self._together) >= self.limits.tcp_connections_per_client:
            self._evict(client)
        if sum(len(each.by_idle) for each in self._together) >= self.limits.tcp_connections:
            self._evict()
        self._by_client.setdefault(client, OrderedDict())[connection] = None
        self.by_idle[connection] = self.clock()

    def _evict(self, client: str | None = None) -> None:
        """Of all, or of one client, that which has been idle longest makes room."""
        longest: tuple[float, Connection] | None = None
        for each in self._together:
            found = next(iter(each.by_idle if client is None else each._by_client.get(client, ())), None)
            if found is not None and (longest is None or each.by_idle[found] < longest[0]):
                longest = each.by_idle[found], found
        if longest is not None:
            longest[1].cut("evicted")

    def touch(self, connection: Connection) -> None:
        if connection in self.by_idle:
            self.by_idle[connection] = self.clock()
            self.by_idle.move_to_end(connection)
            self._by_client[connection.client].move_to_end(connection)

    def discard(self, connection: Connection) -> None:
        if self.by_idle.pop(connection, None) is not None:
            mine = self._by_client[connection.client]
            del mine[connection]
            if not mine:
                del self._by_client[connection.client]
        if not self.by_idle:
            self._empty.set()

    def queue(self, connection: Waiting) -> None:
        """It has queries, and is answered when its turn comes."""
        self._waiting.append(connection)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._take_turns)

    def _take_turns(self) -> None:
        turns = [self._waiting.popleft() for _ in range(min(TURNS, len(self._waiting)))]
        left = bool(self._waiting)
        for connection in turns:
            connection.take_turn()
        if left:
            self._loop.call_soon(self._take_turns)

    async def wait_empty(self) -> None:
        self._empty.clear()
        if self.by_idle:
            await self._empty.wait()

    def cut_idle(self) -> float:
        """Ends what has been idle for too long; tells in how many seconds to look again."""
        now = self.clock()
        while self.by_idle:
            connection, used = next(iter(self.by_idle.items()))
            left = used + self.limits.tcp_idle_s - now
            if left > 0:
                return left
            connection.cut(connection.idle_word)
        return self.limits.tcp_idle_s


def client_of(peer: str) -> str:
    """Whom a connection counts for: an IPv4 address, or the IPv6 network that one household has."""
    address = ip_address(peer.partition("%")[0])
    if address.version == 4:
        return peer
    return str(ip_network((int(address), FINEST_PREFIX[6]), strict=False))
