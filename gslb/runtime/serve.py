"""`gslb serve`: a node from start to stop."""

from __future__ import annotations

import asyncio
import os
import signal

import structlog
import uvloop

from gslb import config
from gslb.runtime.control import Control, Leave
from gslb.runtime.filelimit import raise_file_limit
from gslb.runtime.pool import SILENT_AFTER_S

_log = structlog.get_logger("gslb")


def serve(file: str, workers: int | None = None, *, silent_after_s: float = SILENT_AFTER_S) -> None:
    """Runs until SIGTERM or SIGINT. `workers` None: one a core. Raises GslbError for what can't be started."""
    configuration = config.load(file)
    count = cores() if workers is None else workers
    raise_file_limit()

    async def run() -> None:
        await until_stopped(Control(configuration, count, silent_after_s=silent_after_s))

    uvloop.run(run())


async def until_stopped(control: Control) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, control.reload)
    if not await _started(control, stop):
        return
    control.failed.add_done_callback(lambda failed: stop.set())
    await stop.wait()
    failed = control.failed.done()
    if failed:
        _log.error("control failed and ends; its workers serve on, and the next start adopts them", kind="control-failed")
    await control.stop(Leave.ALL if failed else Leave.NONE)
    if failed:
        control.failed.result()


async def _started(control: Control, stop: asyncio.Event) -> bool:
    """False if it was stopped before it had started."""
    starting = asyncio.create_task(control.start())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not starting.done():
        starting.cancel()
        await asyncio.wait({starting})
        return False
    starting.result()
    return True


def cores() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0))
