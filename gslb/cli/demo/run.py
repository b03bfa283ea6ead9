"""A demo on a terminal: it starts, shows, obeys, and stops."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable

import structlog
import uvloop

from gslb.cli.demo import wire
from gslb.cli.demo.orders import Quit, obey
from gslb.cli.demo.screen import Screen, introduction
from gslb.errors import GslbError
from gslb.model import Endpoint
from gslb.runtime import logs
from gslb.runtime.demo.session import DemoSession
from gslb.runtime.serve import cores

_MOST_WORKERS = 2


def run(dns: Endpoint, http: Endpoint, admin: Endpoint, workers: int | None, *, debug: bool) -> None:
    """Until `quit`, Ctrl-C or SIGTERM. Raises GslbError for what can't be started."""
    if debug:
        logs.set_up(debug=True)
    else:  # events are shown as lines of our own
        structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[_nothing])
    count = min(_MOST_WORKERS, cores()) if workers is None else workers
    uvloop.run(_demo(DemoSession(dns, http, admin, count), admin))


def _nothing(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    raise structlog.DropEvent


async def _demo(session: DemoSession, admin: Endpoint) -> None:
    began = time.monotonic()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    starting = asyncio.create_task(_until_stopped(session, stop, began, admin))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting


async def _until_stopped(session: DemoSession, stop: asyncio.Event, began: float, admin: Endpoint) -> None:
    print("Starting thirteen mirrors and a node …", flush=True)
    async with session:
        screen = Screen(session)
        obeyed = _obeying(session, stop)
        async with await wire.listen(admin, obeyed):
            screen.say(introduction(session, time.monotonic() - began))
            watching = asyncio.create_task(screen.watch())
            _read_orders(obeyed, screen, stop)
            session.control.failed.add_done_callback(lambda _: stop.set())
            try:
                await stop.wait()
            finally:
                watching.cancel()
                screen.say("Stopping …")
        if session.control.failed.done():
            session.control.failed.result()


def _obeying(session: DemoSession, stop: asyncio.Event) -> Callable[[str], Awaitable[str]]:
    async def obeyed(line: str) -> str:
        try:
            return await obey(session, line)
        except Quit:
            stop.set()
            return "the demo stops"

    return obeyed


def _read_orders(obeyed: Callable[[str], Awaitable[str]], screen: Screen, stop: asyncio.Event) -> None:
    """Standard input, from a thread: a regular file can't be polled, and to poll a terminal would change it for our parent."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def put(line: str | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(lines.put_nowait, line)

    async def take() -> None:
        while (line := await lines.get()) is not None:
            try:
                said = await obeyed(line)
            except GslbError as error:
                said = str(error)
            if said:
                screen.say(said)
        if sys.stdin.isatty():  # Ctrl-D; the end of a pipe or of /dev/null is no order
            stop.set()

    signal.signal(signal.SIGTTIN, signal.SIG_IGN)  # in the background of a shell: read(2) fails instead of stopping us
    threading.Thread(target=_read_lines, args=(put,), daemon=True).start()
    task = loop.create_task(take())
    screen.tasks.add(task)


def _read_lines(put: Callable[[str | None], None]) -> None:
    """Without sys.stdin, whose lock a thread that waits would hold when the interpreter ends."""
    rest = b""
    try:
        while data := os.read(0, 4096):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                put(line.decode("utf-8", "replace"))
        if rest:
            put(rest.decode("utf-8", "replace"))
    except OSError:
        return  # no terminal, or not ours now: there may be other ways to reach us
    put(None)
