"""The scheduler against real servers, with short intervals: who is probed when, and who is told."""

import asyncio
import itertools
import time
from dataclasses import replace

import pytest

from probes.model import Result, Target
from probes.record import Record
from probes.setting import Setting
from probes.verdict import Finding, Verdict
from tests.probes.peers import answering, listening, page, repeating, sending, silence
from tests.probes.told import Told, closed_port, running

pytestmark = pytest.mark.anyio
INTERVAL_S = 2.0


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
    async with answering(page()) as peer, running(told, peer.target(), interval_s=1.0):
        await told.until(lambda: len(told.results) >= 5)
    ends = [result.at_monotonic for result, _ in told.results][1:]
    gaps = [later - earlier for earlier, later in itertools.pairwise(ends)]
    assert all(0.5 < gap < 2.0 for gap in gaps)
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
    told, slow = Told(), Setting(timeout_s=2.0, phase_s=1.0)
    async with (
        listening(sending(b"", silence)) as peer,
        running(told, peer.target(), interval_s=1.2, setting=slow, is_down=lambda key: True),
    ):
        await told.until(lambda: len(told.results) >= 4)
    ends = [result.at_monotonic for result, _ in told.results][1:]
    assert all(later - earlier < 1.9 for earlier, later in itertools.pairwise(ends))


# Re-checks


async def test_a_failure_is_looked_at_again_twice() -> None:
    told = Told()
    async with running(told, closed_port(), interval_s=60.0, recheck_s=0.1):
        await told.until(lambda: len(told.results) == 3)
    assert [again for _, again in told.results] == [False, True, True]
    first, last = told.results[0][0].at_monotonic, told.results[2][0].at_monotonic
    assert 0.2 <= last - first < 2


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
    """The stated 15 s and 30 s with every time a fifth: interval, time limits, the wait for a re-check."""
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

    fifth = Setting(timeout_s=0.8, phase_s=0.4)
    async with (
        listening(handler) as peer,
        running(told, peer.target(), setting=fifth, interval_s=INTERVAL_S, recheck_s=0.2),
    ):
        await told.until(lambda: len(told.results) == 2)
        well, failed_s = False, time.monotonic()
        await told.until(lambda: sum(not result.ok for result, _ in told.results) == 3)
    assert time.monotonic() - failed_s < limit_intervals * INTERVAL_S
