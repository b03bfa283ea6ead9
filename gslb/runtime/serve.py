"""`gslb serve`: a node from start to stop."""

from __future__ import annotations

import asyncio
import os
import signal

import uvloop

from gslb import config
from gslb.model import Configuration
from gslb.runtime.control import Control


def serve(file: str, workers: int | None = None) -> None:
    """Runs until SIGTERM or SIGINT. `workers` None: one a core. Raises GslbError for what can't be started."""
    configuration = config.load(file)
    uvloop.run(run(Control, configuration, cores() if workers is None else workers))


async def run(make: type[Control], configuration: Configuration, workers: int) -> None:
    control = make(configuration, workers)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, control.reload)
    await control.start()
    control.failed.add_done_callback(lambda failed: stop.set())
    try:
        await stop.wait()
    finally:
        await control.stop()
    if control.failed.done():
        control.failed.result()


def cores() -> int:
    """Those that this process may run on."""
    return len(os.sched_getaffinity(0))
