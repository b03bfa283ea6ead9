"""At half of what the node can do, whatever is done to it: not one query is lost.

The capacity is measured first, for a moment, with dnsperf and wrk on the same machine. `make test` does each thing a few
times; `make test-long` does it for half a minute.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.scenarios.lifecycle import Node, started, wait_until
from tests.scenarios.load import Dnsperf, Heard, Paced, Wrk

LONG = pytest.param(30.0, marks=pytest.mark.long)
SPANS_S = [5.0, LONG]
WRK_CONNECTIONS = 4  # that is how wrk is held to a part of the capacity: it knows no pace


@dataclass
class Loaded:
    node: Node
    folder: Path
    qps: int  # half of the capacity

    def while_loaded(self, seconds: float, happens: Callable[[], None], least: int = 1) -> tuple[Heard, Heard]:
        """What the clients of both doors heard while `happens` was called again and again, `least` times or more."""
        dns, http = Dnsperf(self.node, self.folder, seconds, self.qps), Wrk(self.node, seconds, WRK_CONNECTIONS)
        until = time.monotonic() + seconds - 1.5
        time.sleep(0.5)
        for number in count():
            if number >= least and time.monotonic() > until:
                break
            happens()
        return dns.heard(), http.heard()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("load")
    with started(folder) as node:
        capacity, redirects = Dnsperf(node, folder, 1.5).heard(), Wrk(node, 1.5, 32).heard()
        print(f"capacity: {capacity.per_s:.0f} queries, {redirects.per_s:.0f} requests a second")
        yield Loaded(node, folder, int(capacity.per_s / 2))


def whole(load: Heard, what: str) -> None:
    print(f"{what}: {load.sent} sent, {load.lost} lost, {load.errors} broken, {load.per_s:.0f} a second")
    assert load.sent > 100
    assert (load.lost, load.errors) == (0, 0)


def reloads(node: Node) -> int:
    return len(node.told("reload", "reload-refused"))


@pytest.mark.parametrize("seconds", SPANS_S)
def test_good_files_and_bad_ones(loaded, seconds):
    node, turns = loaded.node, 0
    before = len(node.told("reload")), len(node.told("reload-refused"))

    def reload() -> None:
        nonlocal turns
        turns += 1
        good, told = dict(node.configuration), reloads(node)
        if turns % 2 == 0:
            node.change(probes={"interval": "never"})
            node.configuration = good
        else:
            sites = [site | {"weight": 100 + turns} for site in good["sites"]]
            node.change(sites=sites)
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: reloads(node) > told, 20, "it is read")
        time.sleep(0.1)

    dns, http = loaded.while_loaded(seconds, reload, least=6)
    node.change()
    whole(dns, "DNS")
    whole(http, "HTTP")
    assert len(node.told("reload")) - before[0] >= 3
    assert len(node.told("reload-refused")) - before[1] >= 2


@pytest.mark.parametrize("seconds", SPANS_S)
def test_control_is_killed_and_the_next_one_takes_over(loaded, seconds):
    node = loaded.node
    pids = node.worker_pids()

    def kill() -> None:
        node.kill()
        time.sleep(0.5)
        node.start()

    dns, http = loaded.while_loaded(seconds, kill)
    whole(dns, "DNS")
    whole(http, "HTTP")
    assert node.worker_pids() == pids


@pytest.mark.parametrize("seconds", SPANS_S)
def test_a_worker_is_killed(loaded, seconds):
    """The kernel has no idea that a datagram was read but not answered: of each killed worker the one that it had in hand is
    gone, and the client asks again. Of HTTP, the connections that the worker held break."""
    node, kills = loaded.node, 0

    def kill() -> None:
        nonlocal kills
        kills += 1
        old = node.worker_pids()
        index = kills % len(old)
        os.kill(old[index], signal.SIGKILL)
        wait_until(lambda: node.worker_pids().get(index, old[index]) != old[index], 20, "its successor")
        wait_until(lambda: node.metric("gslb_workers") == {"": float(len(old))}, 20, "all serve")

    dns, http = loaded.while_loaded(seconds, kill)
    print(f"{kills} workers killed: {dns.lost} of {dns.sent} queries lost, {http.errors} connections broken")
    assert dns.lost <= kills
    assert http.errors <= 2 * kills * WRK_CONNECTIONS


def test_on_sigterm_every_query_that_was_sent_is_answered(loaded):
    node = loaded.node
    pace = Paced(node, min(loaded.qps, 5000))
    time.sleep(1.0)
    moment_s = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    node.process.wait(20)
    pace.end()
    sent, answered = pace.sent_until(moment_s)
    print(f"{sent} sent before, {answered} answered")
    assert sent > 100
    assert answered == sent
