"""Finds the workers that an earlier control process left, and takes them over or has them end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import stat
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gslb import __version__
from gslb.errors import NodeError, StoreError
from gslb.runtime.channel import MOST_SOCKETS, unix_address
from gslb.runtime.frames import LARGEST_FROM_WORKER, PROTOCOL, Kind, Reader, document
from gslb.runtime.process import Process
from gslb.runtime.sockets import Listener

HELLO_WITHIN_S = 2.0
END_WITHIN_S = 5.0
_DOOR = re.compile(r"worker-(\d{1,4})\.sock")


@dataclass(slots=True)
class Orphan:
    """A worker without a control. `fits` if it serves what is wanted; one that does not even speak hangs."""

    index: int
    process: Process
    sock: socket.socket
    sockets: list[socket.socket]
    memory: int | None = None  # a descriptor of what it shares with its siblings
    world: int = 0
    fits: bool = False
    speaks: bool = True


async def adoptable(run_dir: Path, run_fd: int, wanted: Sequence[Listener], count: int) -> dict[int, Orphan]:
    """The workers below `count` that are well and serve what is `wanted`, by index. All others are ended."""
    doors = await asyncio.to_thread(_doors, run_dir)
    found = await asyncio.gather(*(asyncio.to_thread(_greet, run_fd, index, wanted) for index in doors))
    orphans = [orphan for orphan in found if orphan is not None]
    fitting = {orphan.index: orphan for orphan in orphans if orphan.fits and orphan.index < count}
    await _end([orphan for orphan in orphans if fitting.get(orphan.index) is not orphan])
    for index in doors:
        if index not in fitting:
            clear(run_dir / f"worker-{index}.sock")
    return fitting


def clear(door: Path) -> None:
    """Makes way for a worker's socket."""
    try:
        door.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{door} is in the way of a worker and can't be removed: {error.strerror}") from None


def _doors(run_dir: Path) -> list[int]:
    """Other files of the directory are not ours to judge."""
    return sorted({int(match[1]) for path in run_dir.iterdir() if (match := _DOOR.fullmatch(path.name))})


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


def _greet(run_fd: int, index: int, wanted: Sequence[Listener]) -> Orphan | None:
    """None if nobody is behind that door."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    sock.settimeout(HELLO_WITHIN_S)
    try:
        sock.connect(unix_address(run_fd, f"worker-{index}.sock"))
        process = Process(_peer(sock))
    except (OSError, NodeError):
        sock.close()
        return None
    orphan = Orphan(index, process, sock, [])
    try:
        told = _hello(orphan)
    except (OSError, NodeError):
        orphan.speaks = False
        return orphan
    world = told.pop("world", 0)
    orphan.world = world if type(world) is int else 0
    orphan.fits = {**told, "world": 0} == hello(index, wanted, 0) and len(orphan.sockets) == len(wanted)
    return orphan


def _peer(sock: socket.socket) -> int:
    """The process at the other end; a NodeError unless it runs as we do or as root (unix(7), SO_PEERCRED)."""
    pid, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if os.geteuid() != 0 and uid not in (0, os.geteuid()):
        raise NodeError("a worker of another user")
    return int(pid)


def _hello(orphan: Orphan) -> dict[str, Any]:
    reader = Reader(LARGEST_FROM_WORKER)
    while True:
        data, fds, _, _ = socket.recv_fds(orphan.sock, 65536, MOST_SOCKETS)
        for fd in fds:
            _receive(orphan, fd)
        if not data:
            raise NodeError("a worker that hung up")
        for kind, payload in reader.feed(data):
            if kind is Kind.HELLO:
                return document(payload)


def _receive(orphan: Orphan, fd: int) -> None:
    if stat.S_ISSOCK(os.fstat(fd).st_mode):
        orphan.sockets.append(socket.socket(fileno=fd))
    elif orphan.memory is None:
        orphan.memory = fd
    else:
        os.close(fd)


async def _end(orphans: Iterable[Orphan]) -> None:
    """They answer what they have, and go; one that hangs has nothing to say."""
    left = list(orphans)
    for orphan in left:
        orphan.process.signal(signal.SIGTERM if orphan.speaks else signal.SIGKILL)
        orphan.sock.close()
        for sock in orphan.sockets:
            sock.close()
        if orphan.memory is not None:
            os.close(orphan.memory)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + END_WITHIN_S
    while any(orphan.process.alive for orphan in left):
        if loop.time() > deadline:
            for orphan in left:
                orphan.process.kill()
        await asyncio.sleep(0.02)
    for orphan in left:
        orphan.process.close()
