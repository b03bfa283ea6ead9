"""A node before mirrors that can be made to fail.

Intervals are shortened, so that seconds show what takes minutes; `test_patience.py` has the ones of the default configuration.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import dns.message
import pytest

from gslb.runtime.demo.fleet import Fleet
from gslb.runtime.demo.sites import DemoSite, mirror_specs
from gslb.runtime.demo.tree import Recipe, build_tree
from tests.ports import free_port
from tests.scenarios.node import JAPAN, PATH, RunningNode, document, of_region, site

SMALL = Recipe(positions=8, block_bytes=4096, kernel_bytes=4096, miniroot_bytes=4096)
QUICK = {"interval": "1500ms", "timeout": "1400ms", "rise": 3, "slow_start": "4s", "flap": {"quiet": "4s"}}
DOWN_WITHIN_S = 20  # an interval, three time-outs, a second between them, a World; and a machine that does other things


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    build_tree(root, SMALL)
    return root


@asynccontextmanager
async def running(root: Path, folder: Path, sites: list[DemoSite], **changes: object) -> AsyncIterator[tuple[RunningNode, Fleet]]:
    port = free_port(*(each.address for each in sites))
    index = root / PATH.removeprefix("/")
    check = {"type": "http", "path": PATH, "contains": index.read_text().split()[0]}
    configuration = document(
        [site(each, port) for each in sites],
        folder / "state",
        probes=changes.pop("probes", QUICK),
        service={"check": check, **changes.pop("service", {})},  # type: ignore[dict-item]
        **changes,
    )
    async with Fleet(mirror_specs(port, sites=sites), root) as fleet:
        node = RunningNode(configuration, folder)
        try:
            await asyncio.to_thread(node.start)
            yield node, fleet
        finally:
            await asyncio.to_thread(node.__exit__)


@pytest.fixture
async def japan(root: Path, tmp_path: Path) -> AsyncIterator[tuple[RunningNode, Fleet]]:
    """Three mirrors: Tokyo, Tsukuba, Nagoya, equals for clients in Tokyo."""
    async with running(root, tmp_path, list(of_region("jp"))[:3]) as found:
        yield found


def asked_of_all(node: RunningNode) -> list[dns.message.Message]:
    """Answers from as many ports as reach every worker: they take a new World within milliseconds of each other, not at once."""
    return [node.ask(JAPAN) for _ in range(16)]


async def until(node: RunningNode, condition: Callable[[], object], within_s: float, what: str) -> None:
    await asyncio.to_thread(node.wait_for, condition, within_s, what)


def both_doors(node: RunningNode) -> set[str]:
    """Where the same client is sent by DNS and by HTTP."""
    return {node.lands(JAPAN), node.redirected("133.11.0.1")}
