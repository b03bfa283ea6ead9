"""The Health table of the documentation, line by line, through the tracker and on virtual time."""

from dataclasses import replace

import pytest

from gslb.model import CheckSettings, Service, State
from probes.verdict import Verdict
from tests.state.scene import HOST, SITE, Scene, down, flap, outcome, restarted, running, site

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
