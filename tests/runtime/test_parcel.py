"""A Snapshot through the parcel: whole, in slices, and only what is new."""

from __future__ import annotations

import asyncio
import gc
import pickle
from dataclasses import replace

import pytest

from gslb.runtime import parcel
from gslb.runtime.learning import Classes
from gslb.runtime.parcel import Packer, Unpacker
from gslb.runtime.snapshot import Snapshot
from tests.dns import worlds
from tests.runtime.makers import Maker

pytestmark = pytest.mark.anyio


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


async def test_signatures_come_along_and_those_of_a_world_with_it(maker):
    """More sets of three addresses than are signed whatever the World is."""
    sites = tuple(worlds.site(f"s{number}", "jp", worlds.JP, f"192.0.2.{number}") for number in range(1, 41))
    config, signer = worlds.signed(worlds.configuration(sites=sites, services=(replace(worlds.SERVICE, answers=3),)))
    serving = worlds.serving(worlds.world(config), known=("133.11.0.0/16",), signer=signer)
    sent = replace(maker.snapshot(), world=serving.world, table=serving.table, book=serving.book)
    received = await Unpacker().unpack(Packer().pack(sent))
    assert received.book.signed == sent.book.signed
    assert sum(map(len, received.book.signed.values())) > 0
    assert received.book.tree.steered[worlds.HOST].signatures == sent.book.tree.steered[worlds.HOST].signatures
