"""The exec prober: run a program; exit 0 is well.

No shell, a bare environment (PATH, and GSLB_SITE, GSLB_ADDRESS, GSLB_PORT, GSLB_HOST), its own process
group, which is killed when the time is over or the probe is cancelled. The first 4 KB of output are kept,
the rest is thrown away.
"""

import asyncio
import contextlib
import os
import shlex
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from probes.model import Result, Target
from probes.record import TEXT_LIMIT, Phase, Record, concluded
from probes.setting import Setting
from probes.verdict import Failed, Finding, Verdict

_LAST_WORDS_S = 0.2


async def probe_exec(target: Target, setting: Setting) -> Result:
    """Probe by a program of the operator's."""
    told = _environment(target)
    named = [f"{name}={shlex.quote(value)}" for name, value in told.items() if name != "PATH"]
    line = " ".join([*named, shlex.join(target.check.command)])
    record = Record(target, setting, request=line, command=line, phase=Phase.BODY)
    return await concluded(record, _exchange(record, told))


def _environment(target: Target) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GSLB_SITE": target.site,
        "GSLB_ADDRESS": target.address,
        "GSLB_PORT": str(target.port),
        "GSLB_HOST": target.sent_host,
    }


async def _exchange(record: Record, environment: dict[str, str]) -> Finding:
    async with _output(record) as (write_end, closed):
        process = await _started(record, environment, write_end)
        try:
            status = await process.wait()
        finally:
            await _end(process)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):  # not wait_for, which can swallow a cancel (gh-86296)
                await closed.wait()
    if status == 0:
        return Finding(Verdict.OK, "exit 0")
    said = record.response.strip().splitlines()
    ended = f"exit {status}" if status > 0 else f"killed by {signal.Signals(-status).name}"
    return Finding(Verdict.EXEC_FAILED, f"{ended}: {said[0]}" if said else ended)


async def _started(record: Record, environment: dict[str, str], output: int) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *record.target.check.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(Verdict.INTERNAL, f"the program cannot be started: {error}") from error
    finally:
        os.close(output)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the group of a program that still runs, and wait for it to be gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())


class _Kept(asyncio.Protocol):
    """Keeps the beginning of what comes, and reads on, so that the program does not block on a full pipe."""

    def __init__(self, record: Record, closed: asyncio.Event) -> None:
        self._record = record
        self._closed = closed

    def data_received(self, data: bytes) -> None:
        self._record.bytes_read += len(data)
        self._record.response += data.decode("latin-1")[: TEXT_LIMIT - len(self._record.response)]

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()


@asynccontextmanager
async def _output(record: Record) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A pipe of our own: a child that outlives the program may keep its end, and we can close ours."""
    read_end, write_end = os.pipe()
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(read_end, "rb", buffering=0)
    transport, _ = await loop.connect_read_pipe(lambda: _Kept(record, closed), pipe)
    try:
        yield write_end, closed
    finally:
        transport.close()
        await asyncio.sleep(0)
