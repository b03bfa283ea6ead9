"""Mirrors that flap, that fail all at once or a region at a time: where clients are sent then."""

import asyncio
import hashlib
import time
from collections import Counter
from itertools import pairwise

import pytest

from tests.scenarios.failing import DOWN_WITHIN_S, QUICK, asked_of_all, japan, root, running, until
from tests.scenarios.node import JAPAN, of_region

__all__ = ["japan", "root"]  # the fixtures

pytestmark = pytest.mark.anyio


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
