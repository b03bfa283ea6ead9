"""DNS over TCP (RFC 7766) and TLS (RFC 7858): many queries a connection, and no client that can keep others out.

A connection counts as idle from its last answer on, so sending an octet now and then holds nothing open.
When the limit of a client or of all is reached, the connection that has been idle longest makes room.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import cast

from gslb.dns.codes import TCP_TRANSPORT, TLS_TRANSPORT
from gslb.dns.connections import TURNS, Connections, client_of
from gslb.dns.handshakes import Arrival, Handshakes
from gslb.dns.observer import Link
from gslb.dns.responder import Responder
from gslb.dns.transfer import Outgoing, Transfers, may_be_transfer
from gslb.model import Limits
from gslb.model.counting import Counters, add

__all__ = ["TURNS", "TURN_OCTETS", "TURN_QUERIES", "TcpConnection", "TcpServer"]

WRITE_BUFFER = 64 * 1024  # octets that a slow reader may leave with us, and one answer more
TURN_QUERIES = 8  # of one connection, before the next one
TURN_OCTETS = 1024  # or so many octets of them, as long ones take longer
LAST_WORDS_S = 2.0  # for the peer to read the last answers and close, once we have


class TcpConnection(asyncio.Protocol):
    """One connection. Queries are answered as they are read, in order, while the peer reads the answers.

    `arrival` is what it was before its TLS handshake.
    """

    def __init__(
        self,
        responder: Responder,
        connections: Connections,
        transfers: Transfers | None = None,
        arrival: Arrival | None = None,
    ) -> None:
        self._responder = responder
        self._connections = connections
        self._transfers = transfers
        self._arrival = arrival
        self._number = TCP_TRANSPORT if arrival is None else TLS_TRANSPORT
        self._outgoing: Outgoing | None = None
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._ended = False
        self._closing = False
        self._waiting = False
        self._linked: Link | None = None  # for who observes
        self.paused = False
        self.peer = ""
        self.client = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._transport = transport
        if self._arrival is None:
            add(self._connections.counters, "gslb_dns_tcp_connections_total", "tcp")
        else:
            self._connections.discard(self._arrival)
        transport.set_write_buffer_limits(high=WRITE_BUFFER, low=0)
        peername = transport.get_extra_info("peername")
        if not peername:  # gone before we looked
            transport.abort()
            return
        self.peer = peername[0]
        self.client = client_of(self.peer)
        self._connections.add(self)

    @property
    def idle_word(self) -> str:
        return "slow" if self.paused else "idle"

    def data_received(self, data: bytes) -> None:
        if not self._closing:
            self._unread += data
            self._go_on()

    def _go_on(self) -> None:
        """Waits for a turn if a whole query has been read; reads on if not. A peer that does not read waits."""
        transport = self._transport
        if transport is None or self.paused or self._waiting or transport.is_closing():
            return
        if self._outgoing is not None or self._query_end(0):
            self._waiting = True
            transport.pause_reading()
            self._connections.queue(self)
        elif self._ended:
            transport.close()
        elif self._closing:
            self._say_goodbye(transport)
        else:
            transport.resume_reading()

    def _say_goodbye(self, transport: asyncio.Transport) -> None:
        """TLS has no half-closed connections here: it flushes, says so, and closes."""
        if transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()

    def _query_end(self, at: int) -> int:
        """Where the query that starts at `at` ends; 0 while it has not come whole."""
        unread = self._unread
        if len(unread) - at < 2:
            return 0
        end = at + 2 + (unread[at] << 8 | unread[at + 1])
        return end if end <= len(unread) else 0

    def take_turn(self) -> None:
        """Answers some of what was read, in order, as long as the peer takes the answers. A message of a transfer is a turn."""
        self._waiting = False
        unread, transport, at = self._unread, self._transport, 0
        if transport is None or transport.is_closing():
            return
        for _ in range(TURN_QUERIES):
            end = self._query_end(at)
            if not end or self.paused or self._outgoing is not None or at > TURN_OCTETS:
                break
            reply = self._respond(bytes(unread[at + 2 : end]), transport)
            at = end
            if reply is not None:
                self._send(reply, transport)
        del unread[:at]
        if self._outgoing is not None and not self.paused:
            self._transfer(self._outgoing, transport)
        self._go_on()

    def _send(self, reply: bytes, transport: asyncio.Transport) -> None:
        self._connections.touch(self)
        transport.write(len(reply).to_bytes(2, "big") + reply)  # RFC 7766 section 8: length and message in one segment

    def _transfer(self, outgoing: Outgoing, transport: asyncio.Transport) -> None:
        """One message more. The next waits for its turn, and for the peer to read."""
        message = outgoing.message()
        if message is None:
            self._outgoing = None
        elif message:
            self._send(message, transport)
        else:  # half a zone is none: the secondary hears so by the end of the connection
            transport.abort()

    def _respond(self, wire: bytes, transport: asyncio.Transport) -> bytes | None:
        observer = self._responder.observer
        begun = None
        if self._transfers is not None and may_be_transfer(wire):
            begun = self._transfers.begin(wire, self.peer, self._number)
        if begun is not None:
            reply = begun if isinstance(begun, bytes) else None
            self._outgoing = begun if isinstance(begun, Outgoing) else None
            if observer is not None:
                observer.note(self._responder, wire, reply, self._link(transport))
            return reply
        if observer is None:
            return self._responder.respond(wire, self.peer, self._number)
        return observer.respond(self._responder, wire, self._link(transport))

    def _link(self, transport: asyncio.Transport) -> Link:
        if self._linked is None:
            local, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
            self._linked = Link("dot" if self._number == TLS_TRANSPORT else "tcp", local or ("", 0), peer or (self.peer, 0))
        return self._linked

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
        if self._number == TLS_TRANSPORT:  # whose transport closes, whatever we say: what can be answered is
            self.take_turn()
            return False
        return self.paused or self._waiting

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._outgoing is not None:
            self._outgoing.abandon()
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


class TcpServer:
    """Serves a listening socket until `stop`. The idle time-out is that of `limits`; with a `context` it is TLS, and the next
    connections get the certificate of the one that is set last. Servers that are `together` share the limits."""

    def __init__(
        self,
        sock: socket.socket,
        responder: Responder,
        limits: Limits,
        counters: Counters | None = None,
        *,
        transfers: Transfers | None = None,
        context: ssl.SSLContext | None = None,
        together: list[Connections] | None = None,
    ) -> None:
        self._sock = sock
        self._responder = responder
        self._limits = limits
        self.counters = responder.counters if counters is None else counters
        self._transfers = transfers
        self._context = context
        self._together = together
        self._server: asyncio.Server | None = None
        self._handshakes: Handshakes | None = None
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
    def context(self) -> ssl.SSLContext | None:
        return self._context

    @context.setter
    def context(self, context: ssl.SSLContext) -> None:
        self._context = context
        if self._handshakes is not None:
            self._handshakes.context = context

    @property
    def connections(self) -> int:
        return 0 if self._connections is None else len(self._connections.by_idle)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        connections = self._connections = Connections(self._limits, self.counters, loop, self._together)
        if self._context is None:
            self._server = await loop.create_server(lambda: self._connection(connections), sock=self._sock)
        else:
            self._handshakes = Handshakes(
                self._sock, self._context, connections, lambda arrival: self._connection(connections, arrival), loop
            )
            self._handshakes.start()
        self._schedule(loop, connections)

    def _connection(self, connections: Connections, arrival: Arrival | None = None) -> TcpConnection:
        return TcpConnection(self._responder, connections, self._transfers, arrival)

    def _schedule(self, loop: asyncio.AbstractEventLoop, connections: Connections) -> None:
        def sweep() -> None:
            self._sweep = loop.call_later(max(connections.cut_idle(), 0.01), sweep)

        self._sweep = loop.call_later(self._limits.tcp_idle_s, sweep)

    async def stop(self, last_words_s: float = LAST_WORDS_S) -> None:
        """Accepts no more, answers what has arrived, closes with the peers, or after `last_words_s`."""
        if self._connections is None:
            return
        for _ in range(3):  # turns of the loop: to accept, to connect, to read what waits in the kernel
            await asyncio.sleep(0)
        if self._server is not None:
            self._server.close()
        if self._sweep is not None:
            self._sweep.cancel()
        if self._handshakes is not None:
            self._handshakes.stop()
            await self._handshakes.admitted(last_words_s / 2)
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
        connections.leave()
