"""Worlds come and go for weeks: neither who makes them nor who serves by them may grow."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from dataclasses import replace

import pytest

from gslb.model import State, World
from gslb.runtime.dataplane import DataPlane
from gslb.runtime.learning import Example
from gslb.runtime.parcel import Packer, Unpacker
from tests.runtime.makers import Maker
from tests.runtime.nodes import HOST
from tests.runtime.test_dataplane import ask
from tests.runtime.test_publisher import Press

pytestmark = pytest.mark.anyio
WORLDS = 500
GROWTH_MOST = 200_000  # octets over four fifths of the Worlds; one World of this size is as large


def changed(world: World, number: int) -> World:
    """Every World has another site down, so that the memo of one is of no use to all."""
    key = list(world.standings)[number % len(world.standings)]
    state = (State.DOWN, State.UP, State.UNKNOWN)[number % 3]
    return replace(world, number=number, standings={**world.standings, key: replace(world.standings[key], state=state)})


def traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture(autouse=True)
def tracing():
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.unfreeze()


async def test_control_makes_500_worlds_in_the_memory_of_one(tmp_path):
    press = Press(tmp_path, workers=2)
    press.publisher.classes._most = 100
    press.publisher.learn([Example(HOST, 4, number << 24, 16) for number in range(1, 100)])
    before = 0
    async with press.running():
        for number in range(1, WORLDS):
            await press.publish(changed(press.world, number))
            press.delivered[:] = press.delivered[-1:]
            if number == WORLDS // 5:
                before = traced()
    assert traced() - before < GROWTH_MOST


async def test_a_worker_takes_500_worlds_in_the_memory_of_one(tmp_path):
    maker = Maker(tmp_path)
    packer, unpacker, plane = Packer(), Unpacker(), DataPlane(asyncio.get_running_loop())
    before = 0
    for number in range(1, WORLDS):
        await plane.take(await unpacker.unpack(packer.pack(maker.snapshot(changed(maker.world, number)))))
        await unpacker.release()
        for client in (18, 133, 141):
            ask(plane, f"{client}.0.0.0")
        plane.tally()
        if number == WORLDS // 5:
            before = traced()
    assert traced() - before < GROWTH_MOST
