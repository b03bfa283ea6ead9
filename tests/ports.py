"""Ports of this machine that nobody else takes between the choice and the use.

Port 0 would give one of the ephemeral range, which the kernel may give to a client of another test a moment later. These are
below that range (ip(7), ip_local_port_range), each is given once, and each process of the test run has a part of its own.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

_FIRST, _EACH = 12_000, 2_000


def _own_part() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST + worker % 8 * _EACH
    begin = os.getpid() * 37 % _EACH  # two runs at once begin elsewhere
    while True:
        yield from range(first + begin, first + _EACH)
        begin = 0


_OWN = _own_part()


def free_port(*addresses: str) -> int:
    """Free for TCP and UDP on all of the addresses; without one, on 127.0.0.1."""
    return next(port for port in _OWN if _is_free(port, addresses or ("127.0.0.1",)))


def free_ports(count: int) -> list[int]:
    """Different ones, on 127.0.0.1."""
    return [free_port() for _ in range(count)]


def _is_free(port: int, addresses: tuple[str, ...]) -> bool:
    with ExitStack() as stack:
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                sock = stack.enter_context(socket.socket(family, kind))
                try:
                    sock.bind((address, port))
                except OSError:
                    return False
    return True
