"""A Snapshot through the parcel: whole, in slices, and only what is new."""

from __future__ import annotations

import asyncio
import gc
import pickle
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gslb.dns import build_book, build_tree
from gslb.geo import GeoIndex
from gslb.model import State, World
from gslb.redirect import build_pages
from gslb.runtime import parcel
from gslb.runtime.learning import Classes, Example
from gslb.runtime.parcel import Packer, Unpacker
from gslb.runtime.snapshot import Snapshot
from gslb.state.tracker import Tracker
from gslb.steering import Memo, SteeringMap, compile_table
from tests.runtime.nodes import HOST, configuration

pytestmark = pytest.mark.anyio


class Maker:
    """Snapshots of one control, one after the other."""

    def __init__(self, folder):
        self.configuration = configuration(folder)
        self.geo = GeoIndex.open(self.configuration.geo)
        self.classes = Classes()
        self.tree = build_tree(self.configuration.zones, self.configuration.services, {})
        found = Tracker(self.configuration, now_s=0.0, utc=datetime.now(UTC)).next_world(0.0, datetime.now(UTC))
        assert found is not None
        self.world: World = found
        self.learn(0x850B0000)

    def learn(self, address: int) -> None:
        steering = SteeringMap(self.configuration, date(2026, 11, 23))
        self.classes.learn([Example(HOST, 4, address, 24)], steering, self.geo.lookup)

    def snapshot(self, world: World | None = None) -> Snapshot:
        world = world or self.world
        numbered = self.classes.numbered()
        table = compile_table(world, numbered, Memo())
        book, pages = build_book(world, table, {}, self.tree), build_pages(world, table)
        return Snapshot(world, self.classes.lineage, numbered, table, book, pages, "geo", "tls")

    def with_a_site_down(self) -> World:
        standings = dict(self.world.standings)
        key = next(iter(standings))
        standings[key] = replace(standings[key], state=State.DOWN)
        return replace(self.world, number=self.world.number + 1, standings=standings)


@pytest.fixture
def maker(tmp_path):
    return Maker(tmp_path)


def same(first: Snapshot, second: Snapshot) -> bool:
    """A table has no equality of its own: all of it in bytes has."""
    plain = all(getattr(first, name) == getattr(second, name) for name in ("world", "lineage", "classes", "book", "geo", "tls"))
    tables = first.table.outcomes == second.table.outcomes and len(first.table) == len(second.table)
    return plain and tables and first.pages.outcomes == second.pages.outcomes


async def test_it_comes_out_as_it_went_in(maker):
    sent = maker.snapshot()
    assert same(await Unpacker().unpack(Packer().pack(sent)), sent)


async def test_the_next_one_brings_only_what_is_new(maker):
    packer, unpacker = Packer(), Unpacker()
    first = await unpacker.unpack(packer.pack(maker.snapshot()))
    sent = maker.snapshot(maker.with_a_site_down())
    second = await unpacker.unpack(packer.pack(sent))
    assert same(second, sent)
    assert second.world.configuration is first.world.configuration
    assert second.book.tree is first.book.tree
    assert second.classes[0][1] is first.classes[0][1]
    assert second.world.standings != first.world.standings


async def test_new_classes_come_with_the_part_that_they_are_in(maker, monkeypatch):
    monkeypatch.setattr(parcel, "CLASSES_A_PART", 1)
    packer, unpacker = Packer(), Unpacker()
    first = await unpacker.unpack(packer.pack(maker.snapshot()))
    maker.learn(0x12000000)
    second = await unpacker.unpack(packer.pack(maker.snapshot()))
    assert second.classes == maker.classes.numbered()
    assert second.classes[0][1] is first.classes[0][1]


async def test_a_worker_that_missed_some_gets_the_newest_whole(maker):
    packer, unpacker = Packer(), Unpacker()
    await unpacker.unpack(packer.pack(maker.snapshot()))
    packer.pack(maker.snapshot(maker.with_a_site_down()))
    assert same(await unpacker.unpack(packer.pack(maker.snapshot())), maker.snapshot())


async def test_parts_of_another_control_are_never_taken_for_ours(maker):
    unpacker = Unpacker()
    await unpacker.unpack(Packer().pack(maker.snapshot()))
    other = maker.snapshot(maker.with_a_site_down())
    assert same(await unpacker.unpack(Packer().pack(other)), other)


async def test_what_other_numbers_have_is_another_part(maker):
    packer, unpacker = Packer(), Unpacker()
    await unpacker.unpack(packer.pack(maker.snapshot()))
    maker.classes = Classes()
    maker.learn(0x12000000)
    received = await unpacker.unpack(packer.pack(maker.snapshot()))
    assert received.classes == maker.classes.numbered()


async def test_between_two_slices_others_have_their_turn(maker):
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    packed = Packer().pack(maker.snapshot())
    task = asyncio.create_task(others())
    unpacker = Unpacker()
    await unpacker.unpack(packed)
    task.cancel()
    assert turns >= len(pickle.loads(packed)) - 1
    assert unpacker.longest_s > 0


async def test_what_was_before_is_let_go_and_the_collector_works_on(maker):
    packer, unpacker = Packer(), Unpacker()
    await unpacker.unpack(packer.pack(maker.snapshot()))
    await unpacker.unpack(packer.pack(maker.snapshot(maker.with_a_site_down())))
    assert unpacker._old
    await unpacker.release()
    assert not unpacker._old
    assert gc.isenabled()


async def test_a_parcel_that_is_none_leaves_what_is_held(maker):
    packer, unpacker = Packer(), Unpacker()
    first = await unpacker.unpack(packer.pack(maker.snapshot()))
    with pytest.raises(pickle.UnpicklingError):
        await unpacker.unpack(pickle.dumps([("table", "x", b"garbage")]))
    again = await unpacker.unpack(packer.pack(maker.snapshot()))
    assert again.world.configuration is first.world.configuration
    assert gc.isenabled()
