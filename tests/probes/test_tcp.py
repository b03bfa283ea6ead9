"""The tcp prober: a connection, and a greeting if one is wanted."""

import asyncio

import pytest

from probes.model import Check, Target
from probes.setting import Setting
from probes.tcp import probe_tcp
from probes.verdict import Verdict
from tests.ports import free_port
from tests.probes.peers import HOST, Handler, listening, repeating

pytestmark = pytest.mark.anyio

SHORT = Setting(timeout_s=0.6, phase_s=0.3)


def greeting(*pieces: bytes, pause_s: float = 0.0, hang: bool = False) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if hang:
            await reader.read()

    return handler


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_connection_is_enough(address: str) -> None:
    async with listening(greeting(hang=True), address) as peer:
        result = await probe_tcp(peer.target(Check("tcp")), SHORT)
    assert (result.verdict, result.reason) == (Verdict.OK, "connected")
    assert result.timings.connect_ms is not None
    assert result.exchange.command == f"nc -v -w 1 -z {address} {peer.port}"


async def test_a_closed_port_is_refused() -> None:
    result = await probe_tcp(Target("k", "s", "::1", free_port("::1"), Check("tcp"), HOST), SHORT)
    assert result.verdict is Verdict.REFUSED


async def test_a_greeting_may_come_in_pieces() -> None:
    async with listening(greeting(b"220 rea", b"dy\r\n", pause_s=0.05, hang=True)) as peer:
        result = await probe_tcp(peer.target(Check("tcp", contains="ready")), SHORT)
    assert result.ok
    assert result.exchange.response == "220 ready\r\n"


@pytest.mark.parametrize("greeted", [b"", b"421 busy\r\n", b"x" * 10_000])
async def test_another_greeting_is_wrong_content(greeted: bytes) -> None:
    async with listening(greeting(greeted)) as peer:
        result = await probe_tcp(peer.target(Check("tcp", contains="ready")), SHORT)
    assert result.verdict is Verdict.WRONG_CONTENT
    assert result.exchange.bytes_read == min(len(greeted), 4096)


async def test_no_greeting_times_out_at_the_first_byte() -> None:
    async with listening(greeting(hang=True)) as peer:
        result = await probe_tcp(peer.target(Check("tcp", contains="ready")), SHORT)
    assert result.verdict is Verdict.TIMEOUT_FIRST_BYTE


async def test_a_trickled_greeting_fails_when_the_whole_time_is_over() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await repeating(b"2", 0.05)(writer)

    async with listening(trickle) as peer:
        result = await probe_tcp(peer.target(Check("tcp", contains="ready")), SHORT)
    assert result.verdict is Verdict.TIMEOUT_TOTAL
    assert result.exchange.bytes_read > 1
