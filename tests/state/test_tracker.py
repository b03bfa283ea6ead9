"""The Health table of the documentation, line by line, through the tracker and on virtual time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gslb.errors import UsageError
from gslb.model import CheckSettings, Service, State
from gslb.state import EventBook, Tracker
from probes.verdict import Verdict
from tests.state.scene import HOST, START, Scene, configuration, outcome, site, thirteen

SITE = "jp-7"


def running(**settings) -> Scene:
    scene = Scene(configuration(**settings)).start()
    scene.rounds(3)
    scene.events.clear()
    return scene


def down(scene: Scene, verdict: Verdict = Verdict.REFUSED) -> Scene:
    scene.fail(SITE, verdict)
    scene.wait(1.0)
    return scene


# Start and restart


def test_before_the_first_round_every_site_is_unknown_and_the_node_is_not_ready():
    scene = Scene()
    assert (scene.world.number, scene.world.ready) == (1, False)
    assert {standing.state for standing in scene.world.standings.values()} == {State.UNKNOWN}


def test_the_first_round_counts_at_once_without_slow_start():
    scene = Scene(verdicts={SITE: Verdict.REFUSED}).start()
    assert scene.world.ready
    assert scene.standing(SITE).state is State.DOWN
    assert (scene.standing("us-1").state, scene.standing("us-1").ramp) == (State.UP, 10)
    assert scene.kinds().count("ready") == 1


def restarted(scene: Scene, after_s: float) -> Scene:
    return Scene(
        scene.configuration,
        restored=scene.tracker.freeze(),
        now_s=77.0,  # another boot, another monotonic clock
        utc=scene.utc + timedelta(seconds=after_s),
    )


def test_after_a_restart_the_last_state_counts():
    scene = restarted(down(running()), 60.0)
    assert scene.world.ready
    assert scene.standing(SITE).state is State.DOWN
    assert scene.standing("us-1").state is State.UP
    scene.rounds(4)
    assert scene.standing(SITE).state is State.DOWN
    scene.rounds(1)
    scene.wait(1)
    assert scene.standing(SITE).state is State.UP


def test_the_numbers_of_worlds_go_on_after_a_restart():
    scene = running()
    assert restarted(scene, 60.0).world.number == scene.world.number + 1


@pytest.mark.parametrize("after_s", [301.0, -60.0])
def test_a_state_that_is_too_old_or_from_the_future_does_not_count(after_s):
    scene = restarted(down(running()), after_s)
    assert not scene.world.ready
    assert scene.standing(SITE).state is State.UNKNOWN


def test_a_restored_state_is_forgotten_five_minutes_after_its_last_result():
    scene = restarted(running(), 200.0)
    scene.wait(90.0)
    assert scene.standing(SITE).state is State.UP
    scene.wait(15.0)
    assert scene.standing(SITE).state is State.UNKNOWN


def test_a_restart_before_the_first_round_is_a_start():
    scene = Scene()
    scene.round(only=lambda each: each == SITE)
    assert not restarted(scene, 5.0).world.ready


def test_a_slow_start_goes_on_after_a_restart():
    scene = down(running())
    scene.verdicts.clear()
    scene.rounds(5)
    scene.wait(20.0)
    assert scene.standing(SITE).ramp == 3
    assert restarted(scene, 12.0).standing(SITE).ramp == 5


def test_another_check_is_another_target_after_a_restart_too():
    scene = down(running())
    scene.configuration = replace(scene.configuration, services=(Service(HOST, CheckSettings(path="/other")),))
    assert restarted(scene, 5.0).standing(SITE).state is State.UNKNOWN


# Down, up, slowly


def test_a_failure_and_two_rechecks_are_down_and_told_once():
    scene = down(running())
    standing = scene.standing(SITE)
    assert (standing.state, standing.reason) == (State.DOWN, "refused (3 failures in a row)")
    assert scene.kinds() == ["site-down", "site-down"]  # one a door
    assert scene.events[0].message == f"{SITE} (192.0.2.7) for {HOST} by dns is down: refused (3 failures in a row)"


def test_the_first_failure_shortens_the_ttl_at_once():
    scene = running()
    scene.verdicts[SITE] = Verdict.REFUSED
    assert scene.standing(SITE).checks == 3
    scene.round(only=lambda each: each == SITE)
    scene.wait(1.0)
    assert (scene.standing(SITE).state, scene.standing(SITE).checks) == (State.UP, 2)


def test_it_comes_back_after_five_good_rounds_in_ten_steps():
    scene = down(running())
    scene.verdicts.clear()
    scene.rounds(4)
    assert (scene.standing(SITE).state, scene.standing(SITE).checks) == (State.DOWN, 1)
    scene.wait(10.0)
    scene.round()
    seen = []
    for _ in range(11):
        scene.wait(1.0)
        seen.append((scene.standing(SITE).ramp, scene.standing(SITE).checks))
        scene.wait(5.0)
        scene.round()
    assert seen == [*((step, 0) for step in range(10)), (10, 3)]
    assert scene.kinds()[-2:] == ["site-up", "site-up"]


def test_a_mirror_that_changes_every_five_seconds_goes_down_once():
    scene = running()
    for n in range(60):
        scene.verdicts[SITE] = Verdict.REFUSED if n % 2 else Verdict.OK
        scene.rounds(1)
    scene.wait(1.0)
    assert scene.standing(SITE).state is State.DOWN
    assert scene.kinds() == ["site-down", "site-down"]


def flap(scene: Scene, times: int) -> None:
    """A minute each: three failures, then five good rounds and the return."""
    for _ in range(times):
        scene.fail(SITE)
        scene.verdicts.clear()
        scene.rounds(6)


def test_above_four_changes_in_ten_minutes_it_is_held_down_and_named_so():
    scene = running()
    flap(scene, 2)
    assert scene.standing(SITE).state is State.UP
    flap(scene, 1)
    assert (scene.standing(SITE).state, scene.standing(SITE).flapping) == (State.DOWN, True)
    assert scene.standing(SITE).reason.startswith("flapping: 5 changes in 10 minutes")
    assert scene.kinds().count("flapping") == 2
    assert scene.tracker.report(SITE).flapping


def test_what_was_held_down_returns_slowly_after_five_good_minutes():
    scene = running()
    flap(scene, 3)
    scene.rounds(23)
    assert scene.standing(SITE).flapping
    scene.rounds(3)
    scene.wait(1.0)
    assert scene.standing(SITE).state is State.UP
    assert not scene.standing(SITE).flapping
    assert scene.standing(SITE).ramp < 10


def test_wrong_content_is_wrong_and_back_after_five_good_rounds():
    scene = running()
    scene.fail(SITE, Verdict.WRONG_CONTENT)
    scene.wait(1.0)
    assert (scene.standing(SITE).state, scene.standing(SITE).addresses) == (State.WRONG, ())
    assert set(scene.kinds()) == {"site-wrong"}
    scene.verdicts.clear()
    scene.rounds(4)
    assert scene.standing(SITE).state is State.WRONG
    scene.rounds(1)
    scene.wait(1.0)
    assert scene.standing(SITE).state is State.UP


def test_without_results_for_five_minutes_it_is_unknown():
    scene = running()
    scene.wait(299.0)
    assert scene.standing(SITE).state is State.UP
    scene.wait(2.0)
    assert scene.standing(SITE).state is State.UNKNOWN
    assert set(scene.kinds()) == {"site-unknown"}


def test_a_site_is_well_per_door():
    scene = running()
    for _ in range(3):
        failed = outcome(f"{HOST}/http/{SITE}/192.0.2.7", Verdict.WRONG_STATUS)
        scene.told(scene.tracker.observe(failed, False, scene.now_s, scene.utc))
    scene.wait(1.0)
    assert scene.standing(SITE, "http").state is State.DOWN
    assert scene.standing(SITE, "dns").state is State.UP


def test_a_site_is_well_per_family_and_address():
    scene = running(sites=(site(1, "us", "192.0.2.101", "2001:db8::1"), site(2, "eu")))
    for _ in range(3):
        for address in ("192.0.2.1", "2001:db8::1"):
            failed = outcome(f"{HOST}/dns/us-1/{address}", Verdict.REFUSED)
            scene.told(scene.tracker.observe(failed, False, scene.now_s, scene.utc))
    scene.wait(1.0)
    assert [str(address) for address in scene.standing("us-1").addresses] == ["192.0.2.101"]
    assert scene.standing("us-1", family=6).state is State.DOWN


def test_results_of_targets_that_are_not_ours_are_ignored():
    scene = running()
    for key in (f"{HOST}/dns/elsewhere/192.0.2.99", "nonsense"):
        found = replace(outcome(f"{HOST}/dns/{SITE}/192.0.2.7", Verdict.REFUSED), key=key)
        assert scene.tracker.observe(found, False, scene.now_s, scene.utc) == []


def test_a_failure_of_what_is_down_needs_no_second_look():
    scene = running()
    key = f"{HOST}/dns/{SITE}/192.0.2.7"
    assert not scene.tracker.is_down(key)
    down(scene)
    assert scene.tracker.is_down(key)
    assert not scene.tracker.is_down("nonsense")


# Everything at once


def all_fail(scene: Scene) -> None:
    scene.verdicts = dict.fromkeys((each.id for each in scene.configuration.sites), Verdict.REFUSED)
    scene.round()
    for _ in range(2):
        scene.wait(1.0)
        scene.round(recheck=True)


def states(scene: Scene) -> set[State]:
    return {standing.state for standing in scene.world.standings.values()}


def test_when_all_regions_fall_at_once_the_vantage_is_frozen_and_then_believed():
    scene = running()
    all_fail(scene)
    scene.wait(1.0)
    assert states(scene) == {State.UP}
    assert scene.kinds().count("vantage-frozen") == 1
    assert "all-down" not in scene.kinds()
    for _ in range(5):
        scene.rounds(1)
    assert states(scene) == {State.UP}
    scene.rounds(1)
    scene.wait(1.0)
    assert states(scene) == {State.DOWN}
    assert scene.kinds().count("vantage-frozen") == 1
    assert scene.kinds().count("all-down") == 2  # one a door
    told = next(event for event in scene.events if event.kind == "all-down")
    assert told.message == f"every site of {HOST} is down for dns over IPv4: answering with all but drained and wrong ones"


def test_a_vantage_that_recovers_while_frozen_has_taken_nobody_down():
    scene = running()
    all_fail(scene)
    scene.wait(20.0)
    scene.verdicts.clear()
    for _ in range(8):
        scene.rounds(1)
        assert states(scene) == {State.UP}
    assert {standing.ramp for standing in scene.world.standings.values()} == {10}
    assert "all-down" not in scene.kinds()
    assert scene.tracker.report(SITE).targets[0].changes == 0


def test_a_second_outage_after_a_recovery_freezes_again():
    scene = running()
    all_fail(scene)
    scene.verdicts.clear()
    scene.rounds(10)
    all_fail(scene)
    assert scene.kinds().count("vantage-frozen") == 2


def test_sites_that_fall_one_by_one_are_believed():
    scene = running()
    for each in scene.configuration.sites:
        scene.fail(each.id)
        scene.rounds(2)
    scene.wait(1.0)
    assert "vantage-frozen" not in scene.kinds()
    assert states(scene) == {State.DOWN}


def test_a_single_mirror_that_dies_freezes_nothing():
    scene = down(running())
    assert "vantage-frozen" not in scene.kinds()


def test_all_down_is_over_with_the_first_site():
    scene = running(sites=(site(1, "us"),))
    scene.fail("us-1")
    assert scene.kinds().count("all-down") == 2
    scene.verdicts.clear()
    scene.rounds(5)
    assert scene.kinds().count("all-down-over") == 2


def test_a_drain_of_the_last_site_is_all_down():
    scene = running(sites=(site(1, "us"), site(2, "us")))
    scene.fail("us-1")
    scene.told(scene.tracker.drain("us-2", "disks", "ops", None, scene.now_s, scene.utc))
    assert scene.kinds()[-3:] == ["drain", "all-down", "all-down"]


# Several vantages


def test_two_vantages_have_to_agree():
    scene = running()
    scene.round(vantage="london")
    down(scene)
    assert scene.standing(SITE).state is State.UP
    for _ in range(3):
        scene.round(vantage="london")
    scene.wait(1.0)
    assert scene.standing(SITE).state is State.DOWN
    assert scene.standing(SITE).reason == "refused (3 failures in a row) (seen by 2 of 2 vantages)"


def test_a_vantage_that_is_silent_for_three_intervals_has_no_vote():
    scene = running()
    scene.round(vantage="london")
    down(scene)
    scene.rounds(3)
    scene.wait(1.0)
    assert scene.standing(SITE).state is State.DOWN


def test_an_outage_that_another_vantage_sees_too_is_believed():
    scene = running()
    scene.round(vantage="london")
    all_fail(scene)
    for _ in range(3):
        scene.round(vantage="london")
    scene.wait(2.0)
    assert states(scene) == {State.DOWN}


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
