"""The HTTP door of a real node, as an attacker sees it, and as those see it who come at the same time."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from gslb.runtime.demo.sites import SITES
from tests.scenarios.node import HOST, PATH, RunningNode, document, site

AGREED = 500
NETWORKS = {"JP": "127.1.0.0/16", "US": "127.2.0.0/16", "DE": "127.3.0.0/16"}
PLACES = {"JP": [35.68, 139.77], "US": [40.71, -74.01], "DE": [50.11, 8.68]}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("wire")
    overrides = [{"network": NETWORKS[code], "country": code, "location": PLACES[code]} for code in NETWORKS]
    settings = document(
        [site(each, 80) for each in SITES],
        folder / "state",
        service={"check": {"type": "exec", "command": ["/bin/true"]}},
        geo={"databases": ["bundled"], "overrides": overrides},
        limits={"http_connections_per_client": 32, "http_header": "2s"},
    )
    settings["listen"]["trusted_proxies"] = ["127.9.0.0/16"]
    with RunningNode(settings, folder, workers=2) as running:
        yield running


@contextlib.contextmanager
def connected(node: RunningNode, source: str) -> Iterator[socket.socket]:
    with socket.create_connection(node.http, 20, (source, 0)) as sock:
        yield sock


def request(path: str = PATH, *fields: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", f"Host: {HOST}", *fields, "", "")).encode()


def heads(sock: socket.socket, number: int) -> list[bytes]:
    """Of responses without a body."""
    octets = b""
    while octets.count(b"\r\n\r\n") < number:
        piece = sock.recv(1 << 20)
        assert piece, "closed"
        octets += piece
    return octets.split(b"\r\n\r\n")[:number]


def site_of(head: bytes) -> str:
    return head.partition(b'GSLB-Decision: "')[2].partition(b'"')[0].decode()


def test_a_thousand_requests_in_one_write_are_answered_in_order(node: RunningNode) -> None:
    with connected(node, "127.1.0.1") as sock:
        sock.sendall(b"".join(request(f"/{number}") for number in range(1000)))
        found = [head.partition(b"Location: ")[2].partition(b"\r\n")[0].rpartition(b"/")[2] for head in heads(sock, 1000)]
    assert found == [str(number).encode() for number in range(1000)]


@pytest.mark.parametrize(("code", "region"), [("JP", "jp"), ("US", "us"), ("DE", "eu")])
def test_a_client_is_its_own_address_whatever_it_says(node: RunningNode, code: str, region: str) -> None:
    spoofed = "133.11.1.1" if code != "JP" else "18.0.0.1"
    with connected(node, NETWORKS[code].replace("0.0/16", "7.7")) as sock:
        sock.sendall(request(PATH, f"X-Forwarded-For: {spoofed}", "X-Forwarded-Proto: https"))
        (head,) = heads(sock, 1)
    assert site_of(head).startswith(f"{region}-")
    assert b"\r\nLocation: http://" in head


def test_both_doors_name_the_same_site_for_any_network(node: RunningNode) -> None:
    chance = random.Random(9110)
    with connected(node, "127.9.0.1") as proxy:
        for _ in range(AGREED):
            client = str(IPv4Address(chance.getrandbits(32)))
            proxy.sendall(request(PATH, f"X-Forwarded-For: {client}"))
            (head,) = heads(proxy, 1)
            assert site_of(head) == node.lands(f"{client}/24"), client


def test_who_behaves_is_answered_at_once_while_others_do_not(node: RunningNode) -> None:
    """Idle, silent, trickling and greedy connections of several clients, more of each than it may have."""
    with contextlib.ExitStack() as held:
        for number in range(4):
            for _ in range(100):
                held.enter_context(connected(node, f"127.4.{number}.1"))
            greedy = held.enter_context(connected(node, f"127.5.{number}.1"))
            greedy.setblocking(False)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(200):
                    greedy.send(request() * 100)
        waits = sorted(_answered_in_s(node) for _ in range(200))
    assert waits[len(waits) * 95 // 100] < 0.25
    assert node.metric("gslb_http_failures_total") == {}


def _answered_in_s(node: RunningNode) -> float:
    began = time.perf_counter()
    with connected(node, "127.1.9.9") as sock:
        sock.sendall(request())
        assert heads(sock, 1)[0].startswith(b"HTTP/1.1 302 ")
    return time.perf_counter() - began
