"""Stopping without losing a request that has arrived."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from gslb.model import Limits
from gslb.redirect import HttpServer, Redirector
from tests.redirect.doors import NODE, opened, request, serving
from tests.redirect.test_refusals import responses

pytestmark = pytest.mark.anyio


async def test_what_waits_in_the_accept_queue_is_accepted_and_answered() -> None:
    sock = socket.create_server(("127.0.0.1", 0), backlog=512)
    redirector = Redirector(serving(), node=NODE)
    server = HttpServer(sock, redirector, Limits(http_connections_per_client=1000))
    await server.start()
    clients = [socket.create_connection(sock.getsockname()) for _ in range(300)]  # the loop does not turn meanwhile
    for client in clients:
        client.sendall(request("/x"))
    await server.drain()
    for client in clients:
        client.settimeout(10)
        (answer,) = responses(b"".join(iter(lambda client=client: client.recv(65536), b"")))  # type: ignore[misc]
        assert (answer.status, answer.fields["Connection"]) == (302, "close")
        client.close()
    assert server.connections == 0
    sock.close()


async def test_nothing_is_accepted_afterwards_and_the_socket_stays_the_callers() -> None:
    async with opened() as door:
        await door.server.drain(0.0, 0.0)
        again = HttpServer(door.server._sock, door.redirector, Limits())
        waiting = asyncio.create_task(door.get("/x"))
        done, _ = await asyncio.wait([waiting], timeout=0.2)
        assert not done
        await again.start()  # as the next worker does, with the same socket
        assert (await waiting).status == 302
        await again.drain(0.0, 0.0)


async def test_who_asks_again_in_time_is_answered_and_told_to_close() -> None:
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/a"))
        await talk.answer()
        draining = asyncio.create_task(door.server.drain(grace_s=5))
        await asyncio.sleep(0.05)
        await talk.send(request("/b") + request("/c"))
        one, two = responses(await talk.rest())
        await draining
    assert "Connection" not in one.fields
    assert two.fields["Connection"] == "close"


async def test_a_request_that_has_begun_is_waited_for() -> None:
    async with opened() as door, await door.connect() as talk:
        octets = request("/begun")
        await talk.send(octets[:20])
        await asyncio.sleep(0.05)
        draining = asyncio.create_task(door.server.drain(grace_s=0.1))
        await asyncio.sleep(0.3)
        assert not draining.done()
        await talk.send(octets[20:])
        (answer,) = responses(await talk.rest())
        await draining
    assert answer.status == 302


async def test_idle_connections_are_closed_and_drain_ends_within_its_time() -> None:
    async with opened() as door, await door.connect() as idle, await door.connect() as silent:
        await idle.send(request("/"))
        await idle.answer()
        began = time.monotonic()
        await door.server.drain(grace_s=0.2, last_words_s=0.5)
        assert time.monotonic() - began < 3
        assert await idle.rest() == b""
        assert await silent.rest() == b""
    assert door.server.connections == 0


async def test_no_request_is_lost_while_clients_keep_asking() -> None:
    """Every request that a client could send on an open connection gets its answer."""
    async with opened() as door:
        lost = []

        async def ask() -> None:
            async with await door.connect() as talk:
                while True:
                    await talk.send(request("/x"))
                    try:
                        answer = await talk.answer()
                    except (ConnectionError, asyncio.IncompleteReadError):
                        lost.append(1)
                        return
                    if answer.fields.get("Connection") == "close":
                        return

        clients = [asyncio.create_task(ask()) for _ in range(20)]
        await asyncio.sleep(0.1)
        await door.server.drain()
        await asyncio.gather(*clients)
    assert lost == []
