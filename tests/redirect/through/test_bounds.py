"""How many are served through at a time, how fast, and what becomes of them when a node ends."""

from __future__ import annotations

import asyncio

import pytest

from gslb.model import Limits
from tests.redirect import doors
from tests.redirect.through.sites import (
    GRUB,
    OCTETS,
    PATH,
    Stage,
    exchange,
    file,
    staged,
)

pytestmark = pytest.mark.anyio


async def test_more_streams_than_there_may_be_are_told_to_come_again() -> None:
    limits = Limits(through_streams=2)
    async with staged(file(OCTETS, stop_after=1, then="silent"), limits=limits) as stage:
        talks = [await stage.door.connect() for _ in range(2)]
        for talk in talks:
            await talk.send(doors.request(PATH, GRUB))
            await talk.reader.readuntil(b"\r\n\r\n")
        answer = await exchange(stage)
        assert (answer.status, int(answer.fields["Retry-After"]) > 0) == (503, True)
        assert b"As many files" in answer.body
        assert stage.count("refused") == {("streams",): 1}
        for talk in talks:
            talk.writer.close()


async def test_one_client_has_fewer() -> None:
    async with staged(file(OCTETS, stop_after=1, then="silent"), limits=Limits(through_streams_per_client=1)) as stage:
        talk = await stage.door.connect()
        await talk.send(doors.request(PATH, GRUB))
        await talk.reader.readuntil(b"\r\n\r\n")
        assert (await exchange(stage)).status == 503
        assert stage.count("refused") == {("client",): 1}
        talk.writer.close()


async def test_a_client_that_goes_gives_its_place_back() -> None:
    async with staged(file(OCTETS * 20, stop_after=1), limits=Limits(through_streams=1)) as stage:
        for _ in range(3):
            async with await stage.door.connect() as talk:
                await talk.send(doors.request(PATH, GRUB))
                await talk.reader.readuntil(b"\r\n\r\n")
            await emptied(stage)


async def emptied(stage: Stage) -> None:
    async with asyncio.timeout(20):
        while stage.through.streams.open:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_all_streams_together_keep_to_the_rate() -> None:
    """400 KB at 200 KB a second can't come in less than 1.6 s, and two at a time get the same."""
    limits = Limits(through_rate=200_000)
    octets = OCTETS[:200_000]
    loop = asyncio.get_running_loop()
    ends: list[float] = []

    async def one() -> None:
        assert (await exchange(stage)).body == octets
        ends.append(loop.time())

    async with staged(file(octets), limits=limits) as stage:
        began = loop.time()
        await asyncio.gather(one(), one())
        assert ends[0] - began > 1.4
        assert ends[1] - began > 1.6


async def test_a_rate_that_can_not_be_met_is_told() -> None:
    async with staged(file(OCTETS[:5000]), limits=Limits(through_rate=1024)) as stage:
        talks = [await stage.door.connect() for _ in range(2)]
        for talk in talks:
            await talk.send(doors.request(PATH, GRUB))
            await talk.reader.readuntil(b"\r\n\r\n")
        answer = await exchange(stage)
        assert (answer.status, stage.count("refused")) == (503, {("rate",): 1})
        for talk in talks:
            talk.writer.close()


async def test_a_draining_server_ends_streams_after_its_time() -> None:
    async with staged(file(OCTETS, stop_after=1, then="silent")) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB))
        await talk.reader.readuntil(b"\r\n\r\n")
        await stage.door.server.drain(0.1, 0.1)
        assert stage.door.server.connections == 0
        assert len(await talk.rest()) <= 1


async def test_a_stream_that_ends_while_it_drains_is_whole() -> None:
    limits = Limits(through_rate=400_000)
    async with staged(file(OCTETS[:300_000]), limits=limits) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB))
        await talk.reader.readuntil(b"\r\n\r\n")
        drain = asyncio.create_task(stage.door.server.drain(0.1, 10.0))
        body = await talk.rest()
        await drain
    assert body == OCTETS[:300_000]
