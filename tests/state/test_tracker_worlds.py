"""The tracker: operators, latency, Worlds, reloads and reports."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gslb.errors import UsageError
from gslb.model import CheckSettings, Service, State
from gslb.state import EventBook, Tracker
from probes.verdict import Verdict
from tests.state.scene import HOST, SITE, START, Scene, configuration, down, flap, restarted, running, site, thirteen

# Operators


def test_a_drain_is_in_the_world_at_once_and_ends_by_itself_slowly():
    scene = running()
    scene.told(scene.tracker.drain(SITE, "new disks", "ops", 600.0, scene.now_s, scene.utc))
    assert scene.world.drains[SITE].reason == "new disks"
    assert scene.world.drains[SITE].until == scene.utc + timedelta(seconds=600)
    for _ in range(59):
        scene.rounds(1)
    assert SITE in scene.world.drains
    scene.rounds(1)
    scene.wait(1.0)
    assert SITE not in scene.world.drains
    assert (scene.standing(SITE).state, scene.standing(SITE).ramp) == (State.UP, 0)
    assert [kind for kind in scene.kinds() if "drain" in kind] == ["drain", "drain-ended"]


def test_a_drain_runs_on_the_monotonic_clock():
    scene = running()
    scene.told(scene.tracker.drain(SITE, "disks", "ops", 600.0, scene.now_s, scene.utc))
    scene.utc += timedelta(days=1)
    scene.rounds(10)
    assert SITE in scene.world.drains


def test_enable_ends_a_drain_with_a_slow_start():
    scene = running()
    scene.told(scene.tracker.drain(SITE, "disks", "ops", None, scene.now_s, scene.utc))
    scene.wait(5.0)
    scene.told(scene.tracker.enable(SITE, "ops", scene.now_s, scene.utc))
    assert SITE not in scene.world.drains
    assert scene.standing(SITE).ramp == 0
    assert (scene.events[-1].kind, scene.events[-1].who) == ("enable", "ops")
    for _ in range(7):
        scene.rounds(1)
    assert scene.standing(SITE).ramp == 10


def test_enable_does_not_make_a_failing_site_up():
    scene = down(running())
    scene.told(scene.tracker.drain(SITE, "disks", "ops", None, scene.now_s, scene.utc))
    scene.told(scene.tracker.enable(SITE, "ops", scene.now_s, scene.utc))
    scene.wait(1.0)
    assert scene.standing(SITE).state is State.DOWN


def test_enable_without_a_drain_does_nothing():
    scene = running()
    assert scene.tracker.enable(SITE, "ops", scene.now_s, scene.utc) == []
    assert scene.standing(SITE).ramp == 10


def test_a_drain_of_no_site_is_refused():
    with pytest.raises(UsageError, match="there is no site nowhere"):
        running().tracker.drain("nowhere", "", "ops", None, 0.0, START)


@pytest.mark.parametrize(("after_s", "drained"), [(100.0, True), (3500.0, True), (3601.0, False)])
def test_a_drain_survives_a_restart_until_its_end(after_s, drained):
    scene = running()
    scene.told(scene.tracker.drain(SITE, "disks", "ops", 3600.0, scene.now_s, scene.utc))
    again = restarted(scene, after_s)
    again.wait(1.0)
    assert (SITE in again.world.drains) is drained
    assert ("drain-ended" in again.kinds()) is not drained


# Latency


def test_measured_latency_is_in_the_world_and_stays_until_it_really_changes():
    scene = running()
    assert scene.world.latency_ms[("tokyo", SITE)] == 10.0
    number = scene.world.number
    scene.latency_ms[SITE] = 19.0
    scene.rounds(10)
    assert scene.world.number == number
    scene.latency_ms[SITE] = 45.0
    scene.rounds(10)
    assert scene.world.latency_ms[("tokyo", SITE)] == 45.0


def test_a_site_that_grows_slow_is_told_and_forgiven():
    scene = running()
    scene.rounds(30)
    scene.latency_ms[SITE] = 60.0
    scene.rounds(8)
    assert scene.world.slow == {SITE}
    scene.latency_ms.clear()
    scene.rounds(12)
    assert scene.world.slow == frozenset()
    assert [kind for kind in scene.kinds() if "slow" in kind] == ["slow", "slow-over"]


def test_latency_may_be_of_the_first_byte():
    assert running(latency="first_byte").world.latency_ms[("tokyo", SITE)] == 30.0


def test_without_a_place_of_our_own_latency_ranks_nobody():
    scene = running(location=None)
    assert (scene.world.latency_ms, scene.world.vantages) == ({}, {})


def test_a_site_nobody_measured_for_five_minutes_is_unmeasured():
    scene = running()
    scene.wait(301.0)
    assert scene.world.latency_ms == {}


# Worlds


def test_while_nothing_changes_there_is_no_new_world():
    scene = running()
    number = scene.world.number
    scene.rounds(20)
    assert scene.world.number == number


def test_the_first_change_is_published_at_once_and_the_next_after_a_second():
    scene = running()
    scene.wait(5.0)
    before = scene.world.number
    scene.verdicts = dict.fromkeys(("jp-7", "jp-8"), Verdict.REFUSED)
    scene.round(only=lambda each: each == "jp-7")
    assert scene.world.number == before + 1
    scene.round(only=lambda each: each == "jp-8")
    assert scene.world.number == before + 1
    assert scene.tracker.seconds_to_next_tick(scene.now_s) <= 1.0
    scene.wait(1.0)
    assert scene.world.number == before + 2
    assert scene.standing("jp-8").checks == 2


def test_a_change_that_was_taken_back_makes_no_world():
    scene = running()
    scene.wait(0.5)
    scene.told(scene.tracker.drain(SITE, "x", "ops", None, scene.now_s, scene.utc))
    number = scene.world.number
    for verdict in (Verdict.REFUSED, Verdict.OK):
        scene.verdicts["us-1"] = verdict
        scene.round(only=lambda each: each == "us-1")
    scene.wait(2.0)
    assert scene.world.number == number


def test_a_new_day_is_a_new_world():
    scene = running()
    number = scene.world.number
    scene.utc = scene.utc.replace(hour=23, minute=59, second=59)
    scene.rounds(1)
    assert scene.world.number == number + 1
    assert scene.world.today == scene.utc.date()


def test_the_same_history_gives_the_same_worlds():
    def story() -> list[str]:
        scene = running()
        flap(scene, 3)
        return [world.digest for world in scene.worlds]

    assert story() == story()


def test_the_next_tick_is_due_when_something_happens_by_itself():
    scene = running()
    assert scene.tracker.seconds_to_next_tick(scene.now_s) == 10.0
    scene.told(scene.tracker.drain(SITE, "x", "ops", 4.0, scene.now_s, scene.utc))
    assert scene.tracker.seconds_to_next_tick(scene.now_s) == 4.0
    scene.wait(4.0)
    assert 0 < scene.tracker.seconds_to_next_tick(scene.now_s) <= 6.0  # the first step of its slow start


# Reload


def changed(scene: Scene, sites=None, path: str = "/index.idx", **probes) -> None:
    scene.configuration = replace(configuration(sites, **probes), services=(Service(HOST, CheckSettings(path=path)),))
    scene.told(scene.tracker.reconfigure(scene.configuration, scene.now_s, scene.utc))
    scene.wait(1.0)


def test_a_reload_keeps_the_health_of_the_same_targets():
    scene = down(running())
    scene.wait(1.0)
    changed(scene, thirteen()[1:])
    assert scene.standing(SITE).state is State.DOWN
    assert scene.world.ready
    assert all(key.site != "us-1" for key in scene.world.standings)
    assert all(where != "us-1" for _, where in scene.world.latency_ms)


def test_a_site_that_is_new_is_unknown_until_its_first_result():
    scene = running()
    changed(scene, (*thirteen(), site(14, "eu")))
    assert scene.standing("eu-14").state is State.UNKNOWN
    scene.round()
    scene.wait(1.0)
    assert (scene.standing("eu-14").state, scene.standing("eu-14").ramp) == (State.UP, 10)


def test_another_check_is_another_target():
    scene = down(running())
    changed(scene, path="/other")
    assert scene.standing(SITE).state is State.UNKNOWN
    assert [target.check.path for target in scene.tracker.targets] == ["/other"] * 26


def test_a_reload_that_changes_no_answer_still_hands_its_configuration_on():
    scene = running()
    number = scene.world.number
    changed(scene)
    assert scene.world.number == number + 1
    assert scene.world.configuration is scene.configuration


def test_drains_of_sites_that_stay_outlive_a_reload():
    scene = running()
    scene.told(scene.tracker.drain(SITE, "x", "ops", 4000.0, scene.now_s, scene.utc))
    changed(scene, thirteen()[1:])
    assert SITE in scene.world.drains
    changed(scene, thirteen()[:3])
    assert scene.world.drains == {}


# Report and bounds


def test_the_report_tells_all_there_is_about_a_site():
    scene = down(running())
    scene.told(scene.tracker.drain(SITE, "disks", "ops", 60.0, scene.now_s, scene.utc))
    found = scene.tracker.report(SITE)
    assert (found.site, found.region, found.state) == (SITE, "jp", State.DOWN)
    assert found.drain is not None
    assert found.since == scene.utc - timedelta(seconds=1)
    assert found.last_good == START + timedelta(seconds=31)
    first = found.targets[0]
    assert (first.door, str(first.address), first.changes) == ("dns", "192.0.2.7", 1)
    assert first.curl == "curl http://192.0.2.7/"
    assert first.last is not None
    assert first.last.recheck
    assert first.last.result.verdict is Verdict.REFUSED
    assert [turn.new for turn in first.transitions] == [State.UP, State.DOWN]
    assert (first.vantages[0].vantage, first.vantages[0].failures) == ("tokyo", 3)
    assert (found.latency[0].used_ms, found.latency[0].vantage) == (10.0, "tokyo")


def test_failures_outlive_successes_in_the_history():
    scene = down(running())
    scene.verdicts.clear()
    scene.rounds(50)
    kept = [seen.result.ok for seen in scene.tracker.report(SITE).targets[0].observations]
    assert kept == [False] * 3 + [True] * 3


def test_memory_is_bounded_however_long_it_flaps():
    scene = running(sites=(site(1, "us"), site(2, "eu")))
    for n in range(400):
        scene.verdicts["us-1"] = Verdict.REFUSED if n % 12 < 4 else Verdict.OK
        scene.rounds(1)
    target = scene.tracker.report("us-1").targets[0]
    assert len(target.observations) <= 8
    assert len(target.transitions) <= 20
    frozen = scene.tracker.freeze()
    assert max(len(course.changes) for course in frozen.courses.values()) < 20


def test_reports_of_ever_more_vantages_are_not_taken():
    scene = running(sites=(site(1, "us"),))
    for n in range(200):
        scene.round(vantage=f"v{n}")
    assert len(scene.tracker.freeze().records) == 64


def test_events_are_numbered_by_the_book_that_all_share():
    book = EventBook(last=41)
    tracker = Tracker(configuration(), now_s=0.0, utc=START, book=book)
    (event,) = tracker.round_complete(0.0, START)
    assert (event.number, book.last) == (42, 42)
