"""BEHAVIOUR, HTTP 9 and 11: connections that last, hurry, dawdle, or are too many. Limits are shortened."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from gslb.model import Limits
from tests.redirect.doors import HOST, listening, opened, request, serving
from tests.redirect.test_proxy import V4, header
from tests.redirect.test_refusals import responses
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio


async def test_one_connection_takes_many_requests() -> None:
    async with opened() as door, await door.connect() as talk:
        for number in range(50):
            await talk.send(request(f"/{number}"))
            answer = await talk.answer()
            assert answer.location.endswith(f".example/{number}")
            assert "Connection" not in answer.fields
    assert door.counters["gslb_http_connections_total", "http"] == 1


async def test_a_pipeline_is_answered_in_order() -> None:
    async with opened() as door:
        last = request("/last", "Connection: close")
        answers = responses(
            await door.exchange(b"".join(request(f"/{number}") for number in range(2000)) + last + request("/no"))
        )
    assert [answer.location.partition(".example/")[2] for answer in answers] == [*map(str, range(2000)), "last"]
    assert answers[-1].fields["Connection"] == "close"


async def test_a_request_may_come_octet_by_octet() -> None:
    async with opened() as door, await door.connect() as talk:
        for octet in request("/slow"):
            await talk.send(bytes((octet,)))
            await asyncio.sleep(0)
        assert (await talk.answer()).status == 302


@pytest.mark.parametrize(
    ("version", "connection", "told"),
    [("1.1", "close", "close"), ("1.0", None, "close"), ("1.0", "close", "close"), ("1.0", "keep-alive", "keep-alive")],
)
async def test_what_becomes_of_the_connection_is_told(version: str, connection: str | None, told: str) -> None:
    fields = [f"Connection: {connection}"] if connection else []
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/", *fields, version=version))
        assert (await talk.answer()).fields["Connection"] == told
        if told == "close":
            assert await talk.rest() == b""
        else:
            await talk.send(request("/"))
            assert (await talk.answer()).status == 302


async def test_a_client_that_asks_no_more_still_gets_its_answers() -> None:
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/a") + request("/b"))
        talk.writer.write_eof()
        assert len(responses(await talk.rest())) == 2


async def test_slow_headers_are_cut_off_with_408() -> None:
    """Who is silent when we close reads why. Who goes on sending may be told by a reset alone, as TCP has it."""
    async with opened(limits=Limits(http_header_s=1.5)) as door, await door.connect() as talk:
        began = time.monotonic()
        trickle = asyncio.create_task(dribble(talk.writer, b"GET / HTTP"))
        octets = await talk.rest()
        await trickle
    assert 1.4 < time.monotonic() - began < 6
    assert responses(octets)[0].status == 408
    assert door.counters["gslb_http_closed_total", "header"] == 1


async def test_an_octet_now_and_then_does_not_hold_a_connection_open() -> None:
    async with opened(limits=Limits(http_header_s=0.3)) as door, await door.connect() as talk:
        began = time.monotonic()
        trickle = asyncio.create_task(dribble(talk.writer, b"GET / HTTP/1.1\r\nHost: " + b"x" * 1000))
        await talk.rest()
        trickle.cancel()
    assert 0.2 < time.monotonic() - began < 5
    assert door.counters["gslb_http_closed_total", "header"] == 1


async def dribble(writer: asyncio.StreamWriter, octets: bytes) -> None:
    for octet in octets:
        writer.write(bytes((octet,)))
        await asyncio.sleep(0.02)


async def test_a_connection_that_never_asks_is_cut_off() -> None:
    async with opened(limits=Limits(http_header_s=0.2)) as door, await door.connect() as talk:
        assert await talk.rest() == b""
        assert door.server.connections == 0


async def test_slow_bodies_are_cut_off_too() -> None:
    async with opened(limits=Limits(http_header_s=0.2)) as door, await door.connect() as talk:
        await talk.send(request("/", "Content-Length: 100", method="POST") + b"a")
        assert responses(await talk.rest())[0].status == 408


async def test_an_idle_connection_is_closed_and_a_busy_one_is_not() -> None:
    async with (
        opened(limits=Limits(http_header_s=5, http_idle_s=1.5)) as door,
        await door.connect() as busy,
        await door.connect() as idle,
    ):
        for talk in (busy, idle):
            await talk.send(request("/"))
            await talk.answer()
        closed = asyncio.create_task(idle.rest())
        while not closed.done():
            await busy.send(request("/"))
            await busy.answer()
            await asyncio.sleep(0.05)
        assert closed.result() == b""
        await busy.send(request("/"))
        assert (await busy.answer()).status == 302
    assert door.counters["gslb_http_closed_total", "idle"] == 1


async def test_of_too_many_connections_of_a_client_the_longest_idle_goes() -> None:
    async with opened(limits=Limits(http_connections_per_client=3)) as door:
        talks = [await door.connect() for _ in range(3)]
        for talk in talks:
            await talk.send(request("/"))
            await talk.answer()
        await talks[0].send(request("/"))  # the first is the latest now
        await talks[0].answer()
        talks.append(await door.connect())
        assert await talks[1].rest() == b""
        for talk in (talks[0], talks[2], talks[3]):
            await talk.send(request("/"))
            assert (await talk.answer()).status == 302
        assert door.server.connections == 3
        for talk in talks:
            talk.writer.close()
    assert door.counters["gslb_http_closed_total", "evicted"] == 1


async def test_of_too_many_connections_in_all_the_longest_idle_goes() -> None:
    async with opened(limits=Limits(http_connections=2)) as door, await door.connect() as first, await door.connect() as second:
        for talk in (second, first):
            await talk.send(request("/"))
            await talk.answer()
        async with await door.connect() as third:
            assert await second.rest() == b""
            await third.send(request("/"))
            assert (await third.answer()).status == 302


async def test_a_trusted_proxy_is_not_one_client() -> None:
    source = serving(worlds.world(listening(None, "127.0.0.0/8")))
    async with (
        opened(source, limits=Limits(http_connections_per_client=1)) as door,
        await door.connect() as first,
        await door.connect() as second,
    ):
        for talk in (first, second):
            await talk.send(header(V4) + request("/"))
        assert [(await talk.answer()).status for talk in (first, second)] == [302, 302]


async def test_who_does_not_read_is_not_read_from_and_then_cut() -> None:
    async with opened(limits=Limits(http_header_s=0.5)) as door:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, (door.host, door.port))
        pipeline = request("/" + "a" * 1000) * 200
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(send_for_ever(sock, pipeline), 30)
        sock.close()
        answered = door.counters["gslb_http_responses_total", "302"]
    assert answered * 1200 < 8 << 20  # what the kernel's buffers hold, and not all that was sent
    assert door.counters["gslb_http_closed_total", "slow"] == 1


async def send_for_ever(sock: socket.socket, octets: bytes) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(sock, octets)


async def test_who_reads_late_gets_everything() -> None:
    async with opened() as door, await door.connect() as talk:
        talk.writer.transport.pause_reading()  # type: ignore[attr-defined]
        number = 6000
        sending = asyncio.create_task(talk.send(b"".join(request(f"/{'a' * 1000}/{n}") for n in range(number))))
        await asyncio.wait([sending], timeout=0.3)
        talk.writer.transport.resume_reading()  # type: ignore[attr-defined]
        for n in range(number):
            assert (await talk.answer()).location.endswith(f"/{n}")
        await sending


async def test_clients_over_ipv6_are_served_and_counted_by_their_56_bits() -> None:
    async with (
        opened(address="::1", limits=Limits(http_connections_per_client=1)) as door,
        await door.connect() as first,
        await door.connect() as second,
    ):
        await second.send(request("/"))
        assert (await second.answer()).site.startswith("eu-")
        assert await first.rest() == b""


async def test_the_host_of_each_request_counts() -> None:
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/a") + request("/b", host="other.example") + request("/c", host=HOST))
        assert [(await talk.answer()).status for _ in range(3)] == [302, 404, 302]
