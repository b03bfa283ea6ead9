"""A real node with workers serves a boot loader through from mirrors that are processes, and die."""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redirect.through.sites import Process, mirror
from tests.scenarios.lifecycle import PLACES
from tests.scenarios.node import HOST, RunningNode, document

PATH = "/boot/kernel"
KERNEL = random.Random(6).randbytes(12_000_000)
GRUB = {"Host": HOST, "User-Agent": "GRUB 2.06-13+deb12u2", "X-Forwarded-For": "133.11.0.1"}
ENDS_WITHIN_S = 25.0  # five seconds, and what a machine takes that does other things


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mirrors") / PATH.lstrip("/")
    path.parent.mkdir()
    path.write_bytes(KERNEL)
    os.utime(path, (1_199_145_600, 1_199_145_600))
    return path.parent.parent


@pytest.fixture
def mirrors(root: Path) -> Iterator[dict[str, Process]]:
    with mirror(root) as us, mirror(root) as jp:
        yield {"us-1": us, "jp-1": jp}


@pytest.fixture
def node(tmp_path: Path, mirrors: dict[str, Process]) -> Iterator[RunningNode]:
    sites = [
        {"id": id, "region": region, "location": place, "addresses": ["127.0.0.1"], "url": f"http://{id}.example:{mirrors[id].port}/"}
        for id, (region, place) in PLACES.items()
        if id in mirrors
    ]  # fmt: skip
    service = {
        "check": {"type": "exec", "command": ["/bin/true"]},
        "regions": {"us": ["us", "jp"], "jp": ["jp", "us"], "default": ["us", "jp"]},
    }
    settings = document(sites, tmp_path / "state", service=service, limits={"through_rate": 8_000_000})
    with RunningNode(settings, tmp_path, workers=2) as node:
        yield node


@contextlib.contextmanager
def begun(node: RunningNode) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(*node.http, timeout=30)
    connection.request("GET", PATH, headers=GRUB)
    with contextlib.closing(connection), connection.getresponse() as response:
        yield response


def test_a_kernel_outlives_its_mirror_but_a_node_that_ends_does_not_wait_for_it(
    node: RunningNode, mirrors: dict[str, Process]
) -> None:
    """A worker has half of the rate, so that a kernel takes three seconds; a drain may take that long as well."""
    with begun(node) as response:
        assert str(response.getheader("GSLB-Decision")).startswith('"jp-1";why=nearest;')
        octets = response.read(1_000_000)
        node.wait_for(lambda: sum(node.metric("gslb_through_streams").values()) == 1, 20, "a stream is told")
        mirrors["jp-1"].kill()
        assert octets + response.read() == KERNEL
    node.wait_for(lambda: node.metric("gslb_through_requests_total"), 20, "the request is told")
    assert node.metric("gslb_through_requests_total") == {f'outcome="whole",service="{HOST}"': 1.0}
    assert f'reason="broke",service="{HOST}",site="jp-1"' in node.metric("gslb_through_failovers_total")
    assert sum(node.metric("gslb_through_octets_total").values()) == len(KERNEL)
    node.wait_for(lambda: sum(node.metric("gslb_through_streams").values()) == 0, 20, "no stream is told")
    assert 'limit="through_rate"' in node.metric("gslb_limit")
    with begun(node) as response:
        response.read(100_000)
        node.process.send_signal(signal.SIGTERM)
        try:
            octets = response.read()
        except (ConnectionError, http.client.IncompleteRead):
            octets = b""
    assert octets in (b"", KERNEL[100_000:])
    assert node.process.wait(ENDS_WITHIN_S) == 0
