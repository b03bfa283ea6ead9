"""The listening sockets of a mirror: open, closed as after a crash, or silent as behind a dead router."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
from collections.abc import Awaitable, Callable

from gslb.model import Endpoint

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the module socket lacks them
_SO_DETACH_FILTER = 27


class Listener:
    def __init__(self, endpoints: tuple[Endpoint, ...], handler: Handler) -> None:
        self.endpoints = endpoints  # once open, with the ports that were found for port 0
        self._handler = handler
        self._servers: list[asyncio.Server] = []

    async def open(self) -> None:
        """Listen on every endpoint, or on none and raise OSError. Does nothing when it is open."""
        if self._servers:
            return
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
        self._servers.clear()

    def silence(self, silent: bool) -> None:
        """Let new connections time out: a socket filter, which needs no privilege, drops their SYNs."""
        for server in self._servers:
            for listening in server.sockets:
                _drop_everything(listening) if silent else _drop_nothing(listening)


def _drop_everything(listening: socket.socket) -> None:
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # classic BPF: return 0 bytes
    filters = struct.pack("HP", 1, ctypes.addressof(program))  # struct sock_fprog
    listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)


def _drop_nothing(listening: socket.socket) -> None:
    with contextlib.suppress(FileNotFoundError):  # none was attached
        listening.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)
