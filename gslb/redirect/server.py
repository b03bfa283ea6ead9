"""One listening socket, and everything that is connected through it."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import time
from collections.abc import Callable
from typing import Final

from gslb import listening
from gslb.model import Limits, Tls
from gslb.model.counting import Counters, add
from gslb.redirect.arrival import Arrival
from gslb.redirect.connections import LAST_WORDS_S, Connections, State
from gslb.redirect.peers import Peer, peer_of, read_address
from gslb.redirect.protocol import READ_MAX, HttpProtocol
from gslb.redirect.proxy import FIXED_OCTETS, SIGNATURE, BadProxyHeader, read_proxy
from gslb.redirect.redirector import Redirector
from gslb.redirect.reply import Endings

GRACE_S: Final = 1.0  # for a client that keeps asking, to be told to ask elsewhere
BACKLOG: Final = 4096
BATCH: Final = 64  # connections accepted a wake


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Raises UsageError, one sentence, for files that can't be used."""
    return listening.tls_context(tls, "http/1.1")


class HttpServer:
    """Serves a listening, non-blocking socket until `drain`; it stays the caller's to close.

    `context` may be replaced while it serves: the next connections get the new certificate. `limits` likewise.
    """

    def __init__(
        self,
        sock: socket.socket,
        redirector: Redirector,
        limits: Limits,
        *,
        context: ssl.SSLContext | None = None,
        counters: Counters | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.context = context
        self._sock = sock
        self._redirector = redirector
        self._counters = redirector.counters if counters is None else counters
        self._endings = Endings(wall)
        self._view = memoryview(bytearray(READ_MAX))
        self._loop = asyncio.get_running_loop()
        self._connections = Connections(limits, self._counters, time.monotonic)
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None
        self._admitting: dict[asyncio.Task[None], Arrival] = {}
        self._acceptor = listening.Acceptor(sock, self._loop, self._arrive, self._exhausted, BATCH)

    @property
    def connections(self) -> int:
        return len(self._connections)

    @property
    def limits(self) -> Limits:
        return self._connections.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._connections.limits = limits

    async def start(self) -> None:
        """Plain connections are accepted by the loop itself, which is the fastest; before TLS there may be a PROXY header."""
        self._sock.setblocking(False)
        if self.context is None:
            self._server = await self._loop.create_server(self._protocol, sock=self._sock.dup(), backlog=BACKLOG)
        else:
            self._acceptor.start()
        self._look_after()

    def _protocol(self, proxied: Peer | None = None, arrival: Arrival | None = None) -> HttpProtocol:
        tls = self.context is not None
        return HttpProtocol(self._redirector, self._connections, self._endings, self._view, tls, proxied, arrival)

    def _look_after(self) -> None:
        self._sweep = self._loop.call_later(self._connections.cut_late(), self._look_after)

    # Accepting by hand: with TLS, and what is left in the queue when we stop.

    def _exhausted(self) -> None:
        add(self._counters, "gslb_http_exhausted_total")

    def _arrive(self, conn: socket.socket, address: str) -> None:
        peer = read_address(address)
        trusted = peer is not None and self._redirector.trusts(peer)
        arrival = Arrival(conn, self._connections, None if trusted or peer is None else peer.household)
        task = self._loop.create_task(self._admit(conn, trusted, arrival))
        self._admitting[task] = arrival
        task.add_done_callback(functools.partial(self._arrived, conn))
        if self.context is not None:
            self._connections.add(arrival)

    def _arrived(self, conn: socket.socket, task: asyncio.Task[None]) -> None:
        self._connections.discard(self._admitting.pop(task))
        if task.cancelled():
            conn.close()

    async def _admit(self, conn: socket.socket, trusted: bool, arrival: Arrival) -> None:
        try:
            if self.context is None:
                await self._loop.connect_accepted_socket(self._protocol, conn)
                return
            proxied = await self._proxied(conn) if trusted else None
            await self._loop.connect_accepted_socket(
                lambda: self._protocol(proxied, arrival),
                conn,
                ssl=self.context,
                ssl_handshake_timeout=self.limits.http_header_s,
                ssl_shutdown_timeout=LAST_WORDS_S,
            )
        except (OSError, BadProxyHeader, EOFError) as error:
            if not arrival.over:
                add(self._counters, "gslb_http_closed_total", "proxy" if isinstance(error, BadProxyHeader) else "handshake")
            conn.close()

    async def _proxied(self, conn: socket.socket) -> Peer | None:
        """Whom the PROXY header before the handshake names. A handshake begins with another octet than its signature."""
        await _readable(self._loop, conn)
        if conn.recv(1, socket.MSG_PEEK) != SIGNATURE[:1]:
            return None
        data = await _read_exactly(self._loop, conn, FIXED_OCTETS)
        header = read_proxy(data)
        if header is None:
            data += await _read_exactly(self._loop, conn, int.from_bytes(data[-2:], "big"))
            header = read_proxy(data)
        if header is None or header.source is None:
            return None
        add(self._counters, "gslb_http_forwarded_total", "proxy-v2")
        return peer_of(*header.source)

    # Stopping.

    async def drain(self, grace_s: float = GRACE_S, last_words_s: float = LAST_WORDS_S) -> None:
        """Accepts what has connected and then no more; answers what has arrived; ends every connection.

        Who asks again within `grace_s` is answered and told to close. Who is still busy then has `last_words_s`.
        """
        connections = self._connections
        connections.draining = True
        if self._server is not None:
            self._server.close()
        self._acceptor.stop(BACKLOG)
        await self._admitted(grace_s)
        for _ in range(3):  # turns of the loop: to connect, to read what waits in the kernel, to answer
            await asyncio.sleep(0)
        self._finish(idle_s=grace_s)
        if not await connections.wait_empty(grace_s):
            self._finish(idle_s=0.0)
            await connections.wait_empty(last_words_s)
        for task in list(self._admitting):
            task.cancel()
        for state in State:
            for connection in list(connections.states[state]):
                connection.cut("stopped")
        if self._sweep is not None:
            self._sweep.cancel()

    async def _admitted(self, limit_s: float) -> None:
        if self._admitting:
            await asyncio.wait(set(self._admitting), timeout=limit_s)

    def _finish(self, idle_s: float) -> None:
        """Ends what has been without a request for so long."""
        before = self._connections.clock() - idle_s
        for state in (State.IDLE, State.READING):
            for connection in list(self._connections.states[state]):
                if connection.since_s <= before:
                    connection.finish()


async def _readable(loop: asyncio.AbstractEventLoop, conn: socket.socket) -> None:
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(conn.fileno(), _set, ready)
    try:
        await ready
    finally:
        loop.remove_reader(conn.fileno())


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _read_exactly(loop: asyncio.AbstractEventLoop, conn: socket.socket, octets: int) -> bytes:
    data = b""
    while len(data) < octets:
        piece = await loop.sock_recv(conn, octets - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
