"""Control is killed: the workers serve on, and the next control takes them over, or ends what it has no use for."""

from __future__ import annotations

import os
import shutil
import signal
import socket

import dns.edns
import dns.message
import pytest

from tests.scenarios.lifecycle import QUICK, Burst, Node, Requests, settings, started, wait_until
from tests.scenarios.node import gslb, networks

INTERVAL_S = 2.0  # so that a World holds for some seconds, also on a machine that does other things
TTL_MIN_S = 1  # with ten failures to be down, a TTL is otherwise that of several intervals
STALE = 3  # RFC 8914


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    ttl = {"ttl": {"min": f"{TTL_MIN_S}s"}}
    probes = {**QUICK, "interval": f"{INTERVAL_S:g}s", "fall": 10}
    with started(tmp_path_factory.mktemp("control"), service=ttl, probes=probes) as node:
        yield node, node.configuration["listen"]


@pytest.fixture
def node(shared):
    node, listen = shared
    node.restore(listen, 2)
    return node


def stale(node: Node) -> bool:
    return "stale" in node.get().headers["GSLB-Decision"]


def errors(answer: dns.message.Message) -> list[int]:
    return [int(option.code) for option in answer.options if isinstance(option, dns.edns.EDEOption)]


def all_fresh(node: Node) -> bool:
    """Every answer of so many that no worker is missed: one becomes stale or fresh a moment before the other."""
    answers = Burst(node, 40).answers()
    return len(answers) == 40 and all(errors(answer) == [] and answer.answer[0].ttl > TTL_MIN_S for answer in answers)


def all_stale(node: Node) -> bool:
    answers = Burst(node, 40).answers()
    return len(answers) == 40 and all(errors(answer) == [STALE] and answer.answer[0].ttl == TTL_MIN_S for answer in answers)


def adopted(node: Node) -> str:
    """How the last start went: "2 workers, 2 of them adopted"."""
    return str(node.told("start")[-1]["event"]).partition(" with ")[2].partition(", as ")[0]


def test_workers_serve_on_say_that_they_are_stale_and_are_adopted_by_the_next_control(node):
    pids, world = node.worker_pids(), node.world()
    wait_until(lambda: all_fresh(node), 20, "the TTL of a well site")
    node.kill()
    assert all_fresh(node)
    assert not stale(node)
    wait_until(lambda: all_stale(node), 30, "every worker is stale, by its answers, after three intervals")
    wait_until(lambda: stale(node), 5, "and so by its redirects")
    node.start()
    assert node.worker_pids() == pids
    assert adopted(node) == "2 workers, 2 of them adopted"
    wait_until(lambda: not stale(node) and all_fresh(node), 20, "fresh again")
    assert node.world() > world


def test_no_query_is_lost_from_one_control_to_the_next(node):
    node.kill()
    with_none, requests = Burst(node, 100), Requests(node, 20)
    node.spawn()
    meanwhile = [Burst(node, 20) for _ in range(5)]
    node.wait_for(node._is_ready, 60, "the next control is there")
    after = Burst(node, 100)
    assert [with_none.answered(), after.answered()] == [100, 100]
    assert [burst.answered() for burst in meanwhile] == [20] * 5
    assert requests.answered() == 20


def test_another_control_s_numbers_of_classes_are_not_taken_for_the_old_ones(node):
    """The next control learns the classes in another order: who kept the old numbers would answer with other sites."""
    asked = list(networks(40))
    before = {network: node.lands(network) for network in asked}
    node.kill()
    node.start()
    for turn in range(3):  # first by `decide`, then from the new table
        for network in reversed(asked):
            assert node.lands(network) == before[network], (turn, network)
        wait_until(lambda: node.metric("gslb_classes")[""] > 2, 20, "the classes are compiled")


def test_a_second_control_is_refused_and_the_first_goes_on(node):
    done = gslb("serve", "--config", str(node.file))
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"process {node.process.pid} already runs on {node.state_dir}: stop it, or give this node its own state_dir"
    )
    assert Burst(node, 20).answered() == 20
    assert len(node.worker_pids()) == 2


def test_workers_that_serve_something_else_are_ended(node):
    old = node.worker_pids()
    node.kill()
    fresh = settings(node.folder)["listen"]
    was, node.dns = node.dns, ("127.0.0.1", int(fresh["dns"][0].rpartition(":")[2]))
    node.change(listen=node.configuration["listen"] | {"dns": fresh["dns"]})
    node.start()
    assert not set(old.values()) & set(node.worker_pids().values())
    assert Burst(node, 20).answered() == 20
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(was)  # nobody is left there


@pytest.mark.parametrize(("count", "said"), [(1, "1 workers, 1 of them adopted"), (3, "3 workers, 2 of them adopted")])
def test_with_another_number_of_workers_those_that_fit_stay(node, count, said):
    old = node.worker_pids()
    node.kill()
    node.workers = count
    node.start()
    assert adopted(node) == said
    now = node.worker_pids()
    assert {index: pid for index, pid in old.items() if index < count} == {i: pid for i, pid in now.items() if i < 2}
    assert len(now) == count
    assert Burst(node, 60).answered() == 60


def test_a_worker_that_died_or_froze_while_control_was_away_is_replaced_and_its_sibling_stays(node):
    old = node.worker_pids()
    node.kill()
    os.kill(old[0], signal.SIGSTOP)
    node.start()
    assert node.worker_pids()[0] != old[0]
    assert node.worker_pids()[1] == old[1]
    node.kill()
    os.kill(node.worker_pids()[0], signal.SIGKILL)
    node.start()
    assert node.worker_pids()[1] == old[1]
    assert adopted(node) == "2 workers, 1 of them adopted"
    assert Burst(node, 60).answered() == 60
    wait_until(lambda: node.metric("gslb_workers")[""] == 2, 20, "both serve")


def test_a_start_that_is_refused_leaves_the_workers_that_serve(node):
    old = node.worker_pids()
    node.kill()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        listen = node.configuration["listen"] | {"admin": f"127.0.0.1:{sock.getsockname()[1]}"}
        node.change(listen=listen)
        done = gslb("serve", "--config", str(node.file), "--workers", "2")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert node.worker_pids() == old
    assert Burst(node, 20).answered() == 20
    node.start()
    assert node.worker_pids() == old


def test_workers_that_no_control_can_find_any_more_end(node):
    node.kill()
    shutil.rmtree(node.state_dir)
    wait_until(lambda: not node.worker_pids(), 30, "they end")
