"""A node that asks itself, and knows when it was too busy to hear the answer."""

import asyncio
import contextlib
import socket
import time

import pytest

from gslb.model import Endpoint
from gslb.runtime.journal import Journal
from gslb.runtime.selfcheck import LATE_S, WITHIN_S, SelfCheck
from gslb.runtime.sockets import Listener

pytestmark = pytest.mark.anyio


async def test_who_was_held_up_itself_calls_nobody_deaf():
    """A listener that is silent; the first time the loop is held up, too, so nothing can be said of it."""
    journal, told_before = Journal(None), []
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = silent.getsockname()

        def asked() -> None:
            silent.recv(4096)
            told_before.append([event.kind for event in journal.recent])
            if len(told_before) == 1:
                time.sleep(WITHIN_S + LATE_S + 0.3)

        loop.add_reader(silent, asked)
        check = SelfCheck([(Listener("dns-udp", Endpoint(*address)), address)], journal)
        running = asyncio.create_task(check.run(lambda: "here", lambda: 0.1))
        async with asyncio.timeout(60):
            while not journal.recent:  # noqa: ASYNC110 - of a loop that nobody is told of
                await asyncio.sleep(0.05)
        loop.remove_reader(silent)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert told_before[:2] == [[], []], "asked again before anything was told"
    assert [event.kind for event in journal.recent] == ["listener-deaf"]
