"""A DNS door on real sockets of loopback, in a thread of its own, and a client for each transport."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import dns.message
import dns.query

from gslb.dns import Responder, TcpServer, UdpServer
from gslb.model import Limits

Transport = Literal["udp4", "udp6", "tcp4", "tcp6"]
TRANSPORTS: tuple[Transport, ...] = ("udp4", "udp6", "tcp4", "tcp6")
HOSTS = {"4": "127.0.0.1", "6": "::1"}
PATIENCE_S = 20.0


async def ended(
    server: TcpServer, responder: Responder, sock: socket.socket, clients: list[asyncio.StreamWriter], within_s: float
) -> None:
    """Clients first. Nobody is left then, and no query failed inside."""
    for client in clients:
        client.close()
    await server.stop(last_words_s=within_s)
    sock.close()
    assert not any(key[0] == "gslb_dns_failures_total" for key in responder.counters)


def bound(kind: int, host: str, port: int = 0) -> socket.socket:
    """A socket as the control process hands it down."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((host, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(128)
    sock.setblocking(False)
    return sock


@dataclass(frozen=True)
class Door:
    responder: Responder
    ports: dict[Transport, int]

    def exchange(self, wire: bytes, transport: Transport = "udp4") -> bytes:
        """The octets that come back for these octets."""
        address = (HOSTS[transport[-1]], self.ports[transport])
        if transport.startswith("tcp"):
            with socket.create_connection(address, timeout=PATIENCE_S) as stream:
                stream.sendall(struct.pack("!H", len(wire)) + wire)
                return receive(stream)
        family = socket.AF_INET6 if transport == "udp6" else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(PATIENCE_S)
            sock.connect(address)
            sock.send(wire)
            return sock.recv(65535)

    def ask(self, query: dns.message.Message, transport: Transport = "udp4") -> dns.message.Message:
        """dnspython asks, and checks that what comes is a response to that query."""
        host, port = HOSTS[transport[-1]], self.ports[transport]
        if transport.startswith("tcp"):
            return dns.query.tcp(query, host, PATIENCE_S, port)
        return dns.query.udp(query, host, PATIENCE_S, port)


def receive(stream: socket.socket) -> bytes:
    """One message with its length; empty at the end of the stream."""
    head = _exactly(stream, 2)
    return _exactly(stream, struct.unpack("!H", head)[0]) if head else b""


def _exactly(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            return b""
        data += more
    return data


@contextmanager
def opened(responder: Responder, limits: Limits | None = None, port: int = 0) -> Iterator[Door]:
    """Each transport has a port of its own, or all have `port`."""
    ready: threading.Event = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    sockets: dict[Transport, socket.socket] = {}
    for transport in TRANSPORTS:
        kind = socket.SOCK_STREAM if transport.startswith("tcp") else socket.SOCK_DGRAM
        sockets[transport] = bound(kind, HOSTS[transport[-1]], port)
    ports: dict[Transport, int] = {name: sock.getsockname()[1] for name, sock in sockets.items()}

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        stop.append((loop, ended))
        udp = [UdpServer(sockets["udp4"], responder), UdpServer(sockets["udp6"], responder)]
        tcp = [TcpServer(sockets[name], responder, limits or Limits()) for name in ("tcp4", "tcp6")]
        for datagrams in udp:
            datagrams.start(loop)
        for streams in tcp:
            await streams.start()
        ready.set()
        await ended.wait()
        for datagrams in udp:
            datagrams.stop(loop)
        for streams in tcp:
            await streams.stop(last_words_s=0.1)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield Door(responder, ports)
    finally:
        loop, ended = stop[0]
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE_S)
        for sock in sockets.values():
            sock.close()
        assert not thread.is_alive()
