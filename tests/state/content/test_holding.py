"""Who holds a set: out at once, in again only when all of it was seen to be well."""

from dataclasses import replace

import pytest

from gslb.model import Door, Hold, State
from probes.content.model import Look
from probes.verdict import Verdict
from tests.state.content.scene import KEY, KNOPPIX, NEW, OLD, Library, Shown, carried, library, two_addresses
from tests.state.scene import SITE, outcome, site, thirteen

NAMES = [each.id for each in thirteen()]


def test_every_site_is_scanned_before_it_is_known_to_hold_a_set():
    scene = library()
    assert {scene.holds(name) for name in NAMES} == {Hold.GOOD}
    assert scene.edition.served == OLD
    assert scene.edition.shortage == ""
    assert scene.world.manifests[OLD].files["kernel"].sha256 == "0" * 64


def test_a_wrong_file_puts_a_site_out_at_the_first_look_and_tells_it_once():
    scene = library()
    scene.stock([SITE], look=Look.WRONG, scan=Look.WRONG, reason="kernel is not as the manifest says")
    scene.turns(1)
    assert scene.holding(SITE).hold is Hold.WRONG
    assert "kernel" in scene.holding(SITE).reason
    assert scene.kinds() == ["content-wrong"]
    scene.turns(3)
    assert scene.kinds() == ["content-wrong"]
    assert scene.standing(SITE).state is State.UP


def test_what_was_wrong_comes_back_after_five_good_rounds_and_a_scan_and_not_before():
    scene = library()
    scene.stock([SITE], look=Look.WRONG, scan=Look.WRONG)
    scene.turns(1)
    scene.stock([SITE])
    scene.turns(4)
    assert scene.holds(SITE) is Hold.WRONG
    scene.turns(1)
    assert scene.holds(SITE) is Hold.GOOD
    assert scene.kinds() == ["content-wrong", "content-back"]


def test_good_looks_at_once_after_each_other_are_one_round():
    scene = library()
    scene.stock([SITE], look=Look.WRONG, scan=Look.WRONG)
    scene.turns(1)
    scene.stock([SITE])
    for _ in range(20):
        scene.look(lambda name: name == SITE, full=True)
    scene.wait(1.0)
    assert scene.holds(SITE) is Hold.WRONG


def test_good_rounds_do_not_mend_what_only_a_scan_can_see():
    scene = library()
    scene.stock([SITE], look=Look.GOOD, scan=Look.WRONG)
    scene.look(lambda name: name == SITE, full=True)
    scene.turns(20)
    assert scene.holds(SITE) is Hold.WRONG


def test_a_missing_file_puts_a_site_out_until_a_scan_finds_all_of_them():
    scene = library()
    scene.stock([SITE], look=Look.ABSENT, scan=Look.ABSENT, reason="lacks kernel (404)")
    scene.turns(1)
    assert scene.holding(SITE).hold is Hold.ABSENT
    scene.stock([SITE], look=Look.GOOD, scan=Look.ABSENT, reason="lacks more (404)")
    scene.turns(4)
    assert scene.holds(SITE) is Hold.ABSENT
    assert scene.reason(SITE) == "lacks more (404)"
    scene.stock([SITE])
    scene.turns(10)
    assert scene.holds(SITE) is Hold.GOOD
    assert scene.kinds() == ["content-absent", "content-back"]


def test_a_scan_that_finds_fault_is_asked_for_later_and_later():
    scene = library()
    scene.stock([SITE], look=Look.GOOD, scan=Look.ABSENT)
    scene.look(lambda name: name == SITE, full=True)
    scene.scans.clear()
    scene.turns(60)
    by_door = len(scene.scans) / 2
    assert 3 <= by_door <= 7


def test_a_site_that_was_wrong_for_long_is_back_soon_after_it_was_mended():
    """Scans that found what rounds saw all the time delay nothing."""
    scene = library()
    scene.stock([SITE], look=Look.WRONG, scan=Look.WRONG)
    for _ in range(12):
        scene.turns(3)
        scene.look(lambda name: name == SITE, full=True)
    scene.stock([SITE])
    scene.turns(4)
    assert scene.holds(SITE) is Hold.WRONG
    scene.turns(2)
    assert scene.holds(SITE) is Hold.GOOD


def test_a_new_generation_does_not_wait_for_the_scans_that_failed_with_the_old_one():
    scene = library()
    scene.stock([SITE], look=Look.GOOD, scan=Look.WRONG)
    scene.look(lambda name: name == SITE, full=True)
    scene.turns(60)
    assert scene.holds(SITE) is Hold.WRONG
    scene.stock([SITE], generation=NEW)
    scene.turns(6)
    assert scene.holds(SITE) is Hold.GOOD


def test_a_mirror_that_shows_another_generation_in_each_round_is_not_scanned_in_each():
    scene = library()
    scene.scans.clear()
    for turn in range(60):
        scene.stock([SITE], generation=(NEW, OLD)[turn % 2], scan=Look.WRONG)
        scene.turns(1)
    assert len(scene.scans) / 2 <= 60 / 3


def test_a_site_at_a_new_generation_is_out_until_all_of_it_was_looked_at():
    scene = library()
    scene.stock([SITE], generation=NEW, scan=Look.UNKNOWN)
    key = next(each for each in scene.tracker.content.targets if each.site == SITE).key
    scene.wait(10.0)
    scene.hear(key)
    scene.wait(1.0)
    assert scene.holding(SITE).hold is Hold.ABSENT
    assert "not all of its files" in scene.holding(SITE).reason


def test_a_scan_that_can_not_be_made_leaves_a_site_unknown_instead_of_out():
    scene = library()
    scene.stock([SITE], generation=NEW, scan=Look.UNKNOWN)
    scene.turns(3)
    assert scene.holds(SITE) is Hold.UNKNOWN


def test_a_site_at_which_nobody_can_look_stands_for_three_intervals():
    scene = library()
    scene.stock([SITE], look=Look.UNKNOWN, scan=Look.UNKNOWN)
    scene.turns(2)
    assert scene.holds(SITE) is Hold.GOOD
    scene.turns(2)
    assert scene.holding(SITE).hold is Hold.UNKNOWN
    assert scene.holding(SITE).generation == OLD
    scene.stock([SITE])
    scene.turns(1)
    assert scene.holds(SITE) is Hold.GOOD
    assert scene.scans == []


def test_where_rounds_take_longer_than_an_interval_silence_is_longer_too():
    scene = library()
    for _ in range(3):
        scene.rounds(6)
        scene.look()
        scene.wait(1.0)
    assert {scene.holds(name) for name in NAMES} == {Hold.GOOD}
    assert scene.kinds() == []
    scene.rounds(9)
    assert {scene.holds(name) for name in NAMES} == {Hold.GOOD}
    scene.rounds(30)
    assert {scene.holds(name) for name in NAMES} == {Hold.UNKNOWN}


def test_what_is_wrong_stays_wrong_while_nobody_can_look():
    scene = library()
    scene.stock([SITE], look=Look.WRONG)
    scene.turns(1)
    scene.stock([SITE], look=Look.UNKNOWN, scan=Look.UNKNOWN)
    scene.turns(60)
    assert scene.holds(SITE) is Hold.WRONG


def test_a_site_that_was_down_is_scanned_before_it_holds_anything_again():
    scene = library()
    scene.verdicts[SITE] = Verdict.REFUSED
    scene.stock([SITE], look=Look.UNKNOWN, scan=Look.UNKNOWN)
    scene.turns(3)
    assert scene.standing(SITE).state is State.DOWN
    assert scene.holds(SITE) is Hold.UNKNOWN
    del scene.verdicts[SITE]
    scene.stock([SITE], look=Look.GOOD, scan=Look.ABSENT, reason="lacks more (404)")
    scene.turns(6)
    assert scene.standing(SITE).state is State.UP
    assert scene.holds(SITE) is Hold.ABSENT
    assert SITE in scene.scans


def test_a_site_that_comes_back_whole_is_there_when_it_is_up():
    scene = library()
    scene.verdicts[SITE] = Verdict.REFUSED
    scene.stock([SITE], look=Look.UNKNOWN, scan=Look.UNKNOWN)
    scene.turns(6)
    del scene.verdicts[SITE]
    scene.stock([SITE])
    scene.turns(4)
    assert scene.standing(SITE).state is State.DOWN
    assert scene.holds(SITE) is Hold.GOOD
    assert SITE in scene.scans


def test_a_site_wrong_over_one_family_keeps_the_other():
    both = site(1, "us", "2001:db8::1")
    scene = library(both, site(2, "us", "2001:db8::2"))
    scene.shown["us-1", "2001:db8::1"] = Shown(look=Look.WRONG)
    scene.turns(1)
    assert scene.holds("us-1", Door.DNS, 6) is Hold.WRONG
    assert scene.holds("us-1", Door.HTTP, 6) is Hold.WRONG
    assert scene.holds("us-1", Door.DNS, 4) is Hold.GOOD
    assert [(each.kind, each.data["family"]) for each in scene.events if "content" in each.kind] == [("content-wrong", "6")]


def test_dns_leaves_out_the_wrong_one_of_two_addresses_and_http_the_site():
    scene = library(two_addresses(), site(2, "us"))
    scene.shown["us-1", "192.0.2.101"] = Shown(look=Look.WRONG)
    scene.turns(1)
    assert [str(each) for each in scene.standing("us-1").addresses] == ["192.0.2.1"]
    assert scene.holds("us-1", Door.DNS) is Hold.GOOD
    assert scene.holds("us-1", Door.HTTP) is Hold.WRONG


def test_an_address_that_is_up_and_wrong_is_not_saved_by_one_that_is_down():
    scene = library(two_addresses(), site(2, "us"))
    scene.shown["us-1", "192.0.2.101"] = Shown(look=Look.WRONG)
    down = [key for key in (each.key for each in scene.tracker.targets) if key.endswith("192.0.2.1")]
    for _ in range(4):
        scene.turns(1)
        for key in down:
            found = replace(outcome(key, Verdict.REFUSED), at_utc=scene.utc)
            for recheck in (False, True, True):
                scene.told(scene.tracker.observe(found, recheck, scene.now_s, scene.utc))
    scene.wait(1.0)
    assert [str(each) for each in scene.standing("us-1").addresses] == ["192.0.2.101"]
    assert scene.holds("us-1", Door.DNS) is Hold.WRONG


def test_looks_at_what_is_not_ours_are_ignored():
    scene = library()
    key = scene.tracker.content.targets[0].key
    before = scene.world
    for text in (key.replace("knoppix/", "other/", 1), "", "nonsense", key + "9"):
        result = replace(next(iter(scene.tracker.content.results.values())), key=text, look=Look.WRONG)
        assert scene.tracker.observe_content(result, scene.now_s, scene.utc) == []
    assert scene.world is before


@pytest.mark.parametrize("after_s", [30.0, 250.0])
def test_after_a_restart_what_was_known_counts_until_somebody_could_look(after_s):
    scene = library(generation=NEW)
    again = scene.again(after_s)
    assert again.holds(SITE) is Hold.GOOD
    assert again.edition.served == NEW
    again.start()
    again.look()
    again.wait(1.0)
    assert again.kinds() == []
    assert again.scans == []
    assert again.world.manifests.keys() == {NEW}


def test_after_a_long_time_only_what_was_wrong_and_what_is_served_is_remembered():
    scene = library(generation=NEW)
    scene.stock([SITE], look=Look.WRONG, reason="a flipped byte")
    scene.turns(1)
    again = scene.again(3600.0)
    assert again.holds(SITE) is Hold.WRONG
    assert "a flipped byte" in again.holding(SITE).reason
    assert again.holds("us-1") is Hold.UNKNOWN
    assert again.edition.served == NEW
    kept, known = (each.tracker.content.sets[KEY].generation(NEW) for each in (again, scene))
    assert kept is not None
    assert known is not None
    assert kept.first == known.first


def test_a_scan_of_another_generation_than_rounds_see_vouches_for_nothing():
    scene = library()
    scene.stock([SITE], generation=NEW, scan=Look.UNKNOWN)
    scene.turns(1)
    scene.stock([SITE], generation=OLD)  # what a scan that began before has read
    scene.look(lambda name: name == SITE, full=True)
    scene.wait(1.0)
    assert scene.holds(SITE) is not Hold.GOOD


def test_while_the_first_scans_go_on_nobody_gets_the_clients_of_all():
    """Who was scanned first would: the others are unknown, and unknown ranks behind."""
    scene = Library(carried())
    scene.stock(NAMES, scan=Look.UNKNOWN)
    scene.stock([SITE])
    scene.start()
    keys = [each.key for each in scene.tracker.content.targets]
    for key in keys:
        scene.hear(key)
    for key in keys:
        if f"/{SITE}/" in key:
            scene.hear(key, full=True)
    scene.wait(2.0)
    assert {scene.holds(name) for name in NAMES} == {Hold.UNKNOWN}
    assert {scene.holding(name).generation for name in NAMES} == {OLD}
    scene.stock(NAMES)
    for key in keys:
        scene.hear(key, full=True)
    scene.wait(2.0)
    assert {scene.holds(name) for name in NAMES} == {Hold.GOOD}


def test_a_first_scan_that_never_ends_is_waited_for_until_the_second_would_be_due():
    scene = Library(carried(content=(replace(KNOPPIX, every_s=60.0),)))
    scene.stock(NAMES)
    scene.start()
    keys = [each.key for each in scene.tracker.content.targets]
    for _ in range(7):
        for key in keys:
            scene.hear(key, full="/us-1/" not in key)
        scene.rounds(1)
    for key in keys:
        scene.hear(key, full="/us-1/" not in key)
    scene.stock(["us-1"], generation="c" * 64)
    scene.turns(1)
    assert scene.holds(SITE) is Hold.GOOD
