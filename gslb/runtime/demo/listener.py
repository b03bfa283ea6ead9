"""The listening sockets of a mirror: open, closed as after a crash, or deaf as behind a dead router."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from gslb.model import Endpoint

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    def __init__(self, endpoints: tuple[Endpoint, ...], handler: Handler) -> None:
        self.endpoints = endpoints  # once open, with the ports that were found for port 0
        self._handler = handler
        self._servers: list[asyncio.Server] = []
        self._deaf: list[socket.socket] = []

    async def open(self) -> None:
        """Listen on every endpoint, or on none and raise OSError. Does nothing when it is open."""
        if self._servers:
            return
        self.close()
        try:
            for host, port in self.endpoints:
                self._servers.append(await asyncio.start_server(self._handler, host, port))
        except OSError:
            self.close()
            raise
        ports = (server.sockets[0].getsockname()[1] for server in self._servers)
        self.endpoints = tuple(Endpoint(e.host, port) for e, port in zip(self.endpoints, ports, strict=True))

    def close(self) -> None:
        for server in self._servers:
            server.close()
        for deaf in self._deaf:
            deaf.close()
        self._servers.clear()
        self._deaf.clear()

    def deafen(self) -> None:
        """Let new connections time out: the kernel drops SYNs while a queue is full."""
        self.close()
        for endpoint in self.endpoints:
            family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
            self._deaf.append(socket.create_server(endpoint, family=family, backlog=0))
            self._deaf.append(_fill_queue(endpoint, family))


def _fill_queue(endpoint: Endpoint, family: socket.AddressFamily) -> socket.socket:
    """The one connection that a backlog of 0 takes; a client that was faster hangs instead."""
    filler = socket.socket(family, socket.SOCK_STREAM)
    filler.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        filler.connect(endpoint)
    return filler
