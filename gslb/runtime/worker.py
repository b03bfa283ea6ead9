"""A data-plane worker process: serves the sockets it was given, from the last World it was sent.

It outlives control. When the channel closes it goes on answering and waits at `state_dir/run/worker-N.sock` for the
next control, to which it says HELLO and gives copies of its sockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pickle
import signal
import socket
import struct
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from gslb.model import Endpoint
from gslb.runtime.adoption import hello
from gslb.runtime.channel import Channel, unix_address
from gslb.runtime.dataplane import DataPlane
from gslb.runtime.frames import LARGEST_FROM_CONTROL, Kind, document, json_frame
from gslb.runtime.snapshot import Snapshot
from gslb.runtime.sockets import Listener

TALLY_EVERY_S = 0.5


class WorkerProcess:
    def __init__(self, order: dict[str, Any]) -> None:
        self._index = int(order["index"])
        self._wanted = [Listener(role, Endpoint(host, port)) for role, host, port in order["listeners"]]
        self._sockets = [socket.socket(fileno=fd) for fd in order["fds"]]
        self._run_dir = Path(order["run_dir"])
        self._loop = asyncio.get_running_loop()
        self._plane = DataPlane(self._loop)
        self._channel: Channel | None = None
        self._spoken_to = False  # nothing but HELLO is said before control has said something
        self._drain = asyncio.Event()
        self._work: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue()

    async def run(self) -> None:
        run_fd = os.open(self._run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        path = unix_address(run_fd, f"worker-{self._index}.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        door.bind(path)
        door.listen(4)
        self._loop.add_reader(door, self._greeted, door)
        self._loop.add_signal_handler(signal.SIGTERM, self._drain.set)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        tasks = [self._loop.create_task(self._tally()), self._loop.create_task(self._labour())]
        await self._drain.wait()
        for task in tasks:
            task.cancel()
        await self._plane.drain()
        self._tell_tally()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def _greeted(self, door: socket.socket) -> None:
        try:
            sock, _ = door.accept()
        except OSError:
            return
        _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in (0, os.geteuid()):
            sock.close()
            return
        if self._channel is not None:
            self._channel.close()
        self._spoken_to = False
        self._channel = Channel(self._loop, sock, LARGEST_FROM_CONTROL, self._told, lambda: None)
        greeting = json_frame(Kind.HELLO, hello(self._index, self._wanted, self._plane.world))
        self._channel.send(greeting, [own.fileno() for own in self._sockets])

    def _told(self, kind: Kind, payload: bytes) -> None:
        self._spoken_to = True
        self._plane.beat()
        if kind is Kind.WORLD:
            self._swap(pickle.loads(payload))  # noqa: S301 - of our own control, see frames
        elif kind is Kind.DRAIN:
            self._drain.set()
        elif kind is Kind.COVER and self._channel is not None:
            told = document(payload)
            sockets = self._channel.take_sockets(told["sockets"])
            self._do(self._plane.cover(told["worker"], self._wanted, sockets))
        elif kind is Kind.UNCOVER:
            self._do(self._plane.uncover(document(payload)["worker"]))

    def _swap(self, snapshot: Snapshot) -> None:
        first = self._plane.world == 0
        self._plane.swap(snapshot)
        if first:
            self._do(self._plane.serve(self._wanted, self._sockets))
        if self._channel is not None:
            self._channel.send(json_frame(Kind.SWAPPED, {"world": self._plane.world}))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        """One after the other, in the order that control said."""
        self._work.put_nowait(work)

    async def _labour(self) -> None:
        while True:
            await (await self._work.get())

    async def _tally(self) -> None:
        while True:
            await asyncio.sleep(TALLY_EVERY_S)
            self._tell_tally()

    def _tell_tally(self) -> None:
        if self._channel is not None and not self._channel.closed and self._spoken_to:
            self._channel.send(json_frame(Kind.TALLY, self._plane.tally()))


def main() -> None:
    order = json.loads(sys.argv[1])

    async def run() -> None:
        await WorkerProcess(order).run()

    uvloop.run(run())


if __name__ == "__main__":
    main()
