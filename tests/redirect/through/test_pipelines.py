"""One connection, several requests: nothing of one answer ever gets into another, and none is lost."""

from __future__ import annotations

import asyncio

import pytest

from gslb.model import Limits
from tests.redirect import doors
from tests.redirect.through.sites import GRUB, OCTETS, PATH, Asked, file, head, small_receive_buffer, staged, whole

pytestmark = pytest.mark.anyio

LARGE = 1 << 26


async def test_what_is_asked_during_the_second_of_two_streams_waits_for_it() -> None:
    async with staged(file(OCTETS)) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB) * 2)
        assert (await whole(talk)).body == OCTETS
        assert doors.parse(await talk.reader.readuntil(b"\r\n\r\n")).status == 200
        await talk.send(doors.request("/another", "Connection: close"))
        rest = await talk.rest()
        assert rest.startswith(OCTETS)
        assert doors.parse(rest[len(OCTETS) :]).status == 302


async def test_a_client_that_asks_no_more_gets_every_stream_that_it_asked_for() -> None:
    async with staged(file(OCTETS)) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB) * 3)
        talk.writer.write_eof()
        for _ in range(3):
            assert (await whole(talk)).body == OCTETS
        assert await talk.rest() == b""


async def test_a_slow_client_gets_the_end_though_it_has_said_more_behind_its_last_request() -> None:
    """To close with octets unread resets the connection, and what is on its way is lost."""
    async with staged(file(OCTETS)) as stage:
        sock = small_receive_buffer(stage.door.port)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(sock, doors.request(PATH, GRUB, "Connection: close"))
        taken = bytearray(await loop.sock_recv(sock, 100))
        await loop.sock_sendall(sock, doors.request("/another"))
        while not stage.count("requests"):
            taken += await loop.sock_recv(sock, 1024)
        await asyncio.sleep(0.3)
        while piece := await loop.sock_recv(sock, 65536):
            taken += piece
        sock.close()
        assert taken.endswith(b"\r\n\r\n" + OCTETS)


async def zeros(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(head("200 OK", LARGE))
    for _ in range(LARGE >> 16):
        writer.write(bytes(1 << 16))
        await writer.drain()


async def test_a_stream_behind_answers_that_nobody_reads_waits_for_its_client() -> None:
    """The site may send what we and kernels have room for, and no more, wherever the stream comes among the answers."""
    limits = Limits(through_streams=1000, through_streams_per_client=1000)
    async with staged(zeros, limits=limits, send_buffer=4096) as stage:
        socks = [small_receive_buffer(stage.door.port) for _ in range(16)]
        for sock in socks:
            sock.sendall(doors.request("/") * 60)
        await asyncio.sleep(0.5)  # until the kernels have all that they take
        for behind, sock in enumerate(socks):
            sock.sendall(doors.request("/") * (10 + 3 * behind) + doors.request(PATH, GRUB))
        await asyncio.sleep(1.0)
        for sock in socks:
            sock.close()
        assert stage.count("octets").get(("jp-tokyo-1",), 0) < LARGE // 8
