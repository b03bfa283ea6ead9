"""The scheduler when targets are shared, throttle us, come and go."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from probes.schedule import Scheduler
from probes.setting import Setting
from probes.verdict import Verdict
from tests.probes.peers import answering, listening, page, silence
from tests.probes.told import SHORT, Told, closed_port, running

pytestmark = pytest.mark.anyio


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
    async with running(told, target, replace(target, key="b"), interval_s=60.0, is_down=lambda key: key == "a"):
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
