"""Looks in their rhythm: a round and a scan at once, then each at its own interval, and on demand."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from probes.content.model import ContentResult, ContentTarget, Look
from probes.content.schedule import ContentScheduler
from probes.content.setting import ContentSetting
from probes.setting import Setting
from tests.probes.content.mirror import mirroring, written

pytestmark = pytest.mark.anyio

EASY = ContentSetting(probe=Setting(timeout_s=20.0, phase_s=10.0))


@dataclass
class Told:
    results: list[ContentResult] = field(default_factory=list)
    rounds: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def result(self, result: ContentResult) -> None:
        self.results.append(result)
        self.changed.set()

    def round_complete(self) -> None:
        self.rounds += 1

    def count(self, key: str, *, full: bool) -> int:
        return sum(result.key == key and result.full is full for result in self.results)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(30.0):
            while not true():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def looking(told: Told, *targets: ContentTarget, interval_s: float = 3600.0) -> AsyncIterator[ContentScheduler]:
    scheduler = ContentScheduler(
        targets, EASY, told.result, on_round_complete=told.round_complete, interval_s=interval_s, rng=random.Random(1)
    )
    scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop()
    assert scheduler.internal_errors == 0


async def test_a_round_and_a_scan_begin_at_once_and_doors_that_ask_the_same_share_them() -> None:
    told = Told()
    async with mirroring({"kernel": b"k"}) as mirror:
        targets = [mirror.target(key="dns"), mirror.target(key="http"), mirror.target(key="other", host="other.example")]
        async with looking(told, *targets) as scheduler:
            await told.until(lambda: len(told.results) == 6)
            assert scheduler.exchanges == 2
            assert (told.rounds, scheduler.round_complete) == (1, True)
    assert {(result.key, result.full) for result in told.results} == {
        (key, full) for key in ("dns", "http", "other") for full in (False, True)
    }
    assert mirror.asked("GET", "SHA256SUMS") == 6  # by a scan first and last


async def test_rounds_and_scans_go_on_each_in_its_own_time() -> None:
    told = Told()
    async with mirroring({"kernel": b"k"}) as mirror, looking(told, mirror.target(every_s=0.5), interval_s=0.1):
        await told.until(lambda: told.count("k", full=True) >= 3 and told.count("k", full=False) >= 3)


async def until_idle(scheduler: ContentScheduler) -> None:
    async with asyncio.timeout(30.0):
        while scheduler.is_scanning("k"):  # noqa: ASYNC110 - the scheduler tells results, and nothing when it rests
            await asyncio.sleep(0)


async def test_a_scan_on_demand_is_made_at_once() -> None:
    told = Told()
    async with mirroring({"kernel": b"k"}) as mirror, looking(told, mirror.target()) as scheduler:
        assert scheduler.is_scanning("k")
        await told.until(lambda: len(told.results) == 2)
        await until_idle(scheduler)
        mirror.files["kernel"] = b"junk"
        assert scheduler.scan_now("k")
        await told.until(lambda: len(told.results) == 3)
        assert (told.results[-1].full, told.results[-1].look) == (True, Look.WRONG)
        assert scheduler.look_now("k")
        await told.until(lambda: len(told.results) == 4)
        assert not scheduler.scan_now("nobody")


async def test_a_site_that_asks_to_wait_is_left_alone_also_on_demand() -> None:
    told = Told()
    async with mirroring({}) as mirror:
        mirror.odd = lambda request: written("503 Busy", b"", ["Retry-After: 100"])
        async with looking(told, mirror.target(), interval_s=0.05) as scheduler:
            await told.until(lambda: len(told.results) == 2)
            await asyncio.sleep(0.3)
            assert not scheduler.scan_now("k")
            assert not scheduler.look_now("k")
    assert len(mirror.requests) == 2


async def test_after_a_change_new_targets_are_looked_at_and_old_ones_are_not() -> None:
    told = Told()
    async with mirroring({"kernel": b"k"}) as mirror, looking(told, mirror.target(key="old")) as scheduler:
        await told.until(lambda: len(told.results) == 2)
        scheduler.update([mirror.target(key="new", host="new.example")])
        await told.until(lambda: told.count("new", full=False) + told.count("new", full=True) == 2)
        assert scheduler.exchanges == 1
        assert not scheduler.scan_now("old")


async def test_a_long_scan_keeps_no_round_waiting() -> None:
    told = Told()
    async with mirroring({f"f{n}": b"x" for n in range(50)}) as mirror:
        slow = ContentSetting(probe=EASY.probe, at_a_time=1)
        scheduler = ContentScheduler([mirror.target(sample=1)], slow, told.result, interval_s=0.05, rng=random.Random(1))
        scheduler.start()
        try:
            await told.until(lambda: told.count("k", full=False) >= 2)
            assert scheduler.is_scanning("k") is (told.count("k", full=True) == 0)
        finally:
            await scheduler.stop()
