"""Opens the listening sockets: one per worker and listener, all bound with SO_REUSEPORT.

Control keeps a copy of each. While a worker is dead its packets wait in the socket, or are served by a sibling, and its successor
gets the same socket: nothing is closed, so nothing is lost (socket(7), SO_REUSEPORT).
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from gslb.errors import BusyError, UsageError
from gslb.model import Endpoint, Listen

Role = Literal["dns-udp", "dns-tcp", "dns-tls", "http", "https", "admin"]
UDP_BUFFER = 4 << 20
BACKLOG = 4096
ANY_PORT_TRIES = 8
SO_RCVBUFFORCE = 33


@dataclass(frozen=True, slots=True)
class Listener:
    """What one socket is for. `endpoint` is as configured, so its port can be 0."""

    role: Role
    endpoint: Endpoint

    def __str__(self) -> str:
        return f"{self.role} {self.endpoint}"


def listeners(listen: Listen) -> tuple[Listener, ...]:
    """Every socket that one worker serves, in a fixed order."""
    found: list[Listener] = []
    for endpoint in listen.dns:
        found += [Listener("dns-udp", endpoint), Listener("dns-tcp", endpoint)]
    found += [Listener("dns-tls", endpoint) for endpoint in listen.dot]
    found += [Listener("http", endpoint) for endpoint in listen.http]
    found += [Listener("https", endpoint) for endpoint in listen.https]
    return tuple(found)


def open_all(wanted: Sequence[Listener], workers: int) -> list[list[socket.socket]]:
    """Sockets for each worker, in the order of `wanted`. Port 0 becomes one free port for all workers."""
    for listener in wanted:
        _refuse_to_share(listener)
    chosen_by_kernel = any(not listener.endpoint.port for listener in wanted)
    for _ in range(ANY_PORT_TRIES if chosen_by_kernel else 0):
        with contextlib.suppress(BusyError):  # a port that is free for UDP may be taken for TCP: another one, then
            return _open_once(wanted, workers)
    return _open_once(wanted, workers)


def _open_once(wanted: Sequence[Listener], workers: int) -> list[list[socket.socket]]:
    opened: list[list[socket.socket]] = [[] for _ in range(workers)]
    ports: dict[tuple[str, Endpoint], int] = {}
    try:
        for listener in wanted:
            group = "dns" if listener.role in ("dns-udp", "dns-tcp") else listener.role
            for sockets in opened:
                port = ports.get((group, listener.endpoint), listener.endpoint.port)
                sock = open_socket(listener, port)
                ports[group, listener.endpoint] = sock.getsockname()[1]
                sockets.append(sock)
    except BaseException:
        for sockets in opened:
            for sock in sockets:
                sock.close()
        raise
    return opened


def join(wanted: Sequence[Listener], sibling: Sequence[socket.socket]) -> list[socket.socket]:
    """Sockets for one worker more, on the ports of a sibling's."""
    opened: list[socket.socket] = []
    try:
        for listener, sock in zip(wanted, sibling, strict=True):
            opened.append(open_socket(listener, sock.getsockname()[1]))
    except BaseException:
        for sock in opened:
            sock.close()
        raise
    return opened


def open_stream(endpoint: Endpoint) -> socket.socket:
    """A listening socket that control alone serves."""
    return open_socket(Listener("admin", endpoint), endpoint.port, share=False)


def turn_away(sock: socket.socket) -> None:
    """Of a UDP socket: what has arrived can still be read and answered; nothing more arrives, for senders are told that
    the port is closed. (A connected socket takes datagrams of its peer alone, and the peer it gets here is itself.)"""
    host, *rest = sock.getsockname()
    if ip_address(host.partition("%")[0]).is_unspecified:
        host = "::1" if sock.family == socket.AF_INET6 else "127.0.0.1"
    with contextlib.suppress(OSError):
        sock.connect((host, *rest))


def _refuse_to_share(listener: Listener) -> None:
    """SO_REUSEPORT would let two nodes of one user share a port in silence; a bind without it tells."""
    if listener.endpoint.port:
        _bound(listener, listener.endpoint.port, share=False).close()


def open_socket(listener: Listener, port: int, *, share: bool = True) -> socket.socket:
    sock = _bound(listener, port, share=share)
    if sock.type == socket.SOCK_STREAM:
        sock.listen(BACKLOG)
    return sock


def _bound(listener: Listener, port: int, *, share: bool) -> socket.socket:
    host = listener.endpoint.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if listener.role == "dns-udp" else socket.SOCK_STREAM
    sock = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        _prepare(sock, family, kind, share)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise _explained(listener, error) from None
    return sock


def _prepare(sock: socket.socket, family: int, kind: int, share: bool) -> None:
    if share:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, UDP_BUFFER)  # above rmem_max, where we are root
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER)


def _explained(listener: Listener, error: OSError) -> BusyError | UsageError:
    if error.errno == errno.EADDRINUSE:
        return BusyError(f"{listener}: another program listens there (see `ss -lnup` and `ss -lntp`)")
    if error.errno == errno.EACCES:
        return UsageError(f"{listener}: ports below 1024 need root or CAP_NET_BIND_SERVICE; `user` drops root afterwards")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{listener}: this machine does not have that address")
    return UsageError(f"{listener}: {error.strerror}")
