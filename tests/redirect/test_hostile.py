"""Clients that want to have more of us than is theirs: descriptors, memory, time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from gslb.model import Limits
from gslb.redirect.protocol import WRITE_BUFFER, HttpProtocol
from gslb.redirect.proxy import SIGNATURE
from tests.redirect.doors import Door, listening, opened, request, serving
from tests.redirect.test_tls import contexts
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio

BIG = request("/" + "a" * 1500)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def until(condition: Callable[[], bool], within_s: float = 30.0) -> None:
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends
        await asyncio.sleep(0)


def unsent(door: Door) -> int:
    """Octets that the kernel has not taken, of the only connection."""
    (connection,) = (one for state in door.server._connections.states for one in state)
    assert isinstance(connection, HttpProtocol)
    assert connection._transport is not None
    return connection._transport.get_write_buffer_size()


async def deaf(door: Door) -> socket.socket:
    """A client that reads nothing, and asks for just a little more than the kernel holds for it."""
    door.server._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # connections inherit it
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(sock, (door.host, door.port))
    await until(lambda: door.server.connections == 1)
    for asked in count(1):
        await loop.sock_sendall(sock, BIG)
        while door.counters.get(("gslb_http_responses_total", "302"), 0) < asked:  # noqa: ASYNC110
            await asyncio.sleep(0)
        if unsent(door):
            break
    assert 0 < unsent(door) <= WRITE_BUFFER
    return sock


@pytest.mark.parametrize("last_words", ["nothing", "fin", "close"])
async def test_who_never_reads_a_little_is_gone_in_the_end(last_words: str) -> None:
    async with opened(limits=Limits(http_header_s=1.0, http_idle_s=1.0)) as door:
        before = descriptors()
        sock = await deaf(door)
        if last_words == "fin":
            sock.shutdown(socket.SHUT_WR)
        elif last_words == "close":
            await asyncio.get_running_loop().sock_sendall(sock, request("/", "Connection: close"))
        await until(lambda: not door.server.connections)
        await until(lambda: descriptors() == before + 1)  # ours is left
        sock.close()


async def test_handshakes_that_never_end_count_for_their_client(tmp_path: Path) -> None:
    async with opened(contexts=contexts(tmp_path), limits=Limits(http_connections_per_client=3)) as door:
        before = descriptors()
        with contextlib.ExitStack() as held:
            for _ in range(200):
                held.enter_context(socket.create_connection((door.host, door.port)))
                await asyncio.sleep(0)
            await until(lambda: door.counters.get(("gslb_http_closed_total", "evicted"), 0) == 197)
            await until(lambda: descriptors() < before + 200 + 10)
            assert door.server.connections == 3
        assert (await door.get("/")).status == 302


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01", SIGNATURE, SIGNATURE + b"\x21\x11\x00\x0c1234"])
async def test_all_of_a_handshake_has_as_long_as_a_header(tmp_path: Path, begun: bytes) -> None:
    source = serving(worlds.world(listening(None, "127.0.0.0/8")))
    async with opened(source, contexts=contexts(tmp_path), limits=Limits(http_header_s=0.3)) as door:
        reader, writer = await asyncio.open_connection(door.host, door.port)
        writer.write(begun)
        began = time.monotonic()
        assert await reader.read() == b""
        assert time.monotonic() - began < 5
        writer.close()
        await until(lambda: not door.server.connections)
    assert door.counters["gslb_http_closed_total", "handshake"] == 1


async def test_a_pipeline_without_an_end_is_answered_in_turns() -> None:
    async with opened() as door, await door.connect() as talk:
        with socket.create_connection((door.host, door.port)) as greedy:
            greedy.setblocking(False)
            await until(lambda: door.server.connections == 2)
            with contextlib.suppress(BlockingIOError):
                for _ in range(100):
                    greedy.send(request("/") * 100)
            await talk.send(request("/"))
            await talk.answer()
            assert door.counters["gslb_http_responses_total", "302"] < 1500
