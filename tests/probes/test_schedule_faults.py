"""The scheduler when a prober or a callback has a bug."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from probes.model import Result, Target
from probes.record import STALL_S, Record, concluded
from probes.registry import PROBERS
from probes.schedule import GRACE_S, Scheduler
from probes.setting import Setting
from probes.verdict import Finding, Verdict
from tests.probes.peers import answering, page
from tests.probes.told import SHORT, Told, closed_port, running

pytestmark = pytest.mark.anyio


# Faults of our own


async def raising(target: Target, setting: Setting) -> Result:
    raise KeyError("bug")


async def cancelling(target: Target, setting: Setting) -> Result:
    raise asyncio.CancelledError


async def hanging(target: Target, setting: Setting) -> Result:
    await asyncio.sleep(3600)
    raise AssertionError


@pytest.mark.parametrize("prober", [raising, cancelling, hanging])
async def test_a_prober_with_a_bug_does_not_end_the_schedule(prober: Callable) -> None:
    told = Told()
    fast = Setting(timeout_s=0.05, phase_s=0.05)
    async with answering(page()) as peer:
        targets = [closed_port("bug"), peer.target(key="well")]
        async with running(told, *targets, setting=fast, probers={**PROBERS, "tcp": prober}) as scheduler:
            await told.until(lambda: len(told.of("bug")) >= 4 and len(told.of("well")) >= 2)
            assert scheduler.internal_errors >= 4
    assert {result.verdict for result, _ in told.of("bug")} == {Verdict.INTERNAL}


async def test_a_prober_that_swallows_its_cancel_does_not_keep_the_scheduler() -> None:
    """One that did kept a node from ending on SIGTERM: its watcher went on for ever."""
    probing = asyncio.Event()

    async def swallowing(target: Target, setting: Setting) -> Result:
        probing.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        return Record(target, setting).conclude(Finding(Verdict.OK, "well"))

    told = Told()
    scheduler = Scheduler([closed_port()], Setting(), told.result, probers={**PROBERS, "tcp": swallowing})
    scheduler.start()
    await asyncio.wait_for(probing.wait(), 30)
    await asyncio.wait_for(scheduler.stop(), 30)
    assert told.results == []


async def test_a_machine_that_stood_still_is_no_fault_of_a_prober() -> None:
    """Its own limit and the scheduler's are over in the same turn of the loop: the prober has the word."""
    told = Told()
    setting = Setting(timeout_s=0.1, phase_s=0.1)

    async def standing_still(target: Target, setting: Setting) -> Result:
        async def nothing_comes() -> Finding:
            asyncio.get_running_loop().call_soon(time.sleep, 0.1 + GRACE_S + STALL_S)
            await asyncio.sleep(3600)
            raise AssertionError

        return await concluded(Record(target, setting), nothing_comes())

    async with running(told, closed_port(), setting=setting, probers={"tcp": standing_still}) as scheduler:
        await told.until(lambda: told.rounds == 1)
        assert scheduler.internal_errors == 0
    assert told.results[0][0].verdict is Verdict.INTERNAL
    assert "stood still" in told.results[0][0].reason


async def test_a_prober_nobody_knows_is_internal() -> None:
    told = Told()
    async with running(told, closed_port(), probers={}):
        await told.until(lambda: told.rounds == 1)
    assert told.results[0][0].verdict is Verdict.INTERNAL


async def test_a_callback_with_a_bug_does_not_end_the_schedule() -> None:
    seen: list[Result] = []
    changed = asyncio.Event()

    def take(result: Result, is_recheck: bool) -> None:
        seen.append(result)
        if len(seen) == 4:
            changed.set()
        raise KeyError("bug")

    def bug(*key: str) -> Any:
        raise KeyError("bug")

    scheduler = Scheduler([closed_port()], SHORT, take, is_down=bug, on_round_complete=bug, interval_s=0.1, recheck_s=0.01)
    scheduler.start()
    try:
        await asyncio.wait_for(changed.wait(), 30)
    finally:
        await scheduler.stop()
    assert scheduler.internal_errors > 4


async def test_concluded_never_raises() -> None:
    async def bug() -> Finding:
        raise RecursionError("bug")

    result = await concluded(Record(closed_port(), SHORT), bug())
    assert result.verdict is Verdict.INTERNAL
    assert result.exchange.error == "RecursionError: bug"
