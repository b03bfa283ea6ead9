"""A scheduler that runs for a test, and what it told."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from probes.model import Check, Result, Target
from probes.schedule import Scheduler
from probes.setting import Setting
from tests.ports import free_port
from tests.probes.peers import HOST

SHORT = Setting(timeout_s=0.5, phase_s=0.25)


@dataclass
class Told:
    """What the scheduler told, and a way to wait for it."""

    results: list[tuple[Result, bool]] = field(default_factory=list)
    rounds: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def result(self, result: Result, is_recheck: bool) -> None:
        self.results.append((result, is_recheck))
        self.changed.set()

    def round_complete(self) -> None:
        self.rounds += 1
        self.changed.set()

    def of(self, key: str) -> list[tuple[Result, bool]]:
        return [(result, again) for result, again in self.results if result.key == key]

    async def until(self, true: Callable[[], bool], within_s: float = 30.0) -> None:
        async with asyncio.timeout(within_s):
            while not true():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def running(told: Told, *targets: Target, setting: Setting = SHORT, **more: object) -> AsyncIterator[Scheduler]:
    options: dict = {"interval_s": 0.2, "recheck_s": 0.05, "rng": random.Random(1)} | more
    scheduler = Scheduler(targets, setting, told.result, on_round_complete=told.round_complete, **options)
    scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop()


def closed_port(key: str = "k") -> Target:
    return Target(key, key, "127.0.0.1", free_port(), Check("tcp"), HOST)
