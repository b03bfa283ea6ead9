"""Mirrors that die in every way there is, as a node sees it and as its clients feel it.

Intervals are shortened, so that seconds show what takes minutes; `test_patience.py` has the ones of the default configuration.
"""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import dns.message
import pytest

from gslb.runtime.demo.fleet import Fleet
from gslb.runtime.demo.sites import DemoSite, mirror_specs
from gslb.runtime.demo.tree import Recipe, build_tree
from tests.ports import free_port
from tests.scenarios.node import JAPAN, PATH, RunningNode, document, of_region, site

pytestmark = pytest.mark.anyio

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


FAULTS = [
    ("refuse", "down", "refused"),
    ("hang", "down", "connected, but no answer"),
    ("trickle", "down", "within"),
    ("cut", "down", ""),
    ("500", "down", "500"),
    ("wrong", "wrong", "is not in the first"),
    ("redirect http://{own}/", "down", "this load balancer"),
]


@pytest.mark.parametrize(("fault", "condition", "reason"), FAULTS, ids=[fault.split()[0] for fault, _, _ in FAULTS])
async def test_a_mirror_that_fails_goes_down_for_its_reason_and_its_clients_go_elsewhere(japan, fault, condition, reason):
    node, fleet = japan
    chosen = node.lands(JAPAN)
    await fleet.set_fault(chosen, fault.format(own=":".join(map(str, node.http))))
    await until(node, lambda: node.condition(chosen) == condition, DOWN_WITHIN_S, f"{chosen} is {condition}")
    assert reason in node.site(chosen)["reason"]
    await until(node, lambda: chosen not in both_doors(node), 20, "both doors send its clients elsewhere")
    assert len(both_doors(node)) == 1
    told = node.events("site-wrong" if condition == "wrong" else "site-down")
    assert reason in next(event["message"] for event in told if event["subject"] == chosen)


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_a_mirror_that_dies_or_freezes_goes_down_and_comes_back_slowly(japan, how):
    node, fleet = japan
    clients = [f"133.{number}.0.0/16" for number in range(11, 51)]
    chosen = node.lands(JAPAN)
    before = {client: node.lands(client) for client in clients}
    await getattr(fleet, how)(chosen)
    await until(node, lambda: node.condition(chosen) == "down", DOWN_WITHIN_S, f"{chosen} is down")
    await until(node, lambda: all(node.lands(client) != chosen for client in clients), 20, "nobody lands there")
    assert all(node.lands(client) == was for client, was in before.items() if was != chosen)

    await fleet.restart(chosen)
    shares: list[int] = []

    def share() -> int:
        shares.append(sum(node.lands(client) == chosen for client in clients))
        return shares[-1]

    whole = sum(site == chosen for site in before.values())
    await until(node, lambda: share() == whole, 30, "it has all its clients again")
    assert shares == sorted(shares)
    assert len(set(shares)) > 2, f"it came back in steps, not at once: {shares}"
    await until(node, lambda: node.condition(chosen) == "up", 20, f"{chosen} is up")
    assert {client: node.lands(client) for client in clients} == before


async def test_a_mirror_that_flaps_does_not_flap_the_answers(root, tmp_path):
    """Well and dead in turns, for half as long as five rounds take: it goes once, and stays away until it is well for good."""
    probes = {**QUICK, "rise": 5, "slow_start": "2s"}
    async with running(root, tmp_path, list(of_region("jp"))[:3], probes=probes) as (node, fleet):
        chosen = node.lands(JAPAN)
        await fleet.set_fault(chosen, "flap 3")
        seen = [chosen]
        until_s = time.monotonic() + 25
        while time.monotonic() < until_s:
            seen.append(node.lands(JAPAN))
            await asyncio.sleep(0.05)
        changes = [change for change in pairwise(seen) if change[0] != change[1]]
        assert len(changes) == 1, Counter(changes)
        await fleet.set_fault(chosen, "ok")
        await until(node, lambda: node.lands(JAPAN) == chosen, 30, "it is back once it has been well for long")


async def test_when_all_are_down_answers_go_on_and_say_so(japan):
    node, fleet = japan
    for id in fleet.specs:
        await fleet.set_fault(id, "500")
    await until(node, lambda: node.events("all-down"), DOWN_WITHIN_S, "the event")
    await until(node, lambda: "why=fail-open" in node.get().headers["GSLB-Decision"], 20, "HTTP says it")
    await until(node, lambda: all(each.options for each in asked_of_all(node)), 20, "DNS says it")
    reply = node.ask(JAPAN)
    assert reply.answer[0].ttl == 15
    assert [option.code for option in reply.options if option.otype == 15] == [0]
    assert set(node.metric("gslb_service_all_down").values()) == {1.0}
    assert node.api("status")["incident"]["level"] == "error"

    for id in fleet.specs:
        await fleet.set_fault(id, "ok")
    await until(node, lambda: node.events("all-down-over"), DOWN_WITHIN_S + 10, "the end of it")
    await until(node, lambda: set(node.metric("gslb_service_all_down").values()) == {0.0}, 20, "the gauge")


async def test_wrong_content_and_drained_sites_are_not_served_even_when_nothing_else_is_left(root, tmp_path):
    token = "operator-of-the-test"
    digest = hashlib.sha256(token.encode()).hexdigest()
    users = {"users": [{"name": "ops", "role": "operator", "token_sha256": digest}]}
    async with running(root, tmp_path, list(of_region("jp"))[:2], admin=users) as (node, fleet):
        first, second = fleet.specs
        await fleet.set_fault(first, "wrong")
        await until(node, lambda: node.condition(first) == "wrong", DOWN_WITHIN_S, "the first is wrong")
        said = await node.operate("drain", second, "--reason", "a test", "--for", "1h", token=token)
        assert said.returncode == 0, said.stderr
        await until(node, lambda: node.get().status_code == 503, 20, "HTTP has nobody left")
        await until(node, lambda: not any(each.answer for each in asked_of_all(node)), 20, "DNS has nobody left")
        reply = node.ask(JAPAN)
        assert (reply.rcode(), list(reply.answer)) == (0, [])
        assert [option.code for option in reply.options if option.otype == 15] == [0]
        assert node.get().headers["Retry-After"]


async def test_a_region_that_loses_its_mirrors_is_served_by_the_next_of_its_order(root, tmp_path):
    sites = [next(of_region("jp")), next(of_region("us")), next(of_region("eu"))]
    async with running(root, tmp_path, sites) as (node, fleet):
        assert node.lands(JAPAN) == sites[0].id
        await fleet.kill(sites[0].id)
        await until(node, lambda: node.lands(JAPAN) == sites[1].id, DOWN_WITHIN_S, "Japan is served by the US")
        await fleet.kill(sites[1].id)
        await until(node, lambda: node.lands(JAPAN) == sites[2].id, DOWN_WITHIN_S, "Japan is served by Europe")
