"""Listening sockets: shared among our workers, and with nobody else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from gslb.errors import BusyError, GslbError, UsageError
from gslb.model import Endpoint, Listen
from gslb.runtime.sockets import Listener, join, listeners, open_all, open_stream, turn_away

ANY_PORT = Endpoint("127.0.0.1", 0)


def close(*groups: list[socket.socket]) -> None:
    for group in groups:
        for sock in group:
            sock.close()


def test_dns_is_two_sockets_and_every_worker_has_all_in_one_order():
    listen = Listen(dns=(ANY_PORT, Endpoint("::1", 0)), http=(ANY_PORT,), https=(ANY_PORT,))
    wanted = listeners(listen)
    assert [listener.role for listener in wanted] == ["dns-udp", "dns-tcp", "dns-udp", "dns-tcp", "http", "https"]
    first, second = open_all(wanted, 2)
    try:
        assert [sock.getsockname() for sock in first] == [sock.getsockname() for sock in second]
        assert first[0].getsockname() == first[1].getsockname()
        assert not any(sock.get_inheritable() or sock.getblocking() for sock in first)
    finally:
        close(first, second)


def test_one_more_worker_joins_on_the_ports_of_the_others():
    wanted = listeners(Listen(dns=(ANY_PORT,), http=(ANY_PORT,)))
    (first,) = open_all(wanted, 1)
    second = join(wanted, first)
    try:
        assert [sock.getsockname() for sock in first] == [sock.getsockname() for sock in second]
    finally:
        close(first, second)


@pytest.mark.parametrize("role", ["dns-udp", "dns-tcp", "http"])
def test_a_port_that_another_program_has_is_refused_even_if_it_would_share(role):
    kind = socket.SOCK_DGRAM if role == "dns-udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BusyError) as told:
            open_all([Listener(role, Endpoint("127.0.0.1", port))], 2)
        sentence = f"{role} 127.0.0.1:{port}: another program listens there (see `ss -lnup` and `ss -lntp`)"
        assert str(told.value) == sentence


def test_what_was_opened_before_a_refusal_is_closed_again():
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(UsageError):
        open_all([Listener("http", ANY_PORT), Listener("http", Endpoint("192.0.2.1", 80))], 2)
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_address_of_another_machine_is_told():
    with pytest.raises(UsageError) as told:
        open_stream(Endpoint("192.0.2.1", 8053))
    assert str(told.value) == "admin 192.0.2.1:8053: this machine does not have that address"


def test_the_admin_port_is_not_shared():
    sock = open_stream(ANY_PORT)
    with sock, pytest.raises(BusyError, match="another program listens there"):
        open_stream(Endpoint(*sock.getsockname()))


def test_ipv6_listeners_leave_ipv4_alone():
    (first,) = open_all([Listener("http", Endpoint("::", 0))], 1)
    port = first[0].getsockname()[1]
    (second,) = open_all([Listener("http", Endpoint("0.0.0.0", port))], 1)
    close(first, second)


@pytest.mark.needs_root
def test_a_port_below_1024_without_the_right_is_told():
    code = (
        "import os; from gslb.model import Endpoint; from gslb.runtime.sockets import open_stream\n"
        "os.setresuid(65534, 65534, 65534)\n"
        "try: open_stream(Endpoint('127.0.0.1', 80))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    net = 'echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start; ip link set lo up; exec "$@"'
    words = ["unshare", "--net", "--mount", "sh", "-c", net, "sh", sys.executable, "-c", code]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    assert told.stdout == (
        "UsageError admin 127.0.0.1:80: ports below 1024 need root or CAP_NET_BIND_SERVICE; `user` drops root afterwards\n"
    ), told.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_after_turning_away_what_came_is_answered_and_the_next_sender_is_told(host):
    (sockets,) = open_all([Listener("dns-udp", Endpoint(host, 0))], 1)
    (sock,) = sockets
    there = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    with socket.socket(sock.family, socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.connect((there, sock.getsockname()[1]))
        client.send(b"before")
        turn_away(sock)
        query, peer = sock.recvfrom(100)
        assert query == b"before"
        sock.sendto(b"answer", peer)
        assert client.recv(100) == b"answer"
        client.send(b"after")
        with pytest.raises(ConnectionRefusedError):
            client.recv(100)
        with pytest.raises(BlockingIOError):
            sock.recv(100)
    sock.close()


def test_of_two_workers_one_that_turns_away_leaves_all_to_the_other():
    wanted = [Listener("dns-udp", ANY_PORT)]
    (first,), (second,) = open_all(wanted, 2)
    turn_away(first)
    for _ in range(40):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"q", second.getsockname())
            assert second.recvfrom(10)[0] == b"q"
    close([first], [second])


def test_errors_are_of_ours():
    assert issubclass(BusyError, GslbError)
    assert (BusyError.exit_code, UsageError.exit_code) == (1, 2)
