"""The promises with the intervals of the default configuration: they take minutes."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest

from gslb.runtime.demo.tree import build_tree
from tests.scenarios.failing import SMALL, running, until
from tests.scenarios.node import JAPAN, of_region

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    build_tree(root, SMALL)
    return root


@pytest.mark.parametrize(("fault", "within_s"), [("refuse", 15), ("hang", 30), ("trickle", 30), ("wrong", 30), ("500", 15)])
async def test_no_new_client_is_sent_to_a_mirror_that_fails(root, tmp_path, fault, within_s):
    async with running(root, tmp_path, list(of_region("jp")), probes={}) as (node, fleet):
        await asyncio.sleep(5)  # anywhere between two rounds
        chosen, began = node.lands(JAPAN), time.monotonic()
        await fleet.set_fault(chosen, fault)
        await until(node, lambda: node.lands(JAPAN) != chosen, within_s, f"DNS left {chosen}")
        await until(node, lambda: node.redirected("133.11.0.1") != chosen, within_s, "HTTP did")
        assert time.monotonic() - began < within_s


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_a_mirror_that_dies_is_left_at_once_and_comes_back_after_five_rounds_and_a_minute(root, tmp_path, how):
    async with running(root, tmp_path, list(of_region("jp"))[:3], probes={}) as (node, fleet):
        chosen, began = node.lands(JAPAN), time.monotonic()
        await getattr(fleet, how)(chosen)
        within_s = {"kill": 15, "freeze": 30}[how]
        await until(node, lambda: node.lands(JAPAN) != chosen, within_s, f"DNS left {chosen}")
        assert time.monotonic() - began < within_s
        await fleet.restart(chosen)
        back = time.monotonic()
        await until(node, lambda: node.condition(chosen) == "starting", 70, "five good rounds")
        assert time.monotonic() - back > 35
        await until(node, lambda: node.condition(chosen) == "up", 75, "the whole of its share")
        await until(node, lambda: node.lands(JAPAN) == chosen, 3, "its clients are back, with the next World")


async def test_a_mirror_that_flaps_every_5_s_does_not_flap_the_answers(root, tmp_path):
    async with running(root, tmp_path, list(of_region("jp"))[:3], probes={}) as (node, fleet):
        chosen = node.lands(JAPAN)
        await fleet.set_fault(chosen, "flap 5")
        seen = []
        for _ in range(240):
            seen.append(node.lands(JAPAN))
            await asyncio.sleep(0.5)
        assert sum(old != new for old, new in pairwise(seen)) <= 1
