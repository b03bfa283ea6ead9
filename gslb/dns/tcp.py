"""DNS over TCP (RFC 7766): many queries a connection, and no client that can keep others out.

A connection counts as idle from its last answer on, so sending an octet now and then holds nothing open.
When the limit of a client or of all is reached, the connection that has been idle longest makes room.

Connections take turns. Whoever fills one with queries as fast as they are answered would else keep the loop to
himself: a read gives up to 256 KB, libuv reads up to 32 times before it lets anybody else, and UDP waits for seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import OrderedDict, deque
from ipaddress import ip_address, ip_network
from typing import cast

from gslb.dns.observer import Link
from gslb.dns.responder import Responder
from gslb.model import FINEST_PREFIX, Limits
from gslb.model.counting import Counters, add

WRITE_BUFFER = 64 * 1024  # octets that a slow reader may leave with us, and one answer more
TURN_QUERIES = 8  # of one connection, before the next one
TURN_OCTETS = 1024  # or so many octets of them, as long ones take longer
TURNS = 8  # before all that is not TCP: as many queries as UDP reads in its batch
LAST_WORDS_S = 2.0  # for the peer to read the last answers and close, once we have


class Connections:
    """All connections of a server, the longest idle first, and the same by client."""

    def __init__(self, limits: Limits, counters: Counters, loop: asyncio.AbstractEventLoop) -> None:
        self.limits = limits
        self.counters = counters
        self.clock = loop.time
        self._loop = loop
        self._waiting: deque[TcpConnection] = deque()
        self.by_idle: OrderedDict[TcpConnection, float] = OrderedDict()  # to its time of last use
        self._empty = asyncio.Event()
        self._by_client: dict[str, OrderedDict[TcpConnection, None]] = {}

    def add(self, connection: TcpConnection) -> None:
        add(self.counters, "gslb_dns_tcp_connections_total")
        mine = self._by_client.setdefault(connection.client, OrderedDict())
        if len(mine) >= self.limits.tcp_connections_per_client:
            next(iter(mine)).cut("evicted")
            mine = self._by_client.setdefault(connection.client, OrderedDict())
        if len(self.by_idle) >= self.limits.tcp_connections:
            next(iter(self.by_idle)).cut("evicted")
            mine = self._by_client.setdefault(connection.client, OrderedDict())
        mine[connection] = None
        self.by_idle[connection] = self.clock()

    def touch(self, connection: TcpConnection) -> None:
        if connection in self.by_idle:
            self.by_idle[connection] = self.clock()
            self.by_idle.move_to_end(connection)
            self._by_client[connection.client].move_to_end(connection)

    def discard(self, connection: TcpConnection) -> None:
        if self.by_idle.pop(connection, None) is not None:
            mine = self._by_client[connection.client]
            del mine[connection]
            if not mine:
                del self._by_client[connection.client]
        if not self.by_idle:
            self._empty.set()

    def queue(self, connection: TcpConnection) -> None:
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
            connection.cut("slow" if connection.paused else "idle")
        return self.limits.tcp_idle_s


class TcpConnection(asyncio.Protocol):
    """One connection. Queries are answered as they are read, in order, while the peer reads the answers."""

    def __init__(self, responder: Responder, connections: Connections) -> None:
        self._responder = responder
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._ended = False
        self._closing = False
        self._waiting = False
        self._link: Link | None = None
        self.paused = False
        self.peer = ""
        self.client = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER, low=0)
        peername = transport.get_extra_info("peername")
        if not peername:  # gone before we looked
            transport.abort()
            return
        self.peer = peername[0]
        self.client = _client(self.peer)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if not self._closing:
            self._unread += data
            self._go_on()

    def _go_on(self) -> None:
        """Waits for a turn if a whole query has been read; reads on if not. A peer that does not read waits."""
        transport = self._transport
        if transport is None or self.paused or self._waiting or transport.is_closing():
            return
        if self._query_end(0):
            self._waiting = True
            transport.pause_reading()
            self._connections.queue(self)
        elif self._ended:
            transport.close()
        elif self._closing:
            transport.write_eof()
        else:
            transport.resume_reading()

    def _query_end(self, at: int) -> int:
        """Where the query that starts at `at` ends; 0 while it has not come whole."""
        unread = self._unread
        if len(unread) - at < 2:
            return 0
        end = at + 2 + (unread[at] << 8 | unread[at + 1])
        return end if end <= len(unread) else 0

    def take_turn(self) -> None:
        """Answers some of what was read, in order, as long as the peer takes the answers."""
        self._waiting = False
        unread, transport, at = self._unread, self._transport, 0
        if transport is None or transport.is_closing():
            return
        for _ in range(TURN_QUERIES):
            end = self._query_end(at)
            if not end or self.paused or at > TURN_OCTETS:
                break
            reply = self._respond(bytes(unread[at + 2 : end]), transport)
            at = end
            if reply is not None:
                self._connections.touch(self)
                # RFC 7766 section 8: length and message in one segment
                transport.write(len(reply).to_bytes(2, "big") + reply)
        del unread[:at]
        self._go_on()

    def _respond(self, wire: bytes, transport: asyncio.Transport) -> bytes | None:
        observer = self._responder.observer
        if observer is None:
            return self._responder.respond(wire, self.peer, tcp=True)
        if self._link is None:
            tls = transport.get_extra_info("ssl_object") is not None
            local, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
            self._link = Link("dot" if tls else "tcp", local or ("", 0), peer or (self.peer, 0))
        return observer.respond(self._responder, wire, self._link)

    def pause_writing(self) -> None:
        """The peer does not read: neither do we, until it does or has been idle for too long."""
        self.paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self.paused = False
        self._go_on()

    def eof_received(self) -> bool:
        """Half closed: the peer asks no more, and still wants its answers."""
        self._ended = True
        return self.paused or self._waiting

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)

    def cut(self, reason: str) -> None:
        add(self._connections.counters, "gslb_dns_tcp_closed_total", reason)
        self._connections.discard(self)
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """Answers what has come. Says that no more will be, and lets the peer close."""
        self._closing = True
        self._go_on()


def _client(peer: str) -> str:
    """Whom a connection counts for: an IPv4 address, or the IPv6 network that one household has."""
    address = ip_address(peer.partition("%")[0])
    if address.version == 4:
        return peer
    return str(ip_network((int(address), FINEST_PREFIX[6]), strict=False))


class TcpServer:
    """Serves a listening socket until `stop`. The idle time-out is that of `limits`."""

    def __init__(self, sock: socket.socket, responder: Responder, limits: Limits, counters: Counters | None = None) -> None:
        self._sock = sock
        self._responder = responder
        self._limits = limits
        self.counters = responder.counters if counters is None else counters
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._connections: Connections | None = None

    @property
    def limits(self) -> Limits:
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        """For the connections from now on."""
        self._limits = limits
        if self._connections is not None:
            self._connections.limits = limits

    @property
    def connections(self) -> int:
        return 0 if self._connections is None else len(self._connections.by_idle)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        connections = self._connections = Connections(self._limits, self.counters, loop)
        self._server = await loop.create_server(lambda: TcpConnection(self._responder, connections), sock=self._sock)
        self._schedule(loop, connections)

    def _schedule(self, loop: asyncio.AbstractEventLoop, connections: Connections) -> None:
        def sweep() -> None:
            self._sweep = loop.call_later(max(connections.cut_idle(), 0.01), sweep)

        self._sweep = loop.call_later(self._limits.tcp_idle_s, sweep)

    async def stop(self, last_words_s: float = LAST_WORDS_S) -> None:
        """Accepts no more, answers what has arrived, closes with the peers, or after `last_words_s`."""
        if self._server is None or self._connections is None:
            return
        for _ in range(3):  # turns of the loop: to accept, to connect, to read what waits in the kernel
            await asyncio.sleep(0)
        self._server.close()
        if self._sweep is not None:
            self._sweep.cancel()
        await self._end(self._connections, last_words_s)

    async def _end(self, connections: Connections, last_words_s: float) -> None:
        for connection in list(connections.by_idle):
            connection.finish()
        if connections.by_idle:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(last_words_s):
                    await connections.wait_empty()
        for connection in list(connections.by_idle):
            connection.cut("stopped")
