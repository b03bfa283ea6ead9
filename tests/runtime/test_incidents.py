"""Incidents of a node: kept over a restart, with what people do about them, and whatever goes wrong with us."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from gslb.admin import Feed
from gslb.errors import StoreError, UsageError
from gslb.model import Severity
from gslb.runtime.incidents import Incidents
from gslb.runtime.journal import Journal
from gslb.state.incidents import NodeFacts
from gslb.state.store import Store
from tests.state.incidents.watch import Watched
from tests.state.scene import Scene

pytestmark = pytest.mark.anyio


def kept(scene: Scene, store: Store | None, facts=NodeFacts, rate=lambda: None) -> Incidents:
    return Incidents(
        lambda: scene.configuration, Journal(store, lambda: scene.utc), store, Feed(), facts, rate,
        clock=lambda: scene.now_s, utc_now=lambda: scene.utc,
    )  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    scene = Scene().start()
    scene.rounds(3)
    scene.fail("jp-7")
    scene.wait(1.0)
    return scene


async def test_incidents_survive_a_restart_with_who_looks_after_them(scene, tmp_path):
    store = Store(tmp_path / "state.db", scene.utc)
    before = kept(scene, store)
    await before.look(scene.world)
    before.acknowledge(1, "ops", "mine")
    store.close()
    store = Store(tmp_path / "state.db", scene.utc)
    after = kept(scene, store)
    (incident,) = after.open
    assert (incident.title, incident.acknowledged and incident.acknowledged.note) == ("jp-7 is down", "mine")
    scene.wait(30)
    await after.look(scene.world)
    assert [each.number for each in after.page(10, None)] == [1]
    with pytest.raises(UsageError):
        after.acknowledge(2, "ops", "")


async def test_what_people_do_about_a_site_is_in_its_incident(scene, tmp_path):
    incidents = kept(scene, None)
    await incidents.look(scene.world)
    journal = incidents._journal
    journal.tell("drain", Severity.INFO, "jp-7", "jp-7 is drained until it is enabled: new disks", "ops")
    journal.tell("site-down", Severity.WARNING, "jp-7", "by itself")
    assert [(moment.kind, moment.who) for moment in incidents.open[0].timeline] == [("opened", ""), ("drain", "ops")]


async def test_clients_are_counted_and_small_changes_are_no_news(scene):
    rate = [10.0]
    incidents = kept(scene, None, rate=lambda: rate[0])
    await incidents.look(scene.world)
    impact = incidents.open[0].impact
    assert impact.clients_per_s == pytest.approx(10.0 * impact.share_degraded, abs=0.01)
    version = incidents.version
    rate[0] = 10.5
    await incidents.look(scene.world)
    assert incidents.version == version
    rate[0] = 100.0
    await incidents.look(scene.world)
    assert incidents.version > version
    assert incidents.gauges()["gslb_incidents_open", "warning"] == 1.0
    assert incidents.counters()["gslb_incidents_total", "warning"] == 1


async def test_a_disk_that_fails_is_done_without_and_caught_up_with(scene, tmp_path, monkeypatch):
    store = Store(tmp_path / "state.db", scene.utc)
    incidents = kept(scene, store)

    def full(*_: object) -> None:
        raise StoreError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(store, "transaction", full)
        await incidents.look(scene.world)
        assert [each.number for each in incidents.page(10, None)] == [1]
        assert incidents.find(1) is not None
        assert incidents.find(7) is None
    await incidents.look(scene.world)
    assert [each.number for each in kept(scene, store).open] == [1]


async def test_a_fault_of_ours_costs_a_look_and_not_the_node(scene):
    faults = [ValueError("one"), ValueError("one"), KeyError("two")]

    def facts() -> NodeFacts:
        if faults:
            raise faults.pop(0)
        return NodeFacts()

    incidents = kept(scene, None, facts=facts)
    for _ in range(3):
        running = asyncio.create_task(incidents.run(lambda: scene.world))
        async with asyncio.timeout(20):
            before = incidents.failures
            while incidents.failures == before and not incidents.open:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        running.cancel()
    assert incidents.failures == 3
    assert [event.kind for event in incidents._journal.recent] == ["incidents-failed"] * 2
    await incidents.look(scene.world)
    assert len(incidents.open) == 1


async def test_a_node_that_starts_waits_for_the_first_round(scene):
    incidents = kept(scene, None)
    await incidents.look(replace(scene.world, ready=False))
    assert incidents.open == ()


async def test_old_ones_go_and_open_ones_stay(tmp_path):
    scene = Watched().start()
    scene.configuration = replace(scene.configuration, limits=replace(scene.configuration.limits, incidents_kept=2))
    store = Store(tmp_path / "state.db", scene.utc)
    incidents = kept(scene, store)
    for number in range(1, 6):
        incidents._facts = partial(NodeFacts, workers=1, workers_wanted=2, store_failing=number > 1)
        await incidents.look(scene.world)
        incidents._facts = NodeFacts
        scene.utc += timedelta(seconds=200)
        scene.now_s += 200
        await incidents.look(scene.world)
        scene.now_s += 200
        scene.utc += timedelta(seconds=200)
        await incidents.look(scene.world)
    assert incidents.open == ()
    assert len(incidents.page(100, None)) == 2
