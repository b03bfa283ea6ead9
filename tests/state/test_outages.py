"""Outages are counted as sites come and go; here beside one whole look at everything after every step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gslb.model import CheckSettings, Door, Event, Service
from gslb.state import TargetKey, events, worlds
from gslb.state.events import EventBook
from gslb.state.worlds import Bearing, Outage
from probes.verdict import Verdict
from tests.state.scene import START, Scene, configuration, site

SITES = ("us-1", "us-2", "eu-3")
TWO = configuration((site(1, "us", "2001:db8::1"), site(2, "us"), site(3, "eu", "192.0.2.33")))
MORE = replace(TWO, services=(*TWO.services, Service("other.example", CheckSettings(path="/"), via=frozenset({Door.DNS}))))
LESS = replace(MORE, sites=MORE.sites[:2])
VERDICTS = (Verdict.OK, Verdict.REFUSED, Verdict.WRONG_CONTENT)

Step = tuple[Any, ...]
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.tuples(st.just("verdict"), st.sampled_from(SITES), st.sampled_from(VERDICTS)),
        st.tuples(st.just("result"), st.integers(0, 20), st.booleans()),
        st.tuples(st.just("round")),
        st.tuples(st.just("drain"), st.sampled_from(SITES), st.none() | st.integers(1, 60)),
        st.tuples(st.just("enable"), st.sampled_from(SITES)),
        st.tuples(st.just("wait"), st.sampled_from((1, 5, 40, 310))),
        st.tuples(st.just("configure"), st.sampled_from((TWO, MORE, LESS))),
    ),
    max_size=30,
)


class WholeLook:
    """What is to be told, found as if nothing but the outages told last were known."""

    def __init__(self) -> None:
        self.known: frozenset[Outage] = frozenset()
        self.worlds = 0

    def events(self, scene: Scene) -> list[tuple[str, str]]:
        tracker = scene.tracker
        ours = tracker.configuration
        of_site = {each.id: {one.key: one for one in tracker.report(each.id).targets} for each in ours.sites}
        bearings: dict[TargetKey, Bearing] = {}
        for target in tracker.targets:
            one = of_site[target.site][target.key]
            bearings[TargetKey.parse(target.key)] = Bearing(one.state, one.reason, one.ramp, one.checks, one.flapping)
        found = worlds.standings(ours, bearings)
        if len(scene.worlds) > self.worlds:  # one was made of this
            self.worlds = len(scene.worlds)
            assert list(scene.world.standings.items()) == list(found.items())
        had, self.known = self.known, worlds.outages(ours, found, tracker.drains)
        told = []
        for each in sorted(self.known - had):
            left = worlds.has_last_resort(each, found, tracker.drains)
            told.append(events.all_down(EventBook(), START, each, ours, left))
        return words(told + [events.all_down_over(EventBook(), START, each) for each in sorted(had - self.known)])


def words(told: list[Event]) -> list[tuple[str, str]]:
    return [(event.kind, event.message) for event in told if event.kind.startswith("all-down")]


def single(steps: list[Step]) -> list[Step]:
    """A round is as many results, and each may tell something."""
    return [one for step in steps for one in ([("result", n, False) for n in range(20)] if step[0] == "round" else [step])]


def take(scene: Scene, step: Step) -> None:
    tracker, now_s, utc = scene.tracker, scene.now_s, scene.utc
    known = {each.id for each in tracker.configuration.sites}
    match step:
        case "verdict", where, verdict:
            scene.verdicts[where] = verdict
        case "result", number, recheck:
            if number < len(tracker.targets):
                scene.result(tracker.targets[number].key, recheck=recheck)
        case "drain", where, for_s if where in known:
            scene.told(tracker.drain(where, "disks", "ops", for_s, now_s, utc))
        case "enable", where if where in known:
            scene.told(tracker.enable(where, "ops", now_s, utc))
        case "wait", seconds:
            scene.wait(seconds, step_s=seconds)
        case "configure", ours:
            scene.told(tracker.reconfigure(ours, now_s, utc))


@given(STEPS)
def test_outages_are_those_of_a_look_at_everything(steps: list[Step]):
    scene, whole = Scene(MORE), WholeLook()
    whole.events(scene)
    for step in single(steps):
        before = len(scene.events)
        take(scene, step)
        assert words(scene.events[before:]) == whole.events(scene)
    again = Scene(scene.tracker.configuration, restored=scene.tracker.freeze(), now_s=scene.now_s, utc=scene.utc)
    after = WholeLook()
    after.events(again)
    again.told(again.tracker.tick(again.now_s, again.utc))
    assert words(again.events) == after.events(again)


def test_a_site_that_dies_alone_is_no_outage_and_the_last_one_is_told_once_with_its_end():
    scene = Scene(replace(TWO, sites=TWO.sites[1:])).start()
    scene.told(scene.tracker.drain("us-2", "disks", "ops", None, scene.now_s, scene.utc))
    assert not words(scene.events)
    scene.told(scene.tracker.drain("eu-3", "disks", "ops", 60, scene.now_s, scene.utc))
    scene.wait(120)
    assert [kind for kind, _ in words(scene.events)] == ["all-down"] * 2 + ["all-down-over"] * 2
