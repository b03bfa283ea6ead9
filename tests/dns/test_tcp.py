"""TCP connections (RFC 7766): many queries, limits, slow readers, half-closes and the end."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import dns.message
import pytest

from gslb.dns import Responder, TcpServer
from gslb.dns.connections import Connections
from gslb.dns.tcp import TURN_OCTETS, TURN_QUERIES, TURNS
from gslb.model import Limits
from tests.dns import worlds
from tests.dns.door import bound, ended

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Workers run on uvloop; its transports are not asyncio's."""
    return "asyncio", {"use_uvloop": request.param}


LIMITS = Limits()
SMALL = f"info.{worlds.ZONE}"
HUGE = f"huge.{worlds.ZONE}"


def message(message_id: int, name: str = SMALL) -> bytes:
    query = dns.message.make_query(name, "TXT", id=message_id)
    wire = query.to_wire()
    return struct.pack("!H", len(wire)) + wire


async def answer(reader: asyncio.StreamReader) -> int:
    """The ID of the next answer."""
    length = struct.unpack("!H", await asyncio.wait_for(reader.readexactly(2), 30))[0]
    wire = await asyncio.wait_for(reader.readexactly(length), 30)
    return dns.message.from_wire(wire).id


class Listening:
    def __init__(self, server: TcpServer, port: int) -> None:
        self.server = server
        self.port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, host: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(host, 0))
        self.writers.append(writer)
        return reader, writer

    async def greeted(self, host: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that the server has seen."""
        reader, writer = await self.connect(host)
        writer.write(message(1))
        assert await answer(reader) == 1
        return reader, writer


@asynccontextmanager
async def listening(limits: Limits = LIMITS, together: list[Connections] | None = None) -> AsyncIterator[Listening]:
    responder = Responder(worlds.serving(), node="tokyo-1", tcp_idle_s=limits.tcp_idle_s)
    sock = bound(socket.SOCK_STREAM, "127.0.0.1")
    port = sock.getsockname()[1]
    server = TcpServer(sock, responder, limits, together=together)
    await server.start()
    here = Listening(server, port)
    try:
        yield here
    finally:
        await ended(server, responder, sock, here.writers, 0.2)
        assert server.connections == 0


def closed_for(here: Listening, reason: str) -> int:
    return here.server.counters.get(("gslb_dns_tcp_closed_total", reason), 0)


async def test_many_queries_in_one_segment_are_answered_in_order_section_6_2_1_1() -> None:
    async with listening() as here:
        reader, writer = await here.connect()
        writer.write(b"".join(map(message, range(1000))))
        assert [await answer(reader) for _ in range(1000)] == list(range(1000))


async def test_a_query_may_come_an_octet_at_a_time_section_8() -> None:
    async with listening() as here:
        reader, writer = await here.connect()
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in message(5) + message(6):
            writer.write(bytes((octet,)))
            await asyncio.sleep(0)
        assert [await answer(reader), await answer(reader)] == [5, 6]


async def test_length_and_answer_come_in_one_segment_section_8() -> None:
    async with listening() as here:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", here.port))
            await loop.sock_sendall(client, message(1))
            data = await asyncio.wait_for(loop.sock_recv(client, 65536), 30)
            assert len(data) == 2 + struct.unpack("!H", data[:2])[0]


async def test_what_gets_no_answer_does_not_stop_the_next_query() -> None:
    async with listening() as here:
        reader, writer = await here.connect()
        writer.write(b"\0\0" + b"\0\x03abc" + message(3))
        assert await answer(reader) == 3


async def test_who_closes_his_half_still_gets_his_answers() -> None:
    async with listening() as here:
        reader, writer = await here.connect()
        writer.write(b"".join(message(number, HUGE) for number in range(300)))
        writer.write_eof()
        assert [await answer(reader) for _ in range(300)] == list(range(300))
        assert await asyncio.wait_for(reader.read(), 30) == b""


async def test_an_idle_connection_is_closed_section_6_2_3() -> None:
    async with listening(replace(LIMITS, tcp_idle_s=0.8)) as here:
        reader, _ = await here.greeted()
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert closed_for(here, "idle") == 1


async def test_octets_that_never_make_a_query_keep_nothing_open() -> None:
    async with listening(replace(LIMITS, tcp_idle_s=0.8)) as here:
        reader, writer = await here.greeted()

        async def trickle() -> None:
            writer.write(b"\xff")
            while not writer.is_closing():
                writer.write(b"\0")
                await asyncio.sleep(0.01)

        trickling = asyncio.create_task(trickle())
        try:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await asyncio.wait_for(reader.readexactly(1), 30)
        finally:
            trickling.cancel()
        assert closed_for(here, "idle") == 1


@pytest.mark.parametrize("idle", [b"\0\0", b"\0\x03abc", b"\0\x0c" + b"\0\0\x80" + b"\0" * 9])
async def test_messages_that_get_no_answer_keep_nothing_open(idle: bytes) -> None:
    async with listening(replace(LIMITS, tcp_idle_s=0.8)) as here:
        reader, writer = await here.greeted()

        async def trickle() -> None:
            while not writer.is_closing():
                writer.write(idle)
                await asyncio.sleep(0.01)

        trickling = asyncio.create_task(trickle())
        try:
            assert await closes(reader)
        finally:
            trickling.cancel()
        assert closed_for(here, "idle") == 1


@pytest.mark.parametrize(("padding", "bound"), [(0, TURNS * TURN_QUERIES), (2 * TURN_OCTETS, TURNS)])
async def test_one_who_pipelines_without_end_leaves_the_loop_to_others(padding: int, bound: int) -> None:
    """One such connection kept UDP of its worker waiting for three seconds."""
    async with listening() as here:
        loop = asyncio.get_running_loop()
        most = told = ticks = 0

        def answered() -> int:
            return sum(n for key, n in here.server.counters.items() if key[0] == "gslb_dns_answers_total")

        def tick() -> None:  # runs once in each turn of the loop
            nonlocal most, told, ticks
            most, told, ticks = max(most, answered() - told), answered(), ticks + 1
            if told < 4000:
                loop.call_soon(tick)

        query = struct.pack("!H", len(message(1)) - 2 + padding) + message(1)[2:] + bytes(padding)
        pairs = [await here.connect() for _ in range(20)]
        reading = [asyncio.create_task(drain_answers(reader, 200)) for reader, _ in pairs]
        loop.call_soon(tick)
        for _, writer in pairs:
            writer.write(query * 200)
        await asyncio.wait_for(asyncio.gather(*reading), 30)
        assert told == 4000
        assert most <= bound


async def drain_answers(reader: asyncio.StreamReader, count: int) -> None:
    for _ in range(count):
        await answer(reader)


async def test_a_client_at_its_limit_loses_what_was_idle_longest() -> None:
    async with listening(replace(LIMITS, tcp_connections_per_client=2)) as here:
        first, _ = await here.greeted()
        second, writer = await here.greeted()
        other, _ = await here.greeted("127.0.0.2")
        third, _ = await here.greeted()
        assert await closes(first)
        writer.write(message(2))
        assert await answer(second) == 2
        assert not other.at_eof()
        assert not third.at_eof()
        assert here.server.connections == 3
        assert closed_for(here, "evicted") == 1


async def test_at_the_limit_of_all_what_was_idle_longest_makes_room() -> None:
    async with listening(replace(LIMITS, tcp_connections=3)) as here:
        first, writer = await here.greeted("127.0.0.1")
        second, _ = await here.greeted("127.0.0.2")
        await here.greeted("127.0.0.3")
        writer.write(message(2))  # not idle any more
        assert await answer(first) == 2
        await here.greeted("127.0.0.4")
        assert await closes(second)
        writer.write(message(3))
        assert await answer(first) == 3
        assert here.server.connections == 3


async def closes(reader: asyncio.StreamReader) -> bool:
    """Whether the server ends the connection."""
    try:
        return await asyncio.wait_for(reader.read(), 30) == b""
    except ConnectionError:
        return True


async def test_who_does_not_read_is_cut_off_and_costs_little() -> None:
    async with listening(replace(LIMITS, tcp_idle_s=0.5)) as here:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", here.port))
            flood = message(1, HUGE) * 200_000
            with pytest.raises(ConnectionError):
                await asyncio.wait_for(loop.sock_sendall(client, flood), 30)
        assert closed_for(here, "slow") == 1
        # Answered was what fits the buffers of the two sockets and ours, not the flood.
        answered = sum(n for key, n in here.server.counters.items() if key[0] == "gslb_dns_answers_total")
        assert answered < 20_000


async def test_a_slow_reader_gets_every_answer_in_the_end() -> None:
    async with listening() as here:
        reader, writer = await here.connect()
        asked = 5000
        sending = asyncio.create_task(send(writer, [message(number, HUGE) for number in range(asked)]))
        await asyncio.sleep(0.1)
        assert [await answer(reader) for _ in range(asked)] == list(range(asked))
        await sending


async def send(writer: asyncio.StreamWriter, messages: list[bytes]) -> None:
    for wire in messages:
        writer.write(wire)
        await writer.drain()


async def test_stop_answers_what_has_arrived_and_says_goodbye() -> None:
    async with listening() as here:
        reader, writer = await here.greeted()
        writer.write(message(2) + message(3))
        await here.server.stop(last_words_s=0.5)
        assert [await answer(reader), await answer(reader)] == [2, 3]
        assert await asyncio.wait_for(reader.read(), 30) == b""


async def test_stop_does_not_wait_longer_than_it_says() -> None:
    async with listening() as here:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:  # never reads, never closes
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", here.port))
            await loop.sock_sendall(client, message(1))
            await loop.sock_recv(client, 4096)
            await asyncio.wait_for(here.server.stop(last_words_s=0.1), 10)
            assert closed_for(here, "stopped") == 1


async def test_listeners_of_one_worker_share_the_limits() -> None:
    together: list[Connections] = []
    limits = replace(LIMITS, tcp_connections_per_client=2)
    async with listening(limits, together) as one, listening(limits, together) as two:
        first, _ = await one.greeted()
        second, _ = await two.greeted()
        third, _ = await two.greeted()
        assert await closes(first)
        assert not second.at_eof()
        assert not third.at_eof()
        assert (one.server.connections, two.server.connections) == (0, 2)
    assert together == []
