"""A new generation comes to the mirrors one after another, while clients download: nobody gets files of two."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gslb.runtime.demo.sites import SITES, DemoSite
from gslb.runtime.demo.tree import KERNEL
from tests.scenarios.rollout import Stage, staged, strangers

pytestmark = pytest.mark.anyio
THREE = [each for each in SITES if each.id in ("us-dallas-1", "eu-london-1", "jp-tokyo-1")]


async def rolled_out(stage: Stage) -> list[str]:
    """What was served at first, and after each mirror. A good mirror waits until nobody is sent to it any more; and so does
    the last one with the old generation for the clients that have begun with it: nobody else has it for them.
    """
    served, before = [stage.served()], frozenset(stage.crowd.running)
    stage.releases.noticed = stage.left
    for number, site in enumerate(stage.sites, 1):
        if number == len(stage.sites):
            await stage.passed()
            await stage.until(lambda: not any(stage.crowd.running[each] for each in before), "nobody needs the old generation")
        await stage.releases.publish(site)
        stage.look(site)
        await stage.until(
            lambda done=number: stage.holding_another(served[0]) == done, f"{number} mirrors have the new generation"
        )
        await stage.another_world()
        served.append(stage.served())
        behind = {site for site in stage.sites if stage.lag_s(site)}
        assert behind == (set(stage.sites[number:]) if served[-1] != served[0] else set())
    return served


async def under_load(folder: Path, sites: Sequence[DemoSite], clients: int) -> None:
    async with staged(folder, list(sites)) as stage:
        crowd, stop = stage.crowd, asyncio.Event()
        coming = asyncio.create_task(crowd.come(clients, stop))
        await stage.until(lambda: len(crowd.runs) == 1 and sum(crowd.running.values()) >= clients / 2, "clients have come")
        slow, first = await crowd.begin(next(strangers())), stage.served()
        crowd.running[slow.generation] += 1  # the last mirror with the old generation waits for this one, too
        rolling = asyncio.create_task(rolled_out(stage))
        await stage.until(
            lambda: rolling.done() or stage.served() != first or stage.pledges("kept"), "the new generation is served", 600
        )
        await slow.take(KERNEL)
        crowd.running[slow.generation] -= 1
        served = await rolling
        await stage.until(lambda: all(map(stage.current, stage.sites)), "every mirror is current")
        stop.set()
        await coming
        events = "\n".join(f"{each['at']} {each['message']}" for each in stage.node.api("events", limit=200))
    assert crowd.faults == [], f"{stage.trail}\n{events}"
    assert len(set(served)) == 2
    assert served == sorted(served, key=served.index), "it changes once"
    assert served.count(served[0]) == (len(sites) + 1) // 2, "when half of the capacity has it"
    assert len(crowd.runs) == 2
    assert min(crowd.runs.values()) >= clients
    assert not any(stage.releases.release(site).joinpath("UPDATING").exists() for site in stage.sites)


async def test_no_client_gets_a_mixed_set_while_mirrors_change_one_after_another(tmp_path):
    await under_load(tmp_path, THREE, clients=16)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_same_with_thirteen_mirrors_and_a_crowd(tmp_path):
    await under_load(tmp_path, SITES, clients=60)
