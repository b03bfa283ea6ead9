"""RFC 7766 section 10: 1,000 idle, 100 slow and 10 hostile clients do not keep a normal one waiting."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest
import trustme

from gslb.runtime.demo.sites import SITES
from tests.ports import free_port
from tests.scenarios.crowd import HOSTILE, IDLE, QUERY, SLOW
from tests.scenarios.node import RunningNode, document, site

MEASURED_S = 1.2  # for each way to ask
MOST_S = 1.0
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """One worker, so that all of them are at the same one."""
    folder = tmp_path_factory.mktemp("node")
    issued = trustme.CA().issue_cert("ns1.test")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    check = {"check": {"type": "exec", "command": ["/bin/true"]}}
    tls = {"certificate": "certificate.pem", "key": "key.pem"}
    configuration = document([site(each, 80) for each in SITES], folder / "state", service=check, tls=tls)
    configuration["listen"]["dot"] = [f"127.0.0.1:{free_port()}"]
    with RunningNode(configuration, folder) as running:
        yield running


def dot(node: RunningNode) -> tuple[str, int]:
    host, _, port = node.configuration["listen"]["dot"][0].rpartition(":")
    return host, int(port)


@contextlib.contextmanager
def crowd(node: RunningNode) -> Iterator[list[int]]:
    """Afterwards: how many idle, slow and hostile ones there were in its last second."""
    command = [sys.executable, "-m", "tests.scenarios.crowd", str(node.dns[1]), str(dot(node)[1])]
    counted: list[int] = []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield counted
    finally:
        process.kill()
        counted += map(int, process.communicate()[0].splitlines()[-1].split())


def exchange(sock: socket.socket) -> None:
    sock.sendall(struct.pack("!H", len(QUERY)) + QUERY)
    data = sock.recv(65536)
    while len(data) < 2 or len(data) < 2 + struct.unpack("!H", data[:2])[0]:
        more = sock.recv(65536)
        assert more, "closed without an answer"
        data += more
    assert dns.message.from_wire(data[2:]).answer


def over_udp(node: RunningNode) -> None:
    assert dns.query.udp(dns.message.from_wire(QUERY), node.dns[0], 10, node.dns[1]).answer


def over_tcp(node: RunningNode) -> None:
    with socket.create_connection(node.dns, 10) as sock:
        exchange(sock)


def over_tls(node: RunningNode) -> None:
    with socket.create_connection(dot(node), 10) as sock, TRUSTING.wrap_socket(sock) as stream:
        exchange(stream)


WAYS: dict[str, Callable[[RunningNode], None]] = {"udp": over_udp, "tcp": over_tcp, "tls": over_tls}


def latencies(node: RunningNode) -> dict[str, list[float]]:
    """Of one after the other, over each transport, and over one connection that lasts."""
    found: dict[str, list[float]] = {name: _repeated(lambda way=way: way(node)) for name, way in WAYS.items()}  # type: ignore[misc]
    with socket.create_connection(node.dns, 10) as sock:
        found["one connection"] = _repeated(lambda: exchange(sock))
    return {name: sorted(taken) for name, taken in found.items()}


def _repeated(ask: Callable[[], None]) -> list[float]:
    taken: list[float] = []
    until = time.monotonic() + MEASURED_S
    while (began := time.monotonic()) < until:
        ask()
        taken.append(time.monotonic() - began)
    return taken


def told(found: dict[str, list[float]]) -> str:
    return "; ".join(
        f"{name}: {len(taken)} in {MEASURED_S} s, median {taken[len(taken) // 2] * 1000:.1f} ms, worst {taken[-1] * 1000:.0f} ms"
        for name, taken in found.items()
    )


def test_a_normal_client_is_served_in_the_crowd(node: RunningNode, record_property: Callable[[str, object], None]) -> None:
    alone = latencies(node)
    with crowd(node) as there:
        among = latencies(node)
    record_property("alone", told(alone))
    record_property("among", told(among))
    print(f"\nalone: {told(alone)}\namong {there[0]} idle, {there[1]} slow, {there[2]} hostile: {told(among)}")
    assert there[0] > IDLE * 0.9
    assert there[1] > SLOW * 0.9
    assert there[2] == len(HOSTILE)
    assert min(len(taken) for taken in among.values()) >= 5
    assert max(taken[-1] for taken in among.values()) < MOST_S, told(among)
    assert not node.metric("gslb_dns_failures_total")
    closed = node.metric("gslb_dns_tcp_closed_total")
    assert closed.get('reason="handshake"', 0) > 0
    over_tcp(node)
