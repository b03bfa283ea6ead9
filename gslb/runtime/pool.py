"""The data-plane workers as control sees them: started, adopted, covered while they are dead, restarted, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

from gslb.errors import GslbError, NodeError
from gslb.model import Limits
from gslb.runtime.adoption import adoptable, clear
from gslb.runtime.channel import Channel, unix_address
from gslb.runtime.frames import LARGEST_FROM_WORKER, Kind, document, frame, json_frame
from gslb.runtime.pledging import fits, make_memory
from gslb.runtime.process import Process, spawn
from gslb.runtime.sockets import Listener, join, open_all

FIRST_DELAY_S, LONGEST_DELAY_S, WELL_AFTER_S = 0.2, 10.0, 60.0
CONNECT_EVERY_S = 0.02
LOOK_EVERY_S = 0.5
COVER_AFTER_S = 2.0  # of silence: a sibling serves its sockets too
SILENT_AFTER_S = 15.0  # of silence: it hangs, and is killed
KILLED_WITHIN_S = 0.5


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
        self.adopted = False
        self.started_s = 0.0
        self.heard_s = 0.0
        self.delay_s = 0.0  # before it is started again
        self.restarts = 0
        self.world = 0  # the number it says it serves
        self.covered_by: Worker | None = None
        self.covered_before = False  # under an earlier control: by whom nobody knows

    @property
    def serving(self) -> bool:
        return self.channel is not None and not self.channel.closed and self.world > 0


class Pool:
    """`outlive`: should control die, its workers serve on."""

    def __init__(
        self,
        run_dir: Path,
        wanted: Sequence[Listener],
        count: int,
        owner: Listening,
        *,
        silent_after_s: float = SILENT_AFTER_S,
        outlive: bool = True,
        pledged: int = Limits().pledged_clients,
    ) -> None:
        self._run_dir, self._wanted, self._count, self._owner = run_dir, tuple(wanted), count, owner
        self._silent_after_s, self._outlive, self._pledged = silent_after_s, outlive, pledged
        self._memory: int | None = None  # that all workers share
        self._run_fd = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._loop = asyncio.get_running_loop()
        self._blob: bytes | None = None
        self._scopes: bytes | None = None
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.workers: list[Worker] = []

    # ------------------------------------------------------------------------------------------ start

    async def open(self) -> int:
        """Adopts the workers that an earlier control left, and opens sockets for the others. Returns how many were adopted."""
        found = await adoptable(self._run_dir, self._run_fd, self._wanted, self._count)
        for index, orphan in found.items():
            worker = Worker(index, orphan.sockets)
            worker.world, worker.adopted = orphan.world, True
            self._keep(orphan.memory)
            self.workers.append(worker)
        if self._memory is None:
            self._memory = make_memory(self._pledged)
        for worker in self.workers:
            self._attach(worker, found[worker.index].process, found[worker.index].sock)
        missing = [index for index in range(self._count) if index not in found]
        if not found:
            sockets = open_all(self._wanted, self._count)
        else:
            sockets = [join(self._wanted, self.workers[0].sockets) for _ in missing]
        self.workers += [Worker(index, own) for index, own in zip(missing, sockets, strict=True)]
        self.workers.sort(key=lambda worker: worker.index)
        for worker in self.workers:
            worker.covered_before = bool(found)
        return len(found)

    def _keep(self, memory: int | None) -> None:
        """Of what the workers of an earlier control share: the first that is as large as it is to be."""
        if memory is not None and (self._memory is not None or not fits(memory, self._pledged)):
            os.close(memory)
        elif memory is not None:
            self._memory = memory

    def start(self) -> None:
        """Starts those that are not adopted. After this the pool may not open sockets: rights may have been dropped."""
        for worker in self.workers:
            if worker.process is None:
                self._spawn(worker)
        self._task(self._watch())

    async def serving(self, within_s: float) -> None:
        """Until every worker serves, but no longer; what comes meanwhile waits in the sockets."""
        deadline = self._loop.time() + within_s
        while not all(worker.serving for worker in self.workers) and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def _spawn(self, worker: Worker) -> None:
        name = f"worker-{worker.index}.sock"
        clear(self._run_dir / name)
        process = spawn(worker.index, self._run_dir, self._wanted, worker.sockets, self._outlive)
        worker.world, worker.adopted = 0, False
        self._own(worker, process)
        self._task(self._connect(worker, process, name))

    def _own(self, worker: Worker, process: Process) -> None:
        worker.process, worker.started_s = process, self._loop.time()
        self._loop.add_reader(process.pidfd, self._ended, worker, process)

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
        self._own(worker, process)
        self._channel(worker, sock)

    def _channel(self, worker: Worker, sock: socket.socket) -> None:
        channel = Channel(
            self._loop, sock, LARGEST_FROM_WORKER,
            lambda kind, payload: self._heard(worker, kind, payload), lambda: self._lost(worker, channel),
        )  # fmt: skip
        worker.channel, worker.heard_s = channel, self._loop.time()
        if self._memory is not None:
            channel.send(frame(Kind.PLEDGES), [self._memory])
        for blob in (self._scopes, self._blob):
            if blob is not None:
                channel.send(blob)

    # ------------------------------------------------------------------------------------------- work

    def publish(self, parcel: bytes) -> None:
        self._blob = frame(Kind.WORLD, parcel)
        for worker in self.workers:
            if worker.channel is not None:
                worker.channel.send(self._blob)

    def widen(self, scopes: bytes) -> None:
        """Trees of scopes, pickled."""
        self._scopes = frame(Kind.SCOPES, scopes)
        for worker in self.workers:
            if worker.channel is not None:
                worker.channel.send(self._scopes)

    def beat(self) -> None:
        for worker in self.workers:
            if worker.channel is not None:
                worker.channel.send(frame(Kind.BEAT))

    def _heard(self, worker: Worker, kind: Kind, payload: bytes) -> None:
        told = document(payload)
        worker.heard_s = self._loop.time()
        if kind is Kind.SWAPPED:
            number = told.get("world")
            worker.world = number if type(number) is int else 0
        elif kind is Kind.TALLY:
            self._owner.worker_told(worker.index, told)
        elif kind is Kind.FAILED:
            self._cannot(worker, str(told.get("why"))[:500])
        elif kind is Kind.HELLO and worker.channel is not None:  # we have its sockets already
            for fd in worker.channel.take(len(worker.sockets)):
                os.close(fd)
        else:
            raise NodeError(f"a worker does not send {kind.name}")
        if kind in (Kind.SWAPPED, Kind.TALLY) and worker.world:
            self._uncover(worker)

    def _cannot(self, worker: Worker, why: str) -> None:
        """One of ours goes on with the World before. An adopted one may be of another make than we: ours takes its place."""
        self._owner.worker_event("world-failed", worker.index, f"could not take a World: {why}")
        if worker.adopted and worker.channel is not None:
            worker.channel.send(frame(Kind.DRAIN))

    def _lost(self, worker: Worker, channel: Channel) -> None:
        """Its process goes with its channel: what can't be told the truth may not go on answering."""
        if worker.channel is channel:
            worker.channel = None
            if worker.process is not None and not self._stopping:
                worker.process.kill()

    # ------------------------------------------------------------------------------------------ death

    async def _watch(self) -> None:
        looked_s = self._loop.time()
        while not self._stopping:
            await asyncio.sleep(LOOK_EVERY_S)
            now_s = self._loop.time()
            late_s = now_s - looked_s - LOOK_EVERY_S
            looked_s = now_s
            for worker in self.workers:
                if late_s > LOOK_EVERY_S:  # it was we who slept: what they said meanwhile is not read yet
                    worker.heard_s += late_s
                if worker.channel is not None:
                    self._mind(worker, now_s - worker.heard_s)

    def _mind(self, worker: Worker, silent_s: float) -> None:
        if silent_s > COVER_AFTER_S and worker.covered_by is None:
            self._cover(worker)
        if silent_s > self._silent_after_s and worker.process is not None:
            self._owner.worker_event("worker-silent", worker.index, f"said nothing for {self._silent_after_s:g} s: killed")
            worker.process.kill()

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
        worker.delay_s = 0.0 if lived_s > WELL_AFTER_S or not worker.restarts else _next_delay(worker.delay_s)
        worker.restarts += 1
        self._cover(worker)
        then = f"started again in {worker.delay_s:.1f} s" if worker.delay_s else "started again"
        self._owner.worker_event("worker-died", worker.index, f"{status} after {lived_s:.1f} s; {then}")
        self._task(self._again(worker))

    async def _again(self, worker: Worker) -> None:
        while True:
            await asyncio.sleep(worker.delay_s)
            if self._stopping or worker.process is not None:
                return
            try:
                return self._spawn(worker)
            except (GslbError, OSError) as error:  # out of processes or memory, maybe for a while
                worker.delay_s = _next_delay(worker.delay_s)
                self._owner.worker_event("worker-died", worker.index, f"{error}; tried again in {worker.delay_s:.1f} s")

    def _cover(self, ill: Worker) -> None:
        """A sibling that is well serves the sockets of a worker that is not; what that one covered, another sibling does."""
        for worker in self.workers:
            if worker.covered_by is ill:
                worker.covered_by = None
                self._cover(worker)
        now_s = self._loop.time()
        well = (each for each in self.workers if each is not ill and each.serving and now_s - each.heard_s < COVER_AFTER_S)
        sibling = ill.covered_by or next(well, None)
        if sibling is not None and sibling.channel is not None and ill.covered_by is None:
            told = {"worker": ill.index, "sockets": len(ill.sockets)}
            sibling.channel.send(json_frame(Kind.COVER, told), [sock.fileno() for sock in ill.sockets])
            ill.covered_by = sibling

    def _uncover(self, worker: Worker) -> None:
        sibling, worker.covered_by = worker.covered_by, None
        siblings = self.workers if worker.covered_before else [sibling]
        worker.covered_before = False
        for each in siblings:
            if each is not None and each is not worker and each.channel is not None:
                each.channel.send(json_frame(Kind.UNCOVER, {"worker": worker.index}))

    # ------------------------------------------------------------------------------------------- stop

    async def drain(self, within_s: float, keep: Callable[[Worker], bool] = lambda worker: False) -> None:
        """Has the workers answer what came in, and end; kills what is left after `within_s`. Those to `keep` go on alone."""
        self._stopping = True
        ending = [worker for worker in self.workers if not keep(worker)]
        living = [worker.process for worker in ending if worker.process is not None]
        for worker in ending:
            if worker.channel is not None:
                worker.channel.send(frame(Kind.DRAIN))
            elif worker.process is not None:
                worker.process.signal(signal.SIGTERM)
        await self._gone(living, within_s)
        for process in living:
            process.kill()
        await self._gone(living, KILLED_WITHIN_S)
        self._close()

    async def _gone(self, processes: Sequence[Process], within_s: float) -> None:
        deadline = self._loop.time() + within_s
        while any(process.alive for process in processes) and self._loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)  # a turn for `_ended`, which reaps them

    def _close(self) -> None:
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
        if self._memory is not None:
            os.close(self._memory)

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _next_delay(delay_s: float) -> float:
    return min(max(FIRST_DELAY_S, delay_s * 2), LONGEST_DELAY_S)
