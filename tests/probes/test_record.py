"""What a probe under way knows of time: the site's, and our own."""

import asyncio
import time

import pytest

from probes.http import probe_http
from probes.model import Check
from probes.record import printable
from probes.setting import Setting
from probes.tcp import probe_tcp
from probes.verdict import Verdict
from tests.probes.peers import listening, sending, silence


@pytest.mark.parametrize("setting", [Setting(4.0, 0.6), Setting(0.6, 2.0)], ids=["phase", "whole"])
@pytest.mark.parametrize("kind", ["http", "tcp"])
@pytest.mark.anyio
async def test_a_stall_of_our_own_is_not_the_fault_of_the_site(setting: Setting, kind: str) -> None:
    asked = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)  # by now the prober waits for us
        asked.set()
        await silence(writer)

    async with listening(handler) as peer:
        prober, check = (probe_http, Check("http")) if kind == "http" else (probe_tcp, Check("tcp", contains="x"))
        task = asyncio.create_task(prober(peer.target(check), setting))
        await asked.wait()
        time.sleep(2.0)  # the whole event loop stands still
        result = await task
    assert result.verdict is Verdict.INTERNAL
    assert result.verdict.ours
    assert result.reason.startswith("this vantage point stood still for 1.")


@pytest.mark.anyio
async def test_a_time_out_in_time_is_the_fault_of_the_site() -> None:
    async with listening(sending(b"", silence)) as peer:
        result = await probe_http(peer.target(), Setting(0.2, 2.0))
    assert result.verdict is Verdict.TIMEOUT_FIRST_BYTE


def test_what_could_disturb_a_terminal_is_replaced() -> None:
    assert printable("a\x1b[2J\x9b\u2028\ud800\tb\r\n", 99) == "a\ufffd[2J\ufffd\ufffd\ufffd\tb\r\n"
    assert printable("abc", 2) == "ab"
