"""How a node ends, and how it does not even begin."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest

from tests.scenarios.lifecycle import Burst, Node, Requests, started, wait_until
from tests.scenarios.node import gslb

ENDS_WITHIN_S = 12.0  # five seconds, and as much again for a machine that has other things to do


@pytest.fixture
def node(tmp_path):
    with started(tmp_path) as node:
        yield node


def freeze(node: Node, number: signal.Signals) -> None:
    for pid in node.worker_pids().values():
        os.kill(pid, number)


def refused(node: Node) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(node.dns)
        sock.send(b"x" * 20)
        sock.settimeout(5)
        try:
            sock.recv(100)
        except ConnectionRefusedError:
            return True
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_what_arrived_is_answered_and_nothing_is_left(node, number):
    freeze(node, signal.SIGSTOP)  # so that all of it still waits when the signal comes
    queries, requests = Burst(node, 200), Requests(node, 40)
    node.process.send_signal(number)
    time.sleep(0.1)
    freeze(node, signal.SIGCONT)
    assert queries.answered() == 200
    assert requests.answered() == 40
    assert node.process.wait(ENDS_WITHIN_S) == 0
    assert node.worker_pids() == {}
    assert refused(node)
    assert [line["kind"] for line in node.told("start", "stop")] == ["start", "stop"]
    assert "Traceback" not in node.log.read_text()
    assert [path.name for path in (node.state_dir / "run").iterdir()] == ["control.lock"]


def test_who_comes_while_it_drains_is_refused_at_once(node):
    idle = socket.create_connection(node.http, 20)  # keeps a worker for some seconds
    node.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refused(node), 20, "datagrams are refused")
    assert node.process.poll() is None
    with pytest.raises(OSError, match="Connection re"):
        socket.create_connection(node.http, 20).recv(1)
    idle.close()
    assert node.process.wait(ENDS_WITHIN_S) == 0


def test_a_worker_that_hangs_does_not_hold_up_the_end(node):
    freeze(node, signal.SIGSTOP)
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(ENDS_WITHIN_S) == 0
    assert time.monotonic() - began > 3.5
    assert node.worker_pids() == {}


@pytest.mark.parametrize("delay_s", [pytest.param(0.4, marks=pytest.mark.long), 0.9])
def test_a_node_that_is_stopped_while_it_starts_leaves_nothing(tmp_path, delay_s):
    node = Node(tmp_path)
    node.spawn()
    time.sleep(delay_s)
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(ENDS_WITHIN_S) in (0, -signal.SIGTERM)
    assert node.worker_pids() == {}
    assert "Traceback" not in node.log.read_text()
    node.end()


def test_one_process_ends_as_well(tmp_path):
    with started(tmp_path, workers=0) as node:
        requests = Requests(node, 20)
        node.process.send_signal(signal.SIGTERM)
        assert requests.answered() == 20
        assert node.process.wait(ENDS_WITHIN_S) == 0
        assert refused(node)


def start_refused(node: Node) -> str:
    """What it says on standard error."""
    done = gslb("serve", "--config", str(node.file), "--workers", "2")
    assert done.returncode in (1, 2)
    assert node.worker_pids() == {}
    return done.stderr.strip()


def test_a_port_that_is_taken_is_told_and_nothing_is_left(tmp_path):
    node = Node(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        where = f"127.0.0.1:{sock.getsockname()[1]}"
        node.change(listen=node.configuration["listen"] | {"http": [where]})
        said = start_refused(node)
    assert said == f"http {where}: another program listens there (see `ss -lnup` and `ss -lntp`)"
