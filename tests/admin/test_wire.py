"""Peers that are silent, slow, many or wrong, on real sockets: others are served meanwhile."""

import asyncio
import json
import logging
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import httpx
import pytest
import structlog

from gslb.admin.connections import CONNECTIONS_MOST, PER_PEER_MOST
from gslb.admin.wire import HEAD_BYTES_MOST, Patience
from tests.admin.bench import OPERATOR, Bench, served

pytestmark = pytest.mark.anyio

SHORT = Patience(head_s=0.3, body_s=0.3, unread_s=0.3)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def node() -> Bench:
    return Bench().ready()


@asynccontextmanager
async def connected(url: str, source: str = "127.0.0.1"):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]), local_addr=(source, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def told(reader: asyncio.StreamReader) -> bytes:
    """All of it, until the node closes."""
    try:
        async with asyncio.timeout(30):
            return await reader.read()
    except ConnectionResetError:
        return b""


def problem(answer: bytes, status: int) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head.lower()
    document = json.loads(body)
    assert document["status"] == status
    return str(document["detail"])


async def alive(url: str, source: str) -> None:
    async with connected(url, source) as (reader, writer), asyncio.timeout(30):
        writer.write(HEALTH)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


async def test_a_silent_peer_is_cut(node):
    async with served(node, patience=SHORT) as url, connected(url) as (reader, _):
        assert await told(reader) == b""


async def test_a_head_that_trickles_has_an_end(node):
    async with served(node, patience=SHORT) as url, connected(url) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n")
        answer = asyncio.create_task(told(reader))
        while not answer.done():
            writer.write(b"X: y\r\n")
            await asyncio.sleep(0.02)
        if said := await answer:  # who goes on sending may be told by a reset alone, as TCP has it
            assert problem(said, 408) == "the head of a request did not come within 0.3 s"


async def test_who_stops_within_a_head_is_told_why_he_is_cut(node):
    async with served(node, patience=SHORT) as url, connected(url) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nX: y\r\n")
        assert problem(await told(reader), 408) == "the head of a request did not come within 0.3 s"


async def test_the_second_request_of_a_connection_has_no_more_time_than_the_first(node):
    async with served(node, patience=SHORT) as url, connected(url) as (reader, writer):
        writer.write(HEALTH)
        await reader.readuntil(b"ok\n")
        writer.write(b"G")
        problem(await told(reader), 408)


@pytest.mark.parametrize("path", ["/api/v1/sites/jp-osaka-1/drain", "/login"])
async def test_a_body_that_trickles_has_an_end_and_is_no_fault_of_ours(node, path):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {OPERATOR}\r\nOrigin: http://localhost\r\n"
    with structlog.testing.capture_logs() as lines:
        async with served(node, patience=SHORT) as url, connected(url) as (reader, writer):
            writer.write(head.encode() + b"Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{")
            assert problem(await told(reader), 408) == "the body of a request did not come within 0.3 s"
    assert lines == []
    assert not node.tracker.drains


async def test_who_does_not_read_is_cut_and_is_no_fault_of_ours(node):
    with structlog.testing.capture_logs() as lines:
        await unread(node)
    assert lines == []


async def unread(node: Bench) -> None:
    """Returns when the node has cut who does not read its stream."""
    async with served(node, patience=SHORT) as url:
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", int(url.rsplit(":", 1)[1])))
            peer.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with asyncio.timeout(30):
                while not node.feed.watchers:  # noqa: ASYNC110 - of a node that runs in this loop
                    await asyncio.sleep(0.01)
                while node.feed.watchers:
                    node.feed.publish(replace(node.kept[-1], message="x" * 50_000))
                    await asyncio.sleep(0.001)


async def test_silent_connections_keep_nobody_else_out(node):
    async with served(node) as url, AsyncExitStack() as held:
        for _ in range(CONNECTIONS_MOST + 4):
            await held.enter_async_context(connected(url))
        await alive(url, "127.0.0.2")
        await alive(url, "127.0.0.1")
        async with httpx.AsyncClient(trust_env=False, transport=httpx.AsyncHTTPTransport(local_address="127.0.0.2")) as client:
            assert (await client.get(f"{url}/")).status_code == 200


async def test_of_a_peers_connections_the_one_that_is_idle_longest_goes(node):
    async with served(node) as url, AsyncExitStack() as held:
        watcher, writer = await held.enter_async_context(connected(url))
        writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await watcher.readuntil(b"event: services")
        readers = [(await held.enter_async_context(connected(url)))[0] for _ in range(PER_PEER_MOST - 1)]
        await alive(url, "127.0.0.1")
        assert await told(readers[0]) == b""
        assert not any(reader.at_eof() for reader in readers[1:])
        assert not watcher.at_eof()


async def test_when_all_is_full_the_peer_that_holds_the_most_gives_way(node):
    async with served(node) as url, AsyncExitStack() as held:
        small, _ = await held.enter_async_context(connected(url, "127.0.0.9"))
        for number in range(CONNECTIONS_MOST):
            await held.enter_async_context(connected(url, f"127.0.0.{2 + number % 5}"))
        await alive(url, "127.0.0.8")
        assert not small.at_eof()


@pytest.mark.parametrize("size", [HEAD_BYTES_MOST + 1, 20_000, 40_000, 300_000])
async def test_a_head_that_is_too_long_is_refused_however_it_comes(node, size):
    async with served(node) as url, connected(url) as (reader, writer):
        writer.write(HEALTH[:-2] + b"X: " + b"a" * (size - len(HEALTH)) + b"\r\n\r\n")
        async with asyncio.timeout(30):
            assert b" 431 " in await reader.readline()


async def test_a_head_that_is_just_short_enough_is_read(node):
    async with served(node) as url, connected(url) as (reader, writer):
        writer.write(HEALTH[:-2] + b"X: " + b"a" * (HEAD_BYTES_MOST - len(HEALTH) - 64) + b"\r\n\r\n")
        async with asyncio.timeout(30):
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400),
    ],
)
async def test_what_is_no_request_is_told_so_and_writes_no_log(node, request_, status, caplog, capfd):
    with structlog.testing.capture_logs() as lines:
        async with served(node) as url, connected(url) as (reader, writer):
            writer.write(request_)
            problem(await told(reader), status)
    assert (lines, caplog.records, capfd.readouterr().err) == ([], [], "")


async def test_a_bad_chunk_after_the_answer_began_ends_the_connection_and_nothing_else(node, capfd):
    async with served(node) as url, connected(url) as (reader, writer):
        writer.write(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        await reader.readuntil(b"event: services")
        writer.write(b"z\r\n")
        await told(reader)
    assert capfd.readouterr().err == ""


async def test_an_upgrade_that_nobody_asked_for_writes_no_log(node, caplog, capfd):
    with structlog.testing.capture_logs() as lines:
        async with served(node) as url, connected(url) as (reader, writer):
            writer.write(HEALTH[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    assert (lines, caplog.records, capfd.readouterr().err) == ([], [], "")


async def test_a_fault_of_ours_is_a_line_of_our_log(node):
    async with served(node):
        with structlog.testing.capture_logs() as lines:
            logging.getLogger("uvicorn.error").error("broken by %s", "us")
    assert [(line["event"], line["kind"], line["log_level"]) for line in lines] == [("broken by us", "admin-fault", "error")]
