"""The UDP socket: from which address it answers, and that it loses nothing."""

from __future__ import annotations

import asyncio
import socket

import dns.message
import pytest

from gslb.dns import Responder, UdpServer
from tests.dns import worlds
from tests.dns.door import HOSTS, Door, bound
from tests.dns.test_wire import QUESTION, header

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Workers run on uvloop; its transports are not asyncio's."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def responder() -> Responder:
    return Responder(worlds.serving(), node="tokyo-1")


def query(message_id: int) -> bytes:
    return message_id.to_bytes(2, "big") + header()[2:] + QUESTION


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7"])
async def test_a_wildcard_socket_answers_from_the_address_that_was_asked(responder: Responder, host: str) -> None:
    """A connected client takes answers from that address alone (RFC 2181 section 4.1)."""
    loop = asyncio.get_running_loop()
    with bound(socket.SOCK_DGRAM, "0.0.0.0") as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server = UdpServer(sock, responder)
        server.start(loop)
        client.setblocking(False)
        client.connect((host, sock.getsockname()[1]))
        client.send(query(7))
        reply = await asyncio.wait_for(loop.sock_recv(client, 4096), 20)
        assert reply[:2] == b"\0\x07"
        assert client.getpeername()[0] == host
        server.stop(loop)


async def test_a_wildcard_socket_of_ipv6_too(responder: Responder) -> None:
    loop = asyncio.get_running_loop()
    with bound(socket.SOCK_DGRAM, "::") as sock, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        server = UdpServer(sock, responder)
        server.start(loop)
        client.setblocking(False)
        client.connect(("::1", sock.getsockname()[1]))
        client.send(query(8))
        assert (await asyncio.wait_for(loop.sock_recv(client, 4096), 20))[:2] == b"\0\x08"
        server.stop(loop)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
async def test_stop_answers_all_that_has_arrived(responder: Responder, host: str) -> None:
    loop = asyncio.get_running_loop()
    asked = 200  # a receive buffer of the usual size holds them
    with bound(socket.SOCK_DGRAM, host) as sock, bound(socket.SOCK_DGRAM, HOSTS["6" if ":" in host else "4"]) as client:
        server = UdpServer(sock, responder)
        server.start(loop)
        target = HOSTS["6" if ":" in host else "4"]
        for number in range(asked):
            client.sendto(query(number), (target, sock.getsockname()[1]))
        server.stop(loop)  # the loop has not turned since: all of them wait in the socket
        assert {client.recv(4096)[:2] for _ in range(asked)} == {number.to_bytes(2, "big") for number in range(asked)}
        client.sendto(query(1), (target, sock.getsockname()[1]))
        await asyncio.sleep(0)
        with pytest.raises(BlockingIOError):
            client.recv(4096)


async def test_a_peer_that_can_not_be_reached_costs_one_answer(responder: Responder) -> None:
    with bound(socket.SOCK_DGRAM, "127.0.0.1") as sock:
        server = UdpServer(sock, responder)
        with bound(socket.SOCK_DGRAM, "127.0.0.1") as client:
            client.sendto(query(1), sock.getsockname())
        with bound(socket.SOCK_DGRAM, "127.0.0.1") as client:
            client.sendto(query(2), sock.getsockname())
            assert server.drain() is False
            assert client.recv(4096)[:2] == b"\0\x02"


async def test_one_wake_does_not_starve_the_rest(responder: Responder) -> None:
    with bound(socket.SOCK_DGRAM, "127.0.0.1") as sock, bound(socket.SOCK_DGRAM, "127.0.0.1") as client:
        server = UdpServer(sock, responder)
        for number in range(100):
            client.sendto(query(number), sock.getsockname())
        assert server.drain() is True
        assert server.drain() is False


def test_a_datagram_longer_than_any_query_is_answered_by_its_start(door: Door) -> None:
    reply = door.exchange(query(9) + bytes(9000))
    assert dns.message.from_wire(reply).answer
