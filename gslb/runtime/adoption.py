"""Finds the workers that an earlier control process left, and takes them over or has them end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gslb import __version__
from gslb.errors import NodeError
from gslb.runtime.channel import MOST_SOCKETS, unix_address
from gslb.runtime.frames import LARGEST_FROM_WORKER, PROTOCOL, Kind, Reader, document
from gslb.runtime.process import Process
from gslb.runtime.sockets import Listener

HELLO_WITHIN_S = 2.0
END_WITHIN_S = 5.0


@dataclass(slots=True)
class Orphan:
    index: int
    process: Process
    sock: socket.socket
    sockets: list[socket.socket]
    world: int
    fits: bool


async def adoptable(run_dir: Path, run_fd: int, wanted: Sequence[Listener], count: int) -> list[Orphan]:
    """Every worker 0 to `count` - 1 in order if all are there, well, and serve what is `wanted`; else all are ended."""
    orphans = await asyncio.to_thread(_greet_all, run_dir, run_fd, wanted)
    orphans.sort(key=lambda orphan: orphan.index)
    if [orphan.index for orphan in orphans if orphan.fits] == list(range(count)) and len(orphans) == count:
        return orphans
    await _end(orphans)
    return []


def _greet_all(run_dir: Path, run_fd: int, wanted: Sequence[Listener]) -> list[Orphan]:
    orphans = []
    for path in sorted(run_dir.glob("worker-*.sock")):
        orphan = _greet(run_fd, path.name, wanted)
        if orphan is None:
            path.unlink(missing_ok=True)
        else:
            orphans.append(orphan)
    return orphans


def hello(index: int, wanted: Sequence[Listener], world: int) -> dict[str, Any]:
    """What a worker says of itself to a control that connects."""
    listeners = [[listener.role, listener.endpoint.host, listener.endpoint.port] for listener in wanted]
    return {
        "protocol": PROTOCOL,
        "version": __version__,
        "index": index,
        "world": world,
        "sockets": len(wanted),
        "listeners": listeners,
    }


def _greet(run_fd: int, name: str, wanted: Sequence[Listener]) -> Orphan | None:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    sock.settimeout(HELLO_WITHIN_S)
    fds: list[int] = []
    try:
        sock.connect(unix_address(run_fd, name))
        pid = _peer(sock)
        process = Process(pid)
        told = _hello(sock, fds)
    except (OSError, NodeError):
        for fd in fds:
            os.close(fd)
        sock.close()
        return None
    sockets = [socket.socket(fileno=fd) for fd in fds]
    index = told.get("index")
    expected = hello(index if isinstance(index, int) else -1, wanted, 0)
    fits = len(sockets) == len(wanted) and all(told.get(key) == value for key, value in expected.items() if key != "world")
    world = told.get("world")
    return Orphan(expected["index"], process, sock, sockets, world if isinstance(world, int) else 0, fits)


def _peer(sock: socket.socket) -> int:
    """The process at the other end; a NodeError unless it runs as we do or as root (unix(7), SO_PEERCRED)."""
    pid, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if os.geteuid() != 0 and uid not in (0, os.geteuid()):
        raise NodeError("a worker of another user")
    return int(pid)


def _hello(sock: socket.socket, fds: list[int]) -> dict[str, Any]:
    reader = Reader(LARGEST_FROM_WORKER)
    while True:
        data, more, _, _ = socket.recv_fds(sock, 65536, MOST_SOCKETS)
        fds += more
        if not data:
            raise NodeError("a worker that hung up")
        for kind, payload in reader.feed(data):
            if kind is Kind.HELLO:
                return document(payload)


async def _end(orphans: Sequence[Orphan]) -> None:
    for orphan in orphans:
        orphan.process.signal(signal.SIGTERM)
        orphan.sock.close()
        for sock in orphan.sockets:
            sock.close()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + END_WITHIN_S
    while any(orphan.process.alive for orphan in orphans):
        if loop.time() > deadline:
            for orphan in orphans:
                orphan.process.kill()
        await asyncio.sleep(0.02)
    for orphan in orphans:
        orphan.process.close()
