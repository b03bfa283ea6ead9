"""Workers that are killed or frozen, and a control that is frozen: clients are answered meanwhile."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import pytest

from tests.scenarios.lifecycle import Burst, Node, Requests, started, wait_until

SILENT_AFTER_S = 7.0  # a sibling takes over after two seconds: in time, also on a machine that does other things


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    with started(tmp_path_factory.mktemp("workers"), silent_after_s=SILENT_AFTER_S) as node:
        yield node


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    with started(tmp_path_factory.mktemp("single"), workers=1) as node:
        yield node


def replaced(node: Node, index: int, old: int) -> bool:
    return node.worker_pids().get(index, old) != old and node.metric("gslb_workers")[""] == node.workers


def restarts(node: Node, index: int) -> float:
    return node.metric("gslb_worker_restarts_total")[f'worker="{index}"']


def test_a_sibling_serves_for_a_killed_worker_until_its_successor_does(node):
    old, before = node.worker_pids()[0], restarts(node, 0)
    os.kill(old, signal.SIGKILL)
    while not replaced(node, 0, old):
        assert Burst(node, 20).answered() == 20
        assert Requests(node, 4).answered() == 4
    assert Burst(node, 40).answered() == 40
    assert restarts(node, 0) == before + 1
    assert "killed by SIGKILL after " in node.told("worker-died")[-1]["event"]


def test_all_workers_killed_at_once_come_back_on_the_same_sockets(node):
    old = node.worker_pids()
    for pid in old.values():
        os.kill(pid, signal.SIGKILL)
    waiting, requests = Burst(node, 40), Requests(node, 10)
    assert waiting.answered(30) == 40
    assert requests.answered(30) == 10
    wait_until(lambda: all(replaced(node, index, pid) for index, pid in old.items()), 20, "both are back")


def test_a_single_worker_s_successor_answers_what_came_while_there_was_none(single):
    old = single.worker_pids()[0]
    os.kill(old, signal.SIGKILL)
    waiting, requests = Burst(single, 50), Requests(single, 10)
    assert waiting.answered(30) == 50
    assert requests.answered(30) == 10
    assert single.worker_pids()[0] != old


def test_a_worker_that_dies_again_and_again_waits_longer_each_time(single):
    begun = len(single.told("worker-died"))
    for _ in range(3):
        old = single.worker_pids()[0]
        os.kill(old, signal.SIGKILL)
        wait_until(partial(replaced, single, 0, old), 20, "it is back")
    said = [line["event"].partition("; ")[2] for line in single.told("worker-died")[begun:]]
    delays = [float(text.removeprefix("started again in ").removesuffix(" s") or 0) for text in said if "in" in text.split()]
    assert delays == sorted(delays)
    assert delays[-1] >= 0.4


def test_a_frozen_worker_is_covered_then_killed_and_replaced(node):
    old = node.worker_pids()[1]
    os.kill(old, signal.SIGSTOP)
    assert Burst(node, 40).answered() == 40  # by the sibling, from two seconds on
    assert node.worker_pids()[1] == old
    wait_until(lambda: replaced(node, 1, old), 20, "it is replaced")
    assert node.told("worker-silent")[-1]["event"] == "worker 1 said nothing for 7 s: killed"
    assert Burst(node, 40).answered() == 40


def test_a_worker_that_froze_for_a_moment_goes_on(node):
    old, before = node.worker_pids(), len(node.told("worker-silent"))
    os.kill(old[0], signal.SIGSTOP)
    assert Burst(node, 40).answered() == 40
    os.kill(old[0], signal.SIGCONT)
    time.sleep(SILENT_AFTER_S)  # as long as it takes to be killed for it
    assert node.worker_pids() == old
    assert len(node.told("worker-silent")) == before
    assert Burst(node, 40).answered() == 40


def test_a_control_that_froze_does_not_blame_its_workers(node):
    old = node.worker_pids()
    node.process.send_signal(signal.SIGSTOP)
    time.sleep(SILENT_AFTER_S + 1.5)  # more than after which silence kills, and than three intervals
    assert Burst(node, 40).answered() == 40
    assert "stale" in node.get().headers["GSLB-Decision"]
    node.process.send_signal(signal.SIGCONT)
    wait_until(lambda: "stale" not in node.get().headers["GSLB-Decision"], 20, "fresh again")
    time.sleep(1.5)
    assert node.worker_pids() == old


def shared(pid: int) -> set[int]:
    """The memory of pledges that a process has: by inode."""
    links = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    return {os.stat(f"/proc/{pid}/fd/{fd}").st_ino for fd, link in links.items() if "gslb-pledges" in link}


def test_workers_share_what_their_clients_began_with_over_their_own_end_and_that_of_control(node):
    (memory,) = shared(node.process.pid)
    first, old = node.worker_pids()[0], node.worker_pids()[1]
    assert shared(first) == shared(old) == {memory}
    node.process.kill()
    node.process.wait()
    os.kill(old, signal.SIGKILL)
    node.start()
    wait_until(lambda: replaced(node, 1, old), 20, "a new one is there")
    assert node.worker_pids()[0] == first
    assert shared(first) == shared(node.worker_pids()[1]) == shared(node.process.pid) == {memory}
