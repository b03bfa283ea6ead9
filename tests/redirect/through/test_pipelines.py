"""One connection, several requests: nothing of one answer ever gets into another, and none is lost."""

from __future__ import annotations

import asyncio
import random

import pytest

from gslb.model import Limits
from tests.redirect import doors
from tests.redirect.through.sites import DATED, GRUB, OCTETS, PATH, Asked, file, head, small_receive_buffer, staged, whole

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


DRAW = random.Random(9)
FILES = {f"/{octets}": DRAW.randbytes(octets) for octets in (0, 1, 5000, 70_000, 400_000)}


async def stops_now_and_then(asked: Asked, writer: asyncio.StreamWriter) -> None:
    octets = FILES[asked.target]
    stop_after = DRAW.randrange(len(octets) + 1) if DRAW.random() < 0.05 else None
    await file(octets, DATED, stop_after=stop_after)(asked, writer)


def any_request() -> tuple[bytes, str, int, bytes]:
    """The octets of a request, its method, and the status and body of what is to come."""
    target = DRAW.choice(list(FILES))
    return DRAW.choice(
        [
            (doors.request(target, GRUB), "GET", 200, FILES[target]),
            (b"\r\n" + doors.request(target, GRUB, "Content-Length: 20") + b"GET /evil HTTP/1.1\r\n", "GET", 200, FILES[target]),
            (doors.request(target, GRUB, method="HEAD"), "HEAD", 200, b""),
            (doors.request(target), "GET", 302, b""),
            (doors.request(target, "Content-Length: 7", method="HEAD") + b"GET / H", "HEAD", 302, b""),
        ]
    )


@pytest.mark.parametrize("half_closed", [False, True])
async def test_any_requests_in_any_pieces_are_answered_in_their_order(half_closed: bool) -> None:
    async with staged(*[stops_now_and_then] * 3, send_buffer=4096) as stage:
        for _ in range(8):
            requests = [any_request() for _ in range(DRAW.randrange(1, 20))]
            async with await stage.door.connect() as talk:
                sent = asyncio.create_task(in_pieces(talk, b"".join(each[0] for each in requests), half_closed))
                for _, method, status, body in requests:
                    answer = await whole(talk, method)
                    assert (answer.status, answer.body) == (status, body)
                await sent
                if half_closed:
                    assert await talk.rest() == b""


async def in_pieces(talk: doors.Talk, octets: bytes, half_closed: bool) -> None:
    while octets:
        most = DRAW.choice((7, 100, 4096, 1 << 20))
        await talk.send(octets[:most])
        octets = octets[most:]
        await asyncio.sleep(0)
    if half_closed:
        talk.writer.write_eof()
