"""The data-plane workers as control sees them: started, adopted, covered while they are dead, restarted, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from gslb.errors import NodeError
from gslb.runtime.adoption import adoptable
from gslb.runtime.channel import Channel, unix_address
from gslb.runtime.frames import LARGEST_FROM_WORKER, Kind, document, frame, json_frame
from gslb.runtime.process import Process, spawn
from gslb.runtime.sockets import Listener, open_all

FIRST_DELAY_S, LONGEST_DELAY_S, WELL_AFTER_S = 0.1, 10.0, 60.0
CONNECT_EVERY_S = 0.02
SILENT_AFTER_S = 15.0  # a worker that has told nothing for so long hangs: it is killed, and restarted


class Listening(Protocol):
    """What the pool tells its owner."""

    def worker_told(self, index: int, tally: dict[str, Any]) -> None: ...
    def worker_event(self, kind: str, index: int, message: str) -> None: ...


class Worker:
    """One place in the pool: its sockets stay, its process and channel come and go."""

    def __init__(self, index: int, sockets: list[socket.socket]) -> None:
        self.index = index
        self.sockets = sockets
        self.process: Process | None = None
        self.channel: Channel | None = None
        self.started_s = 0.0
        self.heard_s = 0.0
        self.delay_s = FIRST_DELAY_S
        self.restarts = 0
        self.world = 0  # the number it says it serves
        self.covered_by: Worker | None = None

    @property
    def serving(self) -> bool:
        return self.channel is not None and not self.channel.closed and self.world > 0


class Pool:
    def __init__(self, run_dir: Path, wanted: Sequence[Listener], count: int, owner: Listening, node: dict[str, Any]) -> None:
        self._run_dir, self._wanted, self._count, self._owner, self._node = run_dir, tuple(wanted), count, owner, node
        self._run_fd = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._loop = asyncio.get_running_loop()
        self._blob: bytes | None = None
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.workers: list[Worker] = []

    # ------------------------------------------------------------------------------------------ start

    async def open(self) -> int:
        """Adopts the workers that an earlier control left, or opens the sockets anew. Returns how many were adopted."""
        found = await adoptable(self._run_dir, self._run_fd, self._wanted, self._count)
        if not found:
            self.workers = [Worker(i, sockets) for i, sockets in enumerate(open_all(self._wanted, self._count))]
            return 0
        self.workers = [Worker(orphan.index, orphan.sockets) for orphan in found]
        for worker, orphan in zip(self.workers, found, strict=True):
            worker.world = orphan.world
            self._attach(worker, orphan.process, orphan.sock)
        return len(found)

    def start(self) -> None:
        """Starts those that are not adopted. After this the pool may not open sockets: rights may have been dropped."""
        for worker in self.workers:
            if worker.process is None:
                self._spawn(worker)
        self._task(self._watch())

    def _spawn(self, worker: Worker) -> None:
        name = f"worker-{worker.index}.sock"
        (self._run_dir / name).unlink(missing_ok=True)
        process = spawn(worker.index, self._run_dir, self._wanted, worker.sockets, self._node)
        worker.process, worker.started_s, worker.world = process, self._loop.time(), 0
        self._loop.add_reader(process.pidfd, self._ended, worker, process)
        self._task(self._connect(worker, process, name))

    async def _connect(self, worker: Worker, process: Process, name: str) -> None:
        while worker.process is process and not self._stopping:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            try:
                sock.connect(unix_address(self._run_fd, name))
            except OSError:
                sock.close()
                await asyncio.sleep(CONNECT_EVERY_S)
                continue
            self._channel(worker, sock)
            return

    def _attach(self, worker: Worker, process: Process, sock: socket.socket) -> None:
        worker.process, worker.started_s = process, self._loop.time()
        self._loop.add_reader(process.pidfd, self._ended, worker, process)
        self._channel(worker, sock)

    def _channel(self, worker: Worker, sock: socket.socket) -> None:
        channel = Channel(
            self._loop, sock, LARGEST_FROM_WORKER,
            lambda kind, payload: self._heard(worker, kind, payload), lambda: self._lost(worker, channel),
        )  # fmt: skip
        worker.channel, worker.heard_s = channel, self._loop.time()
        if self._blob is not None:
            channel.send(self._blob)

    # ------------------------------------------------------------------------------------------- work

    def publish(self, snapshot: bytes) -> None:
        self._blob = frame(Kind.WORLD, snapshot)
        for worker in self.workers:
            if worker.channel is not None:
                worker.channel.send(self._blob)

    def beat(self) -> None:
        for worker in self.workers:
            if worker.channel is not None:
                worker.channel.send(frame(Kind.BEAT))

    def _heard(self, worker: Worker, kind: Kind, payload: bytes) -> None:
        told = document(payload)
        worker.heard_s = self._loop.time()
        if kind is Kind.SWAPPED:
            number = told.get("world")
            worker.world = number if isinstance(number, int) else 0
            self._uncover(worker)
        elif kind is Kind.TALLY:
            self._owner.worker_told(worker.index, told)
        elif kind is Kind.HELLO and worker.channel is not None:  # we have its sockets already
            for sock in worker.channel.take_sockets(len(worker.sockets)):
                sock.close()
        else:
            raise NodeError(f"a worker does not send {kind.name}")

    def _lost(self, worker: Worker, channel: Channel) -> None:
        """Its process goes with its channel: what can't be told the truth may not go on answering."""
        if worker.channel is channel:
            worker.channel = None
            if worker.process is not None and not self._stopping:
                worker.process.kill()

    async def _watch(self) -> None:
        while not self._stopping:
            await asyncio.sleep(1.0)
            now = self._loop.time()
            for worker in self.workers:
                if worker.channel is not None and now - worker.heard_s > SILENT_AFTER_S and worker.process is not None:
                    self._owner.worker_event("worker-silent", worker.index, f"said nothing for {SILENT_AFTER_S:g} s: killed")
                    worker.process.kill()

    # ------------------------------------------------------------------------------------------ death

    def _ended(self, worker: Worker, process: Process) -> None:
        self._loop.remove_reader(process.pidfd)
        status = process.reap()
        if worker.process is not process:
            return
        worker.process, worker.world = None, 0
        if worker.channel is not None:
            worker.channel.close()
        if self._stopping:
            return
        lived_s = self._loop.time() - worker.started_s
        worker.delay_s = FIRST_DELAY_S if lived_s > WELL_AFTER_S else min(worker.delay_s * 2, LONGEST_DELAY_S)
        wait_s = 0.0 if lived_s > WELL_AFTER_S or worker.restarts == 0 else worker.delay_s
        worker.restarts += 1
        self._cover(worker)
        self._owner.worker_event("worker-died", worker.index, f"{status} after {lived_s:.1f} s; restarted in {wait_s:.1f} s")
        self._task(self._again(worker, wait_s))

    async def _again(self, worker: Worker, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        if not self._stopping and worker.process is None:
            self._spawn(worker)

    def _cover(self, dead: Worker) -> None:
        """A live sibling serves the sockets of a dead worker until its successor does; and gives up those it covered."""
        for worker in self.workers:
            if worker.covered_by is dead:
                worker.covered_by = None
                self._cover(worker)
        sibling = next((worker for worker in self.workers if worker is not dead and worker.serving), None)
        if sibling is not None and sibling.channel is not None:
            told = {"worker": dead.index, "sockets": len(dead.sockets)}
            sibling.channel.send(json_frame(Kind.COVER, told), [sock.fileno() for sock in dead.sockets])
            dead.covered_by = sibling

    def _uncover(self, worker: Worker) -> None:
        sibling, worker.covered_by = worker.covered_by, None
        if sibling is not None and sibling.channel is not None:
            sibling.channel.send(json_frame(Kind.UNCOVER, {"worker": worker.index}))

    # ------------------------------------------------------------------------------------------- stop

    async def drain(self, within_s: float) -> None:
        """Has every worker answer what came in, and end; kills what is left after `within_s`."""
        self._stopping = True
        living = [worker.process for worker in self.workers if worker.process is not None]
        for worker in self.workers:
            if worker.channel is not None:
                worker.channel.send(frame(Kind.DRAIN))
            elif worker.process is not None:
                worker.process.signal(signal.SIGTERM)
        deadline = self._loop.time() + within_s
        while any(process.alive for process in living) and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for process in living:
            process.kill()
        self.close()

    def close(self) -> None:
        """Lets go of channels and sockets; living workers go on by themselves."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        for worker in self.workers:
            if worker.process is not None:
                self._loop.remove_reader(worker.process.pidfd)
                worker.process.close()
            if worker.channel is not None:
                worker.channel.close()
            for sock in worker.sockets:
                sock.close()
        os.close(self._run_fd)

    def _task(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
