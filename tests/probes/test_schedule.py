"""The scheduler against real servers, with short intervals: who is probed when, and who is told."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from probes.model import Check, Result, Target
from probes.record import Record, concluded
from probes.registry import PROBERS
from probes.schedule import Scheduler
from probes.setting import Setting
from probes.verdict import Finding, Verdict
from tests.probes.peers import HOST, answering, free_port, listening, page, repeating, sending, silence

pytestmark = pytest.mark.anyio

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

    async def until(self, true: Callable[[], bool], within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while not true():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def running(
    told: Told, *targets: Target, setting: Setting = SHORT, **more: object
) -> AsyncIterator[Scheduler]:
    options: dict = {"interval_s": 0.2, "recheck_s": 0.05, "rng": random.Random(1)} | more
    scheduler = Scheduler(targets, setting, told.result, on_round_complete=told.round_complete, **options)
    scheduler.start()
    try:
        yield scheduler
    finally:
        await scheduler.stop()


def closed_port(key: str = "k") -> Target:
    return Target(key, key, "127.0.0.1", free_port(), Check("tcp"), HOST)


# The first round


async def test_the_first_round_is_at_once_and_told_once() -> None:
    told = Told()
    async with answering(page()) as peer:
        targets = [peer.target(key=f"k{n}", host=f"h{n}.example") for n in range(20)]
        async with running(told, *targets, interval_s=3600.0) as scheduler:
            await told.until(lambda: told.rounds == 1)
            assert {result.key for result, _ in told.results} == {target.key for target in targets}
            assert scheduler.round_complete
    assert len(told.results) == 20
    assert told.rounds == 1


async def test_the_first_round_counts_sites_that_fail_and_hang() -> None:
    told = Told()
    async with (
        listening(sending(b"", silence)) as peer,
        running(told, closed_port("refuses"), peer.target(key="hangs"), is_down=lambda key: True),
    ):
        await told.until(lambda: told.rounds == 1)
    verdicts = {result.key: result.verdict for result, _ in told.results}
    assert verdicts == {"refuses": Verdict.REFUSED, "hangs": Verdict.TIMEOUT_FIRST_BYTE}


async def test_without_targets_the_round_is_complete() -> None:
    told = Told()
    async with running(told):
        assert told.rounds == 1


async def test_three_hundred_sites_are_probed_in_one_round_and_again() -> None:
    told = Told()
    async with answering(page()) as peer:
        targets = [peer.target(key=f"k{n}", host=f"h{n}.example") for n in range(300)]
        easy = Setting(timeout_s=20.0, phase_s=10.0)
        async with running(told, *targets, setting=easy, interval_s=2.0, concurrency=64):
            await told.until(lambda: told.rounds == 1, within_s=30)
            await told.until(lambda: len(told.results) >= 600, within_s=30)
    assert all(result.ok for result, _ in told.results)


async def test_concurrency_is_bounded() -> None:
    under_way = most = 0

    async def counting(target: Target, setting: Setting) -> Result:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return Record(target, setting).conclude(Finding(Verdict.OK, "well"))

    told = Told()
    targets = [replace(closed_port(f"k{n}"), host=f"h{n}") for n in range(12)]
    async with running(told, *targets, concurrency=3, probers={"tcp": counting}, interval_s=60.0):
        await told.until(lambda: told.rounds == 1)
    assert most == 3


# The interval


async def test_probes_come_at_the_interval_with_its_jitter() -> None:
    told = Told()
    async with answering(page()) as peer, running(told, peer.target(), interval_s=0.3):
        await told.until(lambda: len(told.results) >= 6)
    ends = [result.at_monotonic for result, _ in told.results][1:]
    gaps = [later - earlier for earlier, later in itertools.pairwise(ends)]
    assert all(0.2 < gap < 0.9 for gap in gaps)
    assert not any(again for _, again in told.results)


async def test_phases_are_spread() -> None:
    told = Told()
    async with answering(page()) as peer:
        targets = [peer.target(key=f"k{n}", host=f"h{n}.example") for n in range(20)]
        async with running(told, *targets, interval_s=1.0):
            await told.until(lambda: len(told.results) >= 40)
    second = sorted(result.at_monotonic for result, _ in told.results[20:])
    assert second[-1] - second[0] > 0.4


async def test_a_site_that_hangs_keeps_the_interval() -> None:
    told, slow = Told(), Setting(timeout_s=1.0, phase_s=0.5)
    async with (
        listening(sending(b"", silence)) as peer,
        running(told, peer.target(), interval_s=0.6, setting=slow, is_down=lambda key: True),
    ):
        await told.until(lambda: len(told.results) >= 4)
    ends = [result.at_monotonic for result, _ in told.results][1:]
    assert all(later - earlier < 0.95 for earlier, later in itertools.pairwise(ends))


# Re-checks


async def test_a_failure_is_looked_at_again_twice() -> None:
    told = Told()
    async with running(told, closed_port(), interval_s=60.0, recheck_s=0.1):
        await told.until(lambda: len(told.results) == 3)
    assert [again for _, again in told.results] == [False, True, True]
    first, last = told.results[0][0].at_monotonic, told.results[2][0].at_monotonic
    assert 0.2 <= last - first < 0.6


async def test_a_site_that_is_down_already_is_not_looked_at_again() -> None:
    told = Told()
    async with running(told, closed_port(), is_down=lambda key: len(told.results) >= 2):
        await told.until(lambda: len(told.results) == 5)
    assert [again for _, again in told.results] == [False, True, False, False, False]


async def test_a_site_that_answers_again_is_not_looked_at_again() -> None:
    told = Told()
    answers = iter([b"HTTP/1.1 500 Oops\r\n\r\n"])

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(next(answers, page()))
        await writer.drain()

    async with listening(handler) as peer, running(told, peer.target()):
        await told.until(lambda: len(told.results) == 3)
    assert [(result.ok, again) for result, again in told.results] == [
        (False, False),
        (True, True),
        (True, False),
    ]


@pytest.mark.parametrize(("kind", "limit_intervals"), [("refuses", 1.5), ("hangs", 3.0), ("trickles", 3.0)])
async def test_three_failures_come_in_time(kind: str, limit_intervals: float) -> None:
    """The stated 15 s and 30 s with every time a tenth: interval, time limits, the wait for a re-check."""
    well = True
    told = Told()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if well:
            writer.write(page())
            await writer.drain()
        elif kind == "trickles":
            await repeating(b"H", 0.02)(writer)
        elif kind == "hangs":
            await silence(writer)

    tenth = Setting(timeout_s=0.4, phase_s=0.2)
    async with (
        listening(handler) as peer,
        running(told, peer.target(), setting=tenth, interval_s=1.0, recheck_s=0.1),
    ):
        await told.until(lambda: len(told.results) == 2)
        well, failed_s = False, time.monotonic()
        await told.until(lambda: sum(not result.ok for result, _ in told.results) == 3)
    assert time.monotonic() - failed_s < limit_intervals


# Identical exchanges


async def test_the_same_exchange_is_made_once_and_told_to_everybody() -> None:
    told = Told()
    async with answering(page()) as peer:
        targets = [peer.target(key="dns"), peer.target(key="http"), peer.target(key="other", site="us-1")]
        async with running(told, *targets, interval_s=60.0) as scheduler:
            await told.until(lambda: told.rounds == 1)
            assert scheduler.exchanges == 1
    assert [(result.key, result.site) for result, _ in told.results] == [
        ("dns", "jp-tokyo-1"),
        ("http", "jp-tokyo-1"),
        ("other", "us-1"),
    ]
    assert len(peer.heads) == 1


async def test_a_shared_failure_is_looked_at_again_while_anybody_takes_it_for_up() -> None:
    told = Told()
    target = closed_port("a")
    async with running(
        told, target, replace(target, key="b"), interval_s=60.0, is_down=lambda key: key == "a"
    ):
        await told.until(lambda: len(told.results) == 6)
    assert len(told.of("a")) == len(told.of("b")) == 3


# Throttling


async def test_retry_after_is_honoured_and_nobody_probes_before() -> None:
    told = Told()
    answer = page(b"", "503 Busy", "Retry-After: 1")
    async with answering(answer) as peer, running(told, peer.target()) as scheduler:
        await told.until(lambda: len(told.results) == 1)
        assert not scheduler.probe_now("k")
        scheduler.update([peer.target(), peer.target(key="later")])
        await told.until(lambda: len(told.results) >= 2)
    first, second = told.results[0][0], told.results[1][0]
    assert first.verdict is Verdict.THROTTLED
    assert second.at_monotonic - first.at_monotonic >= 1.0
    assert not told.results[1][1]


# Reload, probe now, stop


async def test_a_new_target_is_probed_at_once_and_the_others_keep_their_phase() -> None:
    told = Told()
    async with (
        answering(page()) as old,
        answering(page()) as new,
        running(told, old.target(key="old"), interval_s=60.0) as scheduler,
    ):
        await told.until(lambda: told.rounds == 1)
        scheduler.update([old.target(key="old"), new.target(key="new")])
        await told.until(lambda: bool(told.of("new")))
        assert len(told.of("old")) == 1
    assert told.rounds == 1


async def test_a_target_that_is_gone_is_told_no_more() -> None:
    told = Told()
    hung = asyncio.Event()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.set()
        await silence(writer)

    async with (
        listening(handler) as peer,
        answering(page()) as other,
        running(told, peer.target(key="gone")) as scheduler,
    ):
        await hung.wait()
        scheduler.update([other.target(key="stays")])
        await told.until(lambda: len(told.of("stays")) == 5)
    assert not told.of("gone")
    assert told.rounds == 1


async def test_a_new_key_of_a_known_exchange_gets_a_result_of_its_own() -> None:
    told = Told()
    async with answering(page()) as peer, running(told, peer.target(key="a"), interval_s=60.0) as scheduler:
        await told.until(lambda: told.rounds == 1)
        scheduler.update([peer.target(key="a"), peer.target(key="b")])
        await told.until(lambda: bool(told.of("b")))


async def test_a_new_setting_holds_from_the_next_probe_on() -> None:
    told = Told()
    async with answering(page()) as peer, running(told, peer.target(), interval_s=60.0) as scheduler:
        await told.until(lambda: told.rounds == 1)
        scheduler.update([peer.target()], setting=Setting(contact="new@example.org"), interval_s=30.0)
        assert scheduler.probe_now("k")
        await told.until(lambda: len(told.results) == 2)
    assert b"(+new@example.org)" in peer.heads[1]


async def test_probe_now_does_not_wait_for_the_interval() -> None:
    told = Told()
    async with answering(page()) as peer, running(told, peer.target(), interval_s=3600.0) as scheduler:
        await told.until(lambda: told.rounds == 1)
        assert scheduler.probe_now("k")
        await told.until(lambda: len(told.results) == 2)
        assert not scheduler.probe_now("nobody")


async def test_stop_ends_everything_and_nothing_is_told_after() -> None:
    told = Told()
    before = asyncio.all_tasks()
    asked = asyncio.Semaphore(0)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.release()
        await silence(writer)

    async with listening(handler) as peer:
        targets = [peer.target(key=f"k{n}", host=f"h{n}") for n in range(10)]
        async with running(told, *targets, setting=Setting()):
            for _ in targets:
                await asked.acquire()
    assert told.results == []
    assert asyncio.all_tasks() == before


async def test_run_goes_on_until_cancelled() -> None:
    told = Told()
    async with answering(page()) as peer:
        scheduler = Scheduler([peer.target()], SHORT, told.result, interval_s=0.1)
        task = asyncio.create_task(scheduler.run())
        await told.until(lambda: len(told.results) == 3)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert task.cancelled()


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
            await told.until(lambda: len(told.of("bug")) >= 4 and len(told.of("well")) >= 2, within_s=20)
            assert scheduler.internal_errors >= 4
    assert {result.verdict for result, _ in told.of("bug")} == {Verdict.INTERNAL}


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

    scheduler = Scheduler(
        [closed_port()], SHORT, take, is_down=bug, on_round_complete=bug, interval_s=0.1, recheck_s=0.01
    )
    scheduler.start()
    try:
        await asyncio.wait_for(changed.wait(), 10)
    finally:
        await scheduler.stop()
    assert scheduler.internal_errors > 4


async def test_concluded_never_raises() -> None:
    async def bug() -> Finding:
        raise RecursionError("bug")

    result = await concluded(Record(closed_port(), SHORT), bug())
    assert result.verdict is Verdict.INTERNAL
    assert result.exchange.error == "RecursionError: bug"
