"""DNS over TLS (RFC 7858): connections that are accepted, and not yet through their handshake.

They are accepted by hand, so that each counts for its client from its first octet on, can be evicted like any other, and
gets the certificate of its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import ssl
from collections.abc import Callable
from typing import Final

from gslb import listening
from gslb.dns.connections import Connections, client_of
from gslb.model import Tls
from gslb.model.counting import add

BATCH: Final = 8  # accepted a wake: a handshake takes as long as 50 queries
MOST_AT_THE_END: Final = 4096
SHUTDOWN_S: Final = 2.0


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Raises UsageError, one sentence, for files that can't be used."""
    context = listening.tls_context(tls, "dot")  # RFC 7858 section 3.2, as IANA has it
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


class Arrival:
    """Counts for its peer like any other: nobody holds more with handshakes that never end."""

    idle_word = "handshake"

    def __init__(self, conn: socket.socket, connections: Connections, client: str) -> None:
        self.client = client
        self.over = False
        self._conn = conn
        self._connections = connections

    def cut(self, reason: str) -> None:
        """The end of the stream is something that a handshake looks for at any time; to be cancelled is not."""
        add(self._connections.counters, "gslb_dns_tcp_closed_total", reason)
        self.over = True
        self._connections.discard(self)
        with contextlib.suppress(OSError):  # gone already
            self._conn.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """It may become a query yet; who stops waits for it."""


class Handshakes:
    """Accepts from a listening, non-blocking socket, which stays the caller's to close.

    `protocol` makes the connection of a handshake that is done. `context` may be replaced: the next get the new one.
    """

    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext,
        connections: Connections,
        protocol: Callable[[Arrival], asyncio.Protocol],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.context = context
        self._sock, self._connections, self._protocol, self._loop = sock, connections, protocol, loop
        self._admitting: dict[asyncio.Task[None], Arrival] = {}
        self._acceptor = listening.Acceptor(sock, loop, self._arrive, self._exhausted, BATCH)

    def start(self) -> None:
        self._sock.setblocking(False)
        self._acceptor.start()

    def _exhausted(self) -> None:
        add(self._connections.counters, "gslb_dns_tcp_exhausted_total")

    def _arrive(self, conn: socket.socket, peer: str) -> None:
        arrival = Arrival(conn, self._connections, client_of(peer))
        add(self._connections.counters, "gslb_dns_tcp_connections_total", "tls")
        self._connections.add(arrival)
        task = self._loop.create_task(self._admit(conn, arrival))
        self._admitting[task] = arrival
        task.add_done_callback(functools.partial(self._arrived, conn))

    def _arrived(self, conn: socket.socket, task: asyncio.Task[None]) -> None:
        self._connections.discard(self._admitting.pop(task))
        if task.cancelled():
            conn.close()

    async def _admit(self, conn: socket.socket, arrival: Arrival) -> None:
        limit_s = self._connections.limits.tcp_idle_s
        try:
            await self._loop.connect_accepted_socket(
                lambda: self._protocol(arrival),
                conn,
                ssl=self.context,
                ssl_handshake_timeout=limit_s,
                ssl_shutdown_timeout=min(limit_s, SHUTDOWN_S),
            )
        except OSError:  # of which ssl.SSLError and TimeoutError are
            if not arrival.over:
                add(self._connections.counters, "gslb_dns_tcp_closed_total", "handshake")
            conn.close()

    def stop(self) -> None:
        """Accepts what has connected, and then no more."""
        self._acceptor.stop(MOST_AT_THE_END)

    async def admitted(self, limit_s: float) -> None:
        """Until every handshake has come to its end; after `limit_s` they are cut off."""
        if self._admitting:
            await asyncio.wait(set(self._admitting), timeout=limit_s)
        for arrival in list(self._admitting.values()):
            if not arrival.over:
                arrival.cut("stopped")
        for task in list(self._admitting):
            task.cancel()
