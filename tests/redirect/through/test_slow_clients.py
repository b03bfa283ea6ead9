"""Back-pressure: a client that reads slowly slows the site down, and not our memory."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from gslb.model import Limits
from tests.redirect import doors
from tests.redirect.through.sites import DATED, GRUB, OCTETS, PATH, Asked, file, head, small_receive_buffer, staged

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[True], ids=["uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """That of the node: these take their time."""
    return "asyncio", {"use_uvloop": request.param}


STATM = Path("/proc/self/statm")
GIGABYTE = 1 << 30
PIECE = bytes(65536)


def resident() -> int:
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def gigabyte(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(head("200 OK", GIGABYTE))
    for _ in range(GIGABYTE >> 16):
        writer.write(PIECE)
        await writer.drain()


@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
async def test_a_client_that_reads_nothing_costs_no_memory_and_is_cut_off() -> None:
    async with staged(gigabyte, limits=Limits(http_header_s=1.0)) as stage:
        before = resident()
        sock = small_receive_buffer(stage.door.port)
        sock.sendall(doors.request(PATH, GRUB))
        most = before
        async with asyncio.timeout(60):
            while not stage.door.counters.get(("gslb_http_closed_total", "slow")):
                most = max(most, resident())
                await asyncio.sleep(0.02)
        sock.close()
        assert stage.count("octets")["jp-tokyo-1",] < 64 << 20  # what kernels have room for
        assert most - before < 8 << 20
        assert stage.count("requests") in ({}, {("left",): 1})


async def test_a_client_that_reads_slowly_and_steadily_gets_all_of_it() -> None:
    """It takes more than three times as long as a client that takes nothing is waited for."""
    octets = OCTETS * 16  # more than kernels keep
    async with staged(file(octets, DATED), limits=Limits(http_header_s=1.0)) as stage:
        sock = small_receive_buffer(stage.door.port)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, doors.request(PATH, GRUB, "Connection: close"))
        taken = bytearray()
        began = loop.time()
        while piece := await loop.sock_recv(sock, 1024 if loop.time() < began + 3.5 else 65536):
            taken += piece
            if loop.time() < began + 3.5:
                await asyncio.sleep(0.02)
        sock.close()
        assert taken.endswith(octets)


async def test_memory_of_a_stream_is_as_configured() -> None:
    limits = Limits(through_buffer=8192)
    async with staged(file(OCTETS), limits=limits) as stage:
        assert stage.through.pace.piece == 2048
        async with await stage.door.connect() as talk:
            await talk.send(doors.request(PATH, GRUB, "Connection: close"))
            assert (await talk.rest()).endswith(OCTETS)
