"""What operators order: overrides with an end, maintenance by the calendar, and what becomes of both over time and restarts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from gslb.errors import ConflictError, UsageError
from gslb.model import Change, Maintenance, MaintenanceState, Match, Override, Reweight, Rule, Steer
from tests.state.scene import HOST, SITE, Scene, configuration, restarted, running, site

WEIGHT = Reweight(SITE, 10)
RULE = Steer(HOST, Rule(Match((ip_network("192.0.2.0/24"),)), "prefer", ("eu-4",)))
HOUR = timedelta(hours=1)


def override(scene: Scene, change: Change, name: str = "w-1", for_s: float | None = None) -> None:
    until = None if for_s is None else scene.utc + timedelta(seconds=for_s)
    made = Override(name, change, "too much traffic", "ops", scene.utc, until)
    order(scene, lambda orders, clock: orders.override(made, scene.configuration, clock))


def plan(scene: Scene, start: datetime, end: datetime, name: str = "m-1", where: str = SITE) -> None:
    made = Maintenance(name, where, start, end, "new disks", "ops", "osaka")
    order(scene, lambda orders, clock: orders.plan(made, scene.configuration, clock))


def order(scene: Scene, given: Any) -> None:
    scene.told(scene.tracker.order(given, scene.now_s, scene.utc))


def state_of(scene: Scene, name: str = "m-1") -> MaintenanceState:
    return next(each.state for each in scene.tracker.orders.maintenance if each.id == name)


def weight(scene: Scene, where: str = SITE) -> int:
    return scene.world.configuration.site(where).weight


# Overrides


def test_a_weight_counts_until_its_end_and_is_as_configured_after():
    scene = running()
    before = scene.world
    override(scene, WEIGHT, for_s=600)
    scene.wait(2)
    assert weight(scene) == 10
    assert scene.world.digest != before.digest
    assert scene.world.configuration.digest != before.configuration.digest
    assert [each.change for each in scene.world.overrides] == [WEIGHT]
    assert scene.configuration.site(SITE).weight == 100
    scene.wait(600)
    assert weight(scene) == 100
    assert scene.world.configuration is scene.configuration
    assert scene.world.overrides == ()
    assert [kind for kind in scene.kinds() if kind.startswith("override")] == ["override", "override-ended"]
    assert "too much traffic" in scene.events[0].message
    assert scene.events[0].subject == SITE


def test_nothing_that_is_probed_changes_with_an_override():
    scene = running()
    targets = scene.tracker.targets
    standing = scene.standing(SITE)
    override(scene, WEIGHT)
    scene.wait(2)
    assert scene.tracker.targets == targets
    assert scene.tracker.configuration is scene.configuration
    assert scene.standing(SITE) == standing


def test_a_rule_comes_before_those_that_are_configured_and_the_last_one_first():
    scene = running()
    override(scene, RULE, "r-1")
    other = replace(RULE, rule=replace(RULE.rule, targets=("us-1",)))
    override(scene, other, "r-2")
    scene.wait(2)
    assert scene.world.configuration.service(HOST).rules == (other.rule, RULE.rule)


def test_another_weight_takes_the_place_of_the_one_before():
    scene = running()
    override(scene, WEIGHT, "w-1", for_s=60)
    override(scene, Reweight(SITE, 20), "w-2")
    scene.wait(120)
    assert weight(scene) == 20
    assert [each.id for each in scene.tracker.orders.overrides] == ["w-2"]


def test_an_override_that_is_taken_back_is_gone_at_once():
    scene = running()
    override(scene, WEIGHT)
    scene.wait(2)
    order(scene, lambda orders, clock: orders.take_back("w-1", "eve", "enough", clock))
    scene.wait(2)
    assert weight(scene) == 100
    assert "enough" in scene.events[-1].message
    assert scene.events[-1].who == "eve"
    scene.events.clear()
    order(scene, lambda orders, clock: orders.take_back("w-1", "eve", "", clock))
    assert scene.events == []


def test_a_restart_keeps_overrides_and_their_end():
    scene = running()
    override(scene, WEIGHT, for_s=600)
    override(scene, RULE, "r-1")
    scene.wait(100)
    again = restarted(scene, after_s=200)
    assert weight(again) == 10
    assert again.world.configuration.service(HOST).rules == (RULE.rule,)
    again.wait(299)
    assert weight(again) == 10
    again.wait(3)
    assert weight(again) == 100
    assert [each.id for each in again.tracker.orders.overrides] == ["r-1"]


def test_one_that_ended_while_the_node_was_away_is_over_at_once():
    scene = running()
    override(scene, WEIGHT, for_s=600)
    again = restarted(scene, after_s=4000)
    again.wait(2)
    assert weight(again) == 100
    assert "override-ended" in again.kinds()


def test_a_clock_that_is_set_neither_ends_nor_prolongs_an_override():
    scene = running()
    override(scene, WEIGHT, for_s=600)
    scene.utc += timedelta(days=400)
    scene.wait(590)
    assert weight(scene) == 10
    scene.utc -= timedelta(days=800)
    scene.wait(15)
    assert weight(scene) == 100


def test_a_reload_keeps_what_still_means_something_and_tells_what_does_not():
    scene = running()
    override(scene, WEIGHT)
    override(scene, RULE, "r-1")
    override(scene, Reweight("eu-4", 5), "w-2")
    fewer = replace(scene.configuration, sites=tuple(each for each in scene.configuration.sites if each.id != "eu-4"))
    scene.events.clear()
    scene.told(scene.tracker.reconfigure(fewer, scene.now_s, scene.utc))
    scene.wait(2)
    assert weight(scene) == 10
    assert [each.id for each in scene.tracker.orders.overrides] == ["w-1"]
    dropped = [event for event in scene.events if event.kind == "override-dropped"]
    assert [event.data["override"] for event in dropped] == ["r-1", "w-2"]
    assert "there is no site or region eu-4 any more" in dropped[0].message


@pytest.mark.parametrize(
    "change",
    [
        Reweight("nowhere", 1),
        replace(RULE, service="other.example"),
        replace(RULE, rule=replace(RULE.rule, targets=("eu", "nowhere"))),
    ],
    ids=["site", "service", "target"],
)
def test_a_change_of_what_is_not_there_is_refused_and_changes_nothing(change):
    scene = running()
    with pytest.raises(UsageError, match="there is no"):
        override(scene, change)
    assert scene.tracker.orders.overrides == ()


def test_of_several_all_are_made_or_none():
    scene = running()
    made = [Override("w-1", WEIGHT, "", "ops", scene.utc), Override("w-2", Reweight("nowhere", 1), "", "ops", scene.utc)]
    with pytest.raises(UsageError):
        order(scene, lambda orders, clock: orders.override_all(made, scene.configuration, clock))
    assert scene.tracker.orders.overrides == ()


def test_there_are_no_more_overrides_than_the_limit():
    few = configuration()
    scene = Scene(replace(few, limits=replace(few.limits, overrides=2))).start()
    override(scene, RULE, "r-1")
    override(scene, RULE, "r-2")
    with pytest.raises(ConflictError, match=r"limits\.overrides"):
        override(scene, RULE, "r-3")
    order(scene, lambda orders, clock: orders.take_back("r-1", "ops", "", clock))
    override(scene, WEIGHT, "w-1")
    override(scene, Reweight(SITE, 20), "w-2")  # in the place of the other


# Maintenance


def test_maintenance_begins_and_ends_by_itself_and_the_site_comes_back_slowly():
    scene = running()
    plan(scene, scene.utc + timedelta(seconds=60), scene.utc + timedelta(seconds=120))
    scene.wait(59)
    assert SITE not in scene.world.drains
    scene.wait(3)
    assert scene.world.drains[SITE].owner == "osaka"
    assert state_of(scene) == "running"
    scene.wait(60)
    assert SITE not in scene.world.drains
    assert state_of(scene) == "done"
    assert scene.standing(SITE).ramp < 10
    assert scene.kinds() == ["maintenance-planned", "maintenance-began", "maintenance-ended"]


def test_a_start_in_the_past_begins_at_once():
    scene = running()
    plan(scene, scene.utc - HOUR, scene.utc + HOUR)
    scene.wait(1)
    assert SITE in scene.world.drains


def test_the_tick_comes_when_maintenance_begins():
    scene = running()
    plan(scene, scene.utc + timedelta(seconds=3), scene.utc + HOUR)
    assert scene.tracker.seconds_to_next_tick(scene.now_s) == pytest.approx(3.0, abs=0.01)


def test_a_restart_goes_on_with_what_should_run_and_is_done_with_what_is_over():
    scene = running()
    plan(scene, scene.utc + HOUR, scene.utc + 3 * HOUR, "m-1")
    plan(scene, scene.utc + timedelta(minutes=10), scene.utc + timedelta(minutes=20), "m-2", "eu-4")
    again = restarted(scene, after_s=2 * 3600)
    again.wait(1)
    assert state_of(again, "m-1") == "running"
    assert state_of(again, "m-2") == "done"
    assert list(again.world.drains) == [SITE]
    (missed,) = [event for event in again.events if event.subject == "eu-4"]
    assert "was not there" in missed.message
    again.wait(3600, step_s=60)
    assert again.world.drains == {}


def test_a_node_that_slept_through_the_end_lets_the_site_in_when_it_wakes():
    scene = running()
    plan(scene, scene.utc, scene.utc + HOUR)
    scene.wait(60)
    scene.utc += 2 * HOUR  # the monotonic clock stood still
    scene.wait(2)
    assert scene.world.drains == {}
    assert state_of(scene) == "done"


def test_a_clock_that_jumps_back_begins_nothing_twice_and_prolongs_nothing():
    scene = running()
    plan(scene, scene.utc + timedelta(seconds=10), scene.utc + timedelta(seconds=70))
    scene.wait(20)
    scene.utc -= timedelta(days=1)
    scene.wait(30)
    assert state_of(scene) == "running"
    scene.wait(25)
    assert state_of(scene) == "done"
    scene.wait(86400 + 100, step_s=60)
    assert scene.kinds().count("maintenance-began") == 1


def test_maintenance_of_one_site_does_not_overlap():
    scene = running()
    plan(scene, scene.utc + HOUR, scene.utc + 3 * HOUR)
    with pytest.raises(ConflictError, match="new disks"):
        plan(scene, scene.utc + 2 * HOUR, scene.utc + 4 * HOUR, "m-2")
    plan(scene, scene.utc + 3 * HOUR, scene.utc + 4 * HOUR, "m-3")
    plan(scene, scene.utc + 2 * HOUR, scene.utc + 4 * HOUR, "m-4", "eu-4")
    assert [each.id for each in scene.tracker.orders.maintenance] == ["m-1", "m-4", "m-3"]


def test_what_is_cancelled_does_not_begin_and_what_runs_ends():
    scene = running()
    plan(scene, scene.utc + HOUR, scene.utc + 2 * HOUR, "m-1")
    plan(scene, scene.utc, scene.utc + 2 * HOUR, "m-2", "eu-4")
    scene.wait(1)
    for name in ("m-1", "m-2"):
        order(scene, lambda orders, clock, name=name: orders.cancel(name, "eve", clock))
        assert state_of(scene, name) == "cancelled"
    scene.wait(2 * 3600, step_s=60)
    assert scene.world.drains == {}
    assert scene.kinds().count("maintenance-began") == 1
    assert scene.standing("eu-4").ramp == 10


def test_a_drain_that_outlasts_the_maintenance_keeps_the_site_out():
    scene = running()
    plan(scene, scene.utc, scene.utc + timedelta(seconds=60))
    scene.told(scene.tracker.drain(SITE, "and a new fan", "eve", 120, scene.now_s, scene.utc))
    scene.wait(61)
    assert scene.world.drains[SITE].reason == "and a new fan"
    assert scene.standing(SITE).ramp == 10
    scene.wait(62)
    assert scene.world.drains == {}
    assert scene.standing(SITE).ramp < 10


def test_maintenance_that_outlasts_a_drain_keeps_the_site_out():
    scene = running()
    scene.told(scene.tracker.drain(SITE, "a new fan", "eve", 30, scene.now_s, scene.utc))
    plan(scene, scene.utc, scene.utc + timedelta(seconds=90))
    scene.wait(40)
    assert scene.world.drains[SITE].reason == "new disks"
    assert "goes on" in next(event.message for event in scene.events if event.kind == "drain-ended")


def test_to_enable_a_site_ends_its_maintenance_too():
    scene = running()
    plan(scene, scene.utc, scene.utc + HOUR)
    scene.wait(1)
    scene.told(scene.tracker.enable(SITE, "eve", scene.now_s, scene.utc))
    scene.wait(2)
    assert scene.world.drains == {}
    assert state_of(scene) == "done"


def test_a_reload_without_the_site_cancels_its_maintenance():
    scene = running()
    plan(scene, scene.utc + HOUR, scene.utc + 2 * HOUR)
    fewer = replace(scene.configuration, sites=tuple(each for each in scene.configuration.sites if each.id != SITE))
    scene.told(scene.tracker.reconfigure(fewer, scene.now_s, scene.utc))
    assert state_of(scene) == "cancelled"
    assert scene.kinds()[-1] == "maintenance-cancelled"


@pytest.mark.parametrize(("start_s", "end_s"), [(10, 10), (20, 10), (-20, -10), (-10, 0)])
def test_a_time_that_is_over_or_none_is_refused(start_s, end_s):
    scene = running()
    with pytest.raises(UsageError, match="end"):
        plan(scene, scene.utc + timedelta(seconds=start_s), scene.utc + timedelta(seconds=end_s))


def test_what_is_over_is_forgotten_beyond_the_limit():
    few = configuration((site(1, "us"), site(2, "us")))
    scene = Scene(replace(few, limits=replace(few.limits, maintenance=3))).start()
    for number in range(8):
        plan(scene, scene.utc, scene.utc + timedelta(seconds=5), f"m-{number}", "us-1")
        scene.wait(6)
    assert [each.id for each in scene.tracker.orders.maintenance] == ["m-5", "m-6", "m-7"]
    for number in range(3):
        plan(scene, scene.utc + (1 + number) * HOUR, scene.utc + (2 + number) * HOUR, f"n-{number}", "us-1")
    with pytest.raises(ConflictError, match=r"limits\.maintenance"):
        plan(scene, scene.utc + 9 * HOUR, scene.utc + 10 * HOUR, "n-3", "us-1")
