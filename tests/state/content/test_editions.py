"""Which generation is served: a roll-out, a shortage, a restart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gslb.model import Edition, Hold
from probes.content.model import Look
from probes.verdict import Verdict
from tests.state.content.scene import KEY, NEW, OLD, Library, carried, library
from tests.state.scene import START, site, thirteen

NAMES = [each.id for each in thirteen()]


def roll_out(scene: Library, names, **what) -> None:
    scene.stock(names, generation=NEW, **what)
    scene.turns(1)


def test_a_roll_out_is_served_once_half_of_the_capacity_has_it():
    scene = library()
    for count in range(1, 7):
        roll_out(scene, NAMES[:count])
        assert scene.edition.served == OLD
        assert scene.holding(NAMES[0]).generation == NEW
    assert f"held by 6 of 13 sites, which have {6 / 13:.0%} of the capacity" in scene.edition.shortage
    roll_out(scene, NAMES[:7])
    assert scene.edition == Edition(NEW, "")
    roll_out(scene, NAMES)
    assert scene.kinds() == ["content-rollout", "content-served", "content-rollout-complete"]
    assert {each.served for world in scene.worlds for each in world.editions.values()} == {"", OLD, NEW}
    assert [each.message for each in scene.events][-1].endswith("is on 13 of 13 sites")


def test_capacity_counts_not_number():
    big = replace(site(1, "us"), capacity=1000)
    scene = library(big, *(replace(site(number, "eu"), capacity=100) for number in range(2, 8)))
    roll_out(scene, ["us-1"])
    assert scene.edition.served == NEW


def test_what_is_served_is_not_left_for_an_older_one_while_a_site_that_is_up_has_it():
    scene = library()
    roll_out(scene, NAMES)
    for count in range(1, 13):
        scene.stock(NAMES[:count], generation=OLD)
        scene.turns(1)
        assert scene.edition.served == NEW
    assert scene.edition.shortage.startswith(f"generation {NEW[:12]} is served, and held by 1 of 13 sites")
    scene.stock(NAMES, generation=OLD)
    scene.turns(1)
    assert scene.edition == Edition(OLD, "")
    assert scene.kinds() == [
        *("content-served", "content-rollout", "content-short"),
        *("content-served", "content-rollout-complete", "content-short-over"),
    ]


def test_where_none_has_enough_the_one_that_most_hold_is_served_and_it_is_said():
    scene = library()
    scene.stock(NAMES[:9], look=Look.ABSENT, scan=Look.ABSENT)
    scene.turns(1)
    assert scene.edition.served == OLD
    assert "held by 4 of 13 sites" in scene.edition.shortage
    assert "content-short" not in scene.kinds()
    scene.turns(3)
    assert scene.kinds()[-1] == "content-short"
    roll_out(scene, NAMES[:5])
    assert scene.edition.served == NEW
    assert "held by 5 of 13 sites" in scene.edition.shortage


def test_a_site_that_is_down_or_drained_counts_for_no_generation():
    scene = library()
    roll_out(scene, NAMES[:6])
    for name in NAMES[:3]:
        scene.verdicts[name] = Verdict.REFUSED
    scene.told(scene.tracker.drain(NAMES[3], "disks", "ops", None, scene.now_s, scene.utc))
    scene.turns(3)
    assert "held by 2 of 13 sites" in scene.edition.shortage
    roll_out(scene, NAMES[:7])
    assert scene.edition.served == OLD


def test_with_all_sites_down_what_was_served_stays_what_is_wanted():
    scene = library(generation=NEW)
    scene.verdicts = dict.fromkeys(NAMES, Verdict.REFUSED)
    scene.stock(NAMES, look=Look.UNKNOWN)
    scene.turns(30)
    assert scene.edition.served == NEW
    assert scene.edition.shortage == f"generation {NEW[:12]} is served, and no site that is up is known to hold it"


def test_sites_that_are_scanned_again_are_waited_for_before_an_older_generation_is_served():
    scene = library()
    roll_out(scene, NAMES[:12])
    stale = NAMES[12]
    scene.verdicts = dict.fromkeys(NAMES, Verdict.REFUSED)
    scene.turns(12, looks=False)
    scene.verdicts.clear()
    for name in NAMES[:12]:
        scene.shown[name] = replace(scene.shown[name], scan=Look.UNKNOWN)  # under way, and long
    keys = [each.key for each in scene.tracker.content.targets]
    for _ in range(6):
        scene.rounds(1)
        for key in keys:
            scene.hear(key)
            if f"/{stale}/" in key:
                scene.hear(key, full=True)
    scene.wait(1.0)
    assert scene.holds(stale) is Hold.GOOD
    assert {scene.holds(name) for name in NAMES[:12]} == {Hold.ABSENT}
    assert scene.edition.served == NEW
    assert scene.kinds().count("content-served") == 1


def test_at_a_first_start_nothing_is_decided_by_who_answers_first():
    scene = Library(carried())
    scene.stock(NAMES, generation=OLD)
    scene.stock([NAMES[0]], generation=NEW)
    scene.start()
    scene.look(lambda name: name == NAMES[0])
    scene.wait(1.0)
    assert scene.edition.served == NEW
    scene.look(lambda name: name != NAMES[0])
    scene.wait(2.0)
    assert scene.edition.served == OLD
    assert scene.kinds() == ["content-rollout", "content-served"]


def test_a_site_that_is_never_looked_at_holds_the_choice_up_for_five_minutes_at_most():
    scene = Library(carried())
    scene.stock(NAMES, generation=OLD)
    scene.start()
    scene.look(lambda name: name != NAMES[0])
    scene.turns(5, looks=False)
    assert scene.kinds() == []
    for _ in range(26):
        scene.rounds(1)
        scene.look(lambda name: name != NAMES[0])
    assert scene.kinds() == ["content-served"]


def test_what_is_served_and_when_it_was_first_seen_survive_a_restart():
    scene = library()
    roll_out(scene, NAMES)
    again = scene.again(3600.0)
    assert again.edition.served == NEW
    again.stock(NAMES[:6], generation=OLD)
    again.start()
    again.look(lambda name: name == NAMES[0])
    again.wait(1.0)
    assert again.edition.served == NEW
    again.look()
    again.wait(1.0)
    assert again.edition.served == NEW
    assert "content-served" not in again.kinds()


@pytest.mark.parametrize("modified", [datetime(1970, 1, 1, tzinfo=UTC), START + timedelta(days=900)])
def test_a_mirror_with_a_bad_clock_makes_nothing_old_or_new(modified):
    scene = library()
    roll_out(scene, NAMES[:7], modified=modified)
    assert scene.edition.served == NEW
    scene.stock([NAMES[12]], generation=OLD, modified=START + timedelta(days=900))
    scene.turns(2)
    assert scene.edition.served == NEW


def test_a_mirror_that_shows_another_generation_each_round_is_not_kept_in_full():
    scene = library()
    for number in range(60):
        scene.stock([NAMES[0]], generation=f"{number:064d}")
        scene.turns(1)
    state = scene.tracker.content.sets[KEY]
    assert len(state.generations) <= 18
    assert scene.edition.served == OLD
    assert len(scene.world.manifests) <= 2


def test_manifests_are_the_same_object_while_their_generation_is():
    scene = library()
    first = scene.world.manifests
    scene.told(scene.tracker.drain(NAMES[3], "disks", "ops", None, scene.now_s, scene.utc))
    scene.turns(3)
    assert scene.world.manifests is first
    roll_out(scene, NAMES[:1])
    assert scene.world.manifests.keys() == {OLD, NEW}
    assert scene.world.manifests[OLD] is first[OLD]
    roll_out(scene, NAMES)
    assert scene.world.manifests.keys() == {NEW}


def test_manifests_beyond_the_bound_are_left_out_and_it_is_said():
    configuration = carried()
    configuration = replace(configuration, limits=replace(configuration.limits, manifest_files=2))
    scene = Library(configuration)
    scene.stock(NAMES, generation=OLD)
    scene.begin()
    roll_out(scene, NAMES[:3])
    scene.turns(3)
    assert scene.world.manifests.keys() == {OLD}
    assert scene.kinds().count("content-manifest-left-out") == 1
    roll_out(scene, NAMES)
    scene.turns(2)
    assert scene.world.manifests.keys() == {NEW}


def test_a_reload_keeps_what_is_known_of_what_is_the_same():
    scene = library()
    more = replace(scene.configuration, sites=(*scene.configuration.sites, site(14, "jp")))
    scene.configuration = more
    scene.shown["jp-14"] = scene.shown[NAMES[0]]
    scene.told(scene.tracker.reconfigure(more, scene.now_s, scene.utc))
    scene.wait(1.0)
    assert scene.holds(NAMES[0]) is Hold.GOOD
    assert scene.holds("jp-14") is Hold.UNKNOWN
    assert scene.edition.served == OLD
    scene.turns(2)
    assert scene.holds("jp-14") is Hold.GOOD
    fewer = carried(content=())
    scene.configuration = fewer
    scene.told(scene.tracker.reconfigure(fewer, scene.now_s, scene.utc))
    scene.wait(1.0)
    assert (scene.world.holdings, scene.world.editions, scene.world.manifests) == ({}, {}, {})


def test_lag_is_the_time_since_what_is_served_was_first_seen_elsewhere():
    scene = library()
    roll_out(scene, NAMES[:12])
    scene.turns(6)
    (report,) = scene.tracker.content_reports(scene.now_s, scene.utc)
    lags = {place.site: place.lag_s for place in report.places}
    assert lags[NAMES[0]] == 0.0
    assert 60.0 <= (lags[NAMES[12]] or 0.0) <= 90.0
    newest = report.generations[0]
    assert (newest.name, len(newest.sites), newest.files) == (NEW, 12, 2)
