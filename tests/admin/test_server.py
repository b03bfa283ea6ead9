"""The server lives in a loop of somebody else's, on a socket of somebody else's."""

import asyncio
import signal

import httpx
import pytest

from gslb.admin import create_app, serve
from gslb.admin.wire import PIECES_MOST
from tests.admin.bench import Bench, listening, served

pytestmark = pytest.mark.anyio


@pytest.fixture
def node() -> Bench:
    return Bench().ready()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1"])
async def test_it_answers_on_the_socket_it_was_given(node, host):
    async with served(node, host) as url, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{url}/api/v1/sites")
        assert answer.status_code == 200
        assert "server" not in answer.headers


async def test_signals_stay_with_whoever_runs_the_loop(node):
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with served(node):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_it_stops_within_three_seconds_with_an_idle_connection_open_and_may_be_stopped_twice(node):
    sock = listening()
    port = sock.getsockname()[1]
    server = await serve(create_app(node), sock)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200" in await reader.readline()
    async with asyncio.timeout(3):
        await server.stop()
        await server.stop()
    writer.close()
    with pytest.raises(OSError):  # noqa: PT011 - of whichever kind
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_body_in_very_many_pieces_is_refused(node):
    """A million chunks of one octet held the loop up for seconds, from whoever could connect."""
    async with served(node) as url, asyncio.timeout(60):
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /api/v1/simulate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"1\r\n \r\n" * (PIECES_MOST + 1))
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 413 " in head.splitlines()[0]
        assert b"pieces" in await reader.read()
        writer.close()
