"""The mirrors of the demo as processes: started and ended together, killed, frozen and made ill one by one.

No mirror outlives its fleet. Each holds the read end of a pipe that only we can write to, so that it sees
our end even after SIGKILL. A frozen one sees nothing; but it is a process group of our session, and when that
loses its last parent, the kernel sends its stopped members SIGHUP and SIGCONT.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from gslb.errors import BusyError, UsageError
from gslb.runtime.demo.control import MirrorStatus, ask, status_from
from gslb.runtime.demo.sites import MirrorSpec

_START_S = 20.0
_STOP_S = 2.0


class Life(StrEnum):
    RUNNING = "running"
    FROZEN = "frozen"
    DEAD = "dead"


class Fleet:
    def __init__(self, specs: Iterable[MirrorSpec], root: Path) -> None:
        self.specs = {spec.id: spec for spec in specs}
        self._root = root
        self._run = Path(tempfile.mkdtemp(prefix="gslb-demo-"))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._frozen: set[str] = set()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self) -> None:
        """Every mirror, at the same time. BusyError with a mirror's own words when it can't listen."""
        starts = (self._start(spec, "ok") for spec in self.specs.values())
        for outcome in await asyncio.gather(*starts, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def stop(self) -> None:
        await asyncio.gather(*(self._end(id) for id in self._processes))
        await asyncio.to_thread(shutil.rmtree, self._run, ignore_errors=True)

    async def set_fault(self, id: str, text: str) -> MirrorStatus:
        """`hang`, `slow 4`, `503`: see `faults.USAGE`. NodeError when the mirror is dead or frozen."""
        return await ask(self.control_path(id), f"fault {text}")

    async def status(self, id: str) -> MirrorStatus:
        return await ask(self.control_path(id), "status")

    async def kill(self, id: str) -> None:
        """As the power goes: connections are reset, and nobody listens."""
        process = self._process(id)
        process.kill()
        await asyncio.to_thread(process.wait)

    async def freeze(self, id: str) -> None:
        """As a machine whose disk hangs: the kernel still accepts connections, and nothing answers."""
        if self.life(id) is not Life.RUNNING:
            return
        self._frozen.add(id)
        self._process(id).send_signal(signal.SIGSTOP)
        # Only what has stopped gets the SIGCONT of which the docstring above tells.
        await asyncio.to_thread(os.waitid, os.P_PID, self.pid(id), os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self, id: str) -> None:
        if self.life(id) is Life.FROZEN:
            self._process(id).send_signal(signal.SIGCONT)
            self._frozen.discard(id)

    async def restart(self, id: str, fault: str = "ok") -> MirrorStatus:
        """End it, if it is alive, and start it anew."""
        await self._end(self._known(id).id)
        return await self._start(self.specs[id], fault)

    def life(self, id: str) -> Life:
        if self._process(id).poll() is not None:
            return Life.DEAD
        return Life.FROZEN if id in self._frozen else Life.RUNNING

    def pid(self, id: str) -> int:
        return self._process(id).pid

    def control_path(self, id: str) -> Path:
        """Where `control.ask` reaches the mirror, from another process too."""
        return self._run / f"{self._known(id).id}.control"

    def _known(self, id: str) -> MirrorSpec:
        try:
            return self.specs[id]
        except KeyError:
            raise UsageError(f"{id!r} is none of the mirrors {', '.join(self.specs)}") from None

    def _process(self, id: str) -> subprocess.Popen[bytes]:
        return self._processes[self._known(id).id]

    async def _start(self, spec: MirrorSpec, fault: str) -> MirrorStatus:
        process = self._processes[spec.id] = self._spawn(spec, fault)
        self._frozen.discard(spec.id)
        try:
            async with asyncio.timeout(_START_S):
                line = await asyncio.to_thread(_first_line, process)
        except TimeoutError:
            process.kill()  # ends the thread that still reads
            raise BusyError(f"mirror {spec.id} did not start within {_START_S:g} s") from None
        if not line:
            raise BusyError(self._log_path(spec).read_text().strip() or f"mirror {spec.id} did not start")
        return status_from(json.loads(line))

    def _spawn(self, spec: MirrorSpec, fault: str) -> subprocess.Popen[bytes]:
        with self._log_path(spec).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "gslb.runtime.demo.mirror", *self._arguments(spec, fault)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                process_group=0,  # Ctrl-C is for the demo, which then ends its mirrors
            )

    def _arguments(self, spec: MirrorSpec, fault: str) -> list[str]:
        addresses = [f"--address={address}" for address in (spec.address, *spec.more_addresses)]
        options = {
            "name": spec.id,
            "port": spec.port,
            "root": spec.root or self._root,
            "delay-ms": spec.delay_ms,
            "control": self.control_path(spec.id),
            "fault": fault,
        }
        return [*addresses, *(f"--{option}={value}" for option, value in options.items()), "--lifeline"]

    def _log_path(self, spec: MirrorSpec) -> Path:
        return self._run / f"{spec.id}.log"

    async def _end(self, id: str) -> None:
        """By SIGTERM, or by SIGKILL where it is frozen or slow to go."""
        process = self._processes[id]
        process.kill() if self.life(id) is Life.FROZEN else process.terminate()
        try:
            await asyncio.to_thread(process.wait, _STOP_S)
        except subprocess.TimeoutExpired:
            await self.kill(id)
        if process.stdin:
            process.stdin.close()


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    if process.stdout is None:
        return b""
    with process.stdout:
        return process.stdout.readline()
