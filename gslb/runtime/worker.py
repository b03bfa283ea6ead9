"""A data-plane worker process: serves the sockets it was given, from the last World it was sent.

It outlives control. When the channel closes it goes on answering and waits at `state_dir/run/worker-N.sock` for the
next control, to which it says HELLO and gives copies of its sockets. It ends where nobody can find it any more.
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

import structlog
import uvloop

from gslb.model import Endpoint
from gslb.runtime import logs
from gslb.runtime.adoption import hello
from gslb.runtime.channel import Channel, unix_address
from gslb.runtime.dataplane import DataPlane
from gslb.runtime.frames import LARGEST_FROM_CONTROL, Kind, document, json_frame
from gslb.runtime.parcel import Unpacker
from gslb.runtime.pledging import open_pledges
from gslb.runtime.sockets import Listener

TALLY_EVERY_S = 0.5
ALONE_LOOK_S = 2.0
ALONE_AT_MOST_S = 30.0  # for a worker that never had a World

_log = structlog.get_logger("gslb")


class WorkerProcess:
    def __init__(self, order: dict[str, Any]) -> None:
        self._index = int(order["index"])
        self._wanted = [Listener(role, Endpoint(host, port)) for role, host, port in order["listeners"]]
        self._sockets = [socket.socket(fileno=fd) for fd in order["fds"]]
        self._run_dir = Path(order["run_dir"])
        self._outlives = bool(order["outlives"])
        self._loop = asyncio.get_running_loop()
        self._plane = DataPlane(self._loop, self._index)
        self._unpacker = Unpacker()
        self._memory: int | None = None  # that all workers share
        self._channel: Channel | None = None
        self._spoken_to = False  # nothing but HELLO is said before control has said something
        self._behind = False  # the last World could not be taken: what we have is not the newest
        self._parcel: bytes | None = None
        self._parcel_came = asyncio.Event()
        self._work: asyncio.Queue[Coroutine[Any, Any, None]] = asyncio.Queue()
        self._drain: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        """Until it is drained, or fails."""
        run_fd = os.open(self._run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        path = unix_address(run_fd, f"worker-{self._index}.sock")
        door = _listening(path)
        self._loop.add_reader(door, self._greeted, door)
        self._loop.add_signal_handler(signal.SIGTERM, self._end)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        tasks = [self._loop.create_task(work) for work in (self._take_worlds(), self._labour(), self._tally(), self._alone(path))]
        for task in tasks:
            task.add_done_callback(self._failed)
        try:
            await self._drain
        finally:
            for task in tasks:
                task.cancel()
            with contextlib.suppress(OSError):
                os.unlink(path)
        await self._plane.drain()
        self._tell_tally()

    def _end(self) -> None:
        if not self._drain.done():
            self._drain.set_result(None)

    def _failed(self, task: asyncio.Task[None]) -> None:
        """What a worker can't be without has ended. It ends too: control starts another, and a sibling serves till then."""
        if not task.cancelled() and not self._drain.done():
            self._drain.set_exception(task.exception() or RuntimeError("a task ended"))

    # ----------------------------------------------------------------------------------------- control

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
        self._channel = Channel(self._loop, sock, LARGEST_FROM_CONTROL, self._told, self._left)
        greeting = json_frame(Kind.HELLO, hello(self._index, self._wanted, self._plane.world))
        shared = [] if self._memory is None else [self._memory]
        self._channel.send(greeting, [*(own.fileno() for own in self._sockets), *shared])

    def _told(self, kind: Kind, payload: bytes) -> None:
        self._spoken_to = True
        if kind is Kind.WORLD:
            self._parcel = payload  # of those that wait the last alone
            self._parcel_came.set()
        elif kind is Kind.SCOPES:
            self._plane.widen(pickle.loads(payload))  # noqa: S301 - of our own control, see frames
        elif kind is Kind.BEAT and not self._behind:
            self._plane.beat()
        elif kind is Kind.DRAIN:
            self._end()
        elif kind is Kind.COVER and self._channel is not None:
            told = document(payload)
            sockets = self._channel.take_sockets(told["sockets"])
            self._work.put_nowait(self._plane.cover(told["worker"], self._wanted, sockets))
        elif kind is Kind.PLEDGES and self._channel is not None:
            self._share(*self._channel.take(1))
        elif kind is Kind.UNCOVER:
            self._work.put_nowait(self._plane.uncover(document(payload)["worker"]))

    def _share(self, memory: int) -> None:
        """Two descriptors of the same: one to use, one to give to the next control."""
        pledges = open_pledges(os.dup(memory))
        if self._memory is not None:
            os.close(self._memory)
        self._memory = memory
        if pledges is not None:
            self._plane.share(pledges)

    def _left(self) -> None:
        """Control is gone, or another one has come."""
        if not self._outlives:
            self._end()

    async def _alone(self, path: str) -> None:
        """Without a control, and with no door left by which the next one could come, or nothing to serve: there is no use."""
        since_s = self._loop.time()
        while True:
            await asyncio.sleep(ALONE_LOOK_S)
            if self._channel is not None and not self._channel.closed:
                since_s = self._loop.time()
            elif not os.path.lexists(path) or (  # noqa: ASYNC240 - one look at a local directory
                not self._plane.world and self._loop.time() - since_s > ALONE_AT_MOST_S
            ):
                self._end()

    def _say(self, kind: Kind, content: dict[str, Any]) -> None:
        if self._channel is not None and not self._channel.closed and self._spoken_to:
            self._channel.send(json_frame(kind, content))

    # ------------------------------------------------------------------------------------------ Worlds

    async def _take_worlds(self) -> None:
        while True:
            await self._parcel_came.wait()
            self._parcel_came.clear()
            parcel, self._parcel = self._parcel, None
            if parcel is not None:
                await self._take(parcel)
                await self._unpacker.release()

    async def _take(self, parcel: bytes) -> None:
        """A World that can't be taken costs a worker that serves nothing but its news; one that doesn't yet has nothing else."""
        serving = self._plane.world > 0
        try:
            await self._plane.take(await self._unpacker.unpack(parcel))
        except Exception as error:
            if not serving:
                raise
            self._behind = True
            _log.error("a World could not be taken", kind="world-failed", worker=self._index, exc_info=True)
            return self._say(Kind.FAILED, {"why": f"{type(error).__name__}: {error}"})
        self._behind = False
        if not serving:
            await self._plane.serve(self._wanted, self._sockets)
        self._say(Kind.SWAPPED, {"world": self._plane.world})

    async def _labour(self) -> None:
        """One after the other, in the order that control said."""
        while True:
            await (await self._work.get())

    async def _tally(self) -> None:
        while True:
            await asyncio.sleep(TALLY_EVERY_S)
            self._tell_tally()

    def _tell_tally(self) -> None:
        """Not to a control that is behind: what is counted stays, and goes with the next."""
        if self._channel is not None and not self._channel.waits and self._spoken_to:
            self._say(Kind.TALLY, self._plane.tally() | {"longest_s": self._unpacker.longest_s})


def _listening(path: str) -> socket.socket:
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    door.bind(path)
    door.listen(4)
    return door


def main() -> None:
    order = json.loads(sys.argv[1])
    logs.set_up(**order["logs"])

    async def run() -> None:
        await WorkerProcess(order).run()

    try:
        uvloop.run(run())
    except Exception:
        _log.exception("a worker failed", worker=order["index"])
        sys.exit(1)


if __name__ == "__main__":
    main()
