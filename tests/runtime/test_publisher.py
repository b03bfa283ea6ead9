"""From Worlds to Snapshots: the newest, with the ground as it is now, and never at the cost of the node."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from gslb.geo import GeoIndex
from gslb.model import World
from gslb.runtime import publisher as module
from gslb.runtime.learning import Classes, Example
from gslb.runtime.publisher import Publisher, geo_stamp, tls_stamp
from gslb.runtime.snapshot import Snapshot
from gslb.state.tracker import Tracker
from tests.runtime.nodes import HOST, configuration, until

pytestmark = pytest.mark.anyio


class Press:
    """A publisher, and what it delivered."""

    def __init__(self, folder, workers=0):
        self.configuration = configuration(folder)
        self.geo = GeoIndex.open(self.configuration.geo)
        self.delivered: list[tuple[Snapshot, bytes | None]] = []
        self.failures: list[str] = []
        classes = Classes(most=3)
        self.publisher = Publisher(self.geo, classes, self._deliver, workers=workers, on_failure=self.failures.append)
        found = Tracker(self.configuration, now_s=0.0, utc=datetime.now(UTC)).next_world(0.0, datetime.now(UTC))
        assert found is not None
        self.world: World = found

    async def _deliver(self, snapshot, parcel):
        self.delivered.append((snapshot, parcel))

    @property
    def last(self) -> Snapshot:
        return self.delivered[-1][0]

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.publisher.run())
        yield
        task.cancel()
        await asyncio.wait({task})

    async def publish(self, world=None):
        count = len(self.delivered)
        self.publisher.publish(world)
        await until(lambda: len(self.delivered) > count)


@pytest.fixture
def press(tmp_path):
    return Press(tmp_path)


async def test_a_world_comes_out_with_all_that_is_made_of_it(tmp_path):
    press = Press(tmp_path, workers=2)
    async with press.running():
        press.publisher.learn([Example(HOST, 4, 0x850B0000, 16)])
        await press.publish(press.world)
    ((snapshot, parcel),) = press.delivered
    assert snapshot.world is press.world
    assert (len(snapshot.classes), len(snapshot.table)) == (1, 1)
    assert snapshot.geo == geo_stamp(press.geo)
    assert snapshot.workers == 2
    assert press.publisher.octets == len(parcel or b"") > 1000
    assert press.publisher.seconds > 0


async def test_of_worlds_that_come_while_one_is_made_the_last_is_made(press):
    async with press.running():
        for number in range(1, 50):
            press.publisher.publish(replace(press.world, number=number))
        await until(lambda: press.delivered)
    assert [snapshot.world.number for snapshot, _ in press.delivered] == [49]


async def test_new_classes_are_compiled_into_the_world_at_hand(press):
    async with press.running():
        await press.publish(press.world)
        press.publisher.learn([Example(HOST, 4, 0x850B0000, 16)])
        await until(lambda: len(press.delivered) == 2)
    assert press.last.world is press.world
    assert len(press.last.table) == 1
    assert press.last.lineage == press.delivered[0][0].lineage


async def test_examples_beyond_the_bound_are_counted(press):
    press.publisher.learn([Example(HOST, 4, number << 24, 16) for number in range(1, 10)])
    assert press.publisher.classes.refused == 6


async def test_other_databases_make_other_numbers_and_the_same_world_again(press, tmp_path):
    async with press.running():
        press.publisher.learn([Example(HOST, 4, 0x850B0000, 16)])
        await press.publish(press.world)
        press.publisher.use(geo=GeoIndex.open(press.configuration.geo))
        await press.publish()
    first, second = (snapshot for snapshot, _ in press.delivered)
    assert second.world is first.world
    assert second.lineage != first.lineage


async def test_the_static_part_is_written_anew_for_other_serials_or_another_configuration_alone(press):
    async with press.running():
        await press.publish(press.world)
        tree = press.last.book.tree
        await press.publish(replace(press.world, number=2))
        assert press.last.book.tree is tree
        press.publisher.use(serials={"example.net": 7})
        await press.publish(replace(press.world, number=3))
        serials = press.last.book.tree
        assert serials is not tree
        await press.publish(replace(press.world, number=4, configuration=replace(press.configuration, digest="other")))
        assert press.last.book.tree is not serials


async def test_what_changes_while_a_world_is_made_counts_for_the_next(press, monkeypatch):
    make = press.publisher._static

    def slow(known, ground):
        tree = make(known, ground)
        loop.call_soon_threadsafe(lambda: press.publisher.use(serials={"example.net": 9}))
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()
        return tree

    loop = asyncio.get_running_loop()
    async with press.running():
        monkeypatch.setattr(press.publisher, "_static", slow)
        await press.publish(press.world)
        monkeypatch.undo()
        first = press.last.book.tree
        await press.publish(press.world)
    assert press.last.book.tree is not first


async def test_a_world_that_can_not_be_made_leaves_the_one_before_and_is_told(press, monkeypatch):
    async with press.running():
        await press.publish(press.world)
        monkeypatch.setattr(module, "build_book", lambda *_: 1 / 0)
        with capture_logs() as logged:
            press.publisher.publish(replace(press.world, number=7))
            await until(lambda: press.failures)
        assert press.failures == ["World 7 could not be made, the one before stays: ZeroDivisionError: division by zero"]
        assert logged[0]["kind"] == "world-failed"
        assert press.publisher.failing
        assert press.publisher.published is press.world
        monkeypatch.undo()
        await press.publish(replace(press.world, number=8))
        assert not press.publisher.failing


async def test_without_a_first_world_there_is_no_node(press, monkeypatch):
    monkeypatch.setattr(module, "build_book", lambda *_: 1 / 0)
    press.publisher.publish(press.world)
    with pytest.raises(ZeroDivisionError):
        await press.publisher.run()


async def test_a_renewed_certificate_has_another_stamp(press, tmp_path):
    from gslb.model import Tls

    assert tls_stamp(press.configuration) == ""
    for name in ("certificate", "key"):
        (tmp_path / name).write_text("old")
    settings = replace(press.configuration, tls=Tls(str(tmp_path / "certificate"), str(tmp_path / "key")))
    before = tls_stamp(settings)
    assert tls_stamp(settings) == before
    (tmp_path / "key").write_text("renewed")
    assert tls_stamp(settings) != before
