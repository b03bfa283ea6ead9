"""Any order of results, silence, restarts, drains and reloads: what has to hold always holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gslb.model import State
from gslb.state.restored import from_json, to_json
from probes.verdict import Verdict
from tests.state.scene import Scene, configuration, site

SITES = (site(1, "us", "2001:db8::1"), site(2, "us"), site(3, "eu"), site(4, "jp"))
NAMES = [each.id for each in SITES]
_BAD = [Verdict.REFUSED, Verdict.TIMEOUT_TOTAL, Verdict.CERTIFICATE_EXPIRED, Verdict.THROTTLED, Verdict.INTERNAL]
VERDICTS = st.sampled_from([*[Verdict.OK] * 3, *_BAD, *[Verdict.WRONG_CONTENT] * 2])


class TrackerMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.scene = Scene(configuration(SITES))

    @rule(where=st.sampled_from(NAMES), verdict=VERDICTS, latency_ms=st.floats(0.1, 500.0))
    def becomes(self, where: str, verdict: Verdict, latency_ms: float) -> None:
        self.scene.verdicts[where] = verdict
        self.scene.latency_ms[where] = latency_ms

    @rule(count=st.integers(1, 6), seconds=st.floats(0.5, 15.0))
    def goes_on(self, count: int, seconds: float) -> None:
        for _ in range(count):
            self.scene.wait(seconds, step_s=5.0)
            self.scene.round()

    @rule(recheck=st.booleans(), vantage=st.sampled_from([None, "london"]), where=st.sampled_from(NAMES))
    def looks(self, recheck: bool, vantage: str | None, where: str) -> None:
        self.scene.round(recheck=recheck, vantage=vantage, only=lambda each: each == where)

    @rule(seconds=st.floats(0.01, 400.0))
    def is_silent(self, seconds: float) -> None:
        self.scene.wait(seconds, step_s=20.0)

    @precondition(lambda self: self.scene.configuration.sites == SITES)
    @rule(where=st.sampled_from(NAMES), for_s=st.none() | st.floats(1.0, 100.0))
    def drains(self, where: str, for_s: float | None) -> None:
        scene = self.scene
        scene.told(scene.tracker.drain(where, "test", "ops", for_s, scene.now_s, scene.utc))

    @precondition(lambda self: self.scene.configuration.sites == SITES)
    @rule(where=st.sampled_from(NAMES))
    def enables(self, where: str) -> None:
        self.scene.told(self.scene.tracker.enable(where, "ops", self.scene.now_s, self.scene.utc))

    @rule()
    def completes_a_round(self) -> None:
        self.scene.told(self.scene.tracker.round_complete(self.scene.now_s, self.scene.utc))

    @rule(count=st.integers(1, 4), rise=st.integers(1, 5))
    def is_reconfigured(self, count: int, rise: int) -> None:
        scene = self.scene
        scene.configuration = configuration(SITES[:count], rise=rise)
        scene.told(scene.tracker.reconfigure(scene.configuration, scene.now_s, scene.utc))

    @precondition(lambda self: self.scene.configuration.sites == SITES)
    @rule(away_s=st.floats(0.0, 290.0), boot_s=st.floats(0.0, 1e6))
    def restarts(self, away_s: float, boot_s: float) -> None:
        old = self.scene
        restored = replace(from_json(to_json(old.tracker.freeze())), drains=old.tracker.freeze().drains)
        assert restored.faults == ()
        utc = old.utc + timedelta(seconds=away_s)
        self.scene = Scene(old.configuration, restored, boot_s, utc, old.verdicts, old.latency_ms, old.events)
        assert self.scene.world.number == old.world.number + 1

    @invariant()
    def worlds_are_a_second_apart_and_numbered_on_end(self) -> None:
        published = self.scene.published_s
        assert all(later - earlier >= 1.0 for earlier, later in pairwise(published))
        numbers = [world.number for world in self.scene.worlds]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    @invariant()
    def every_site_has_a_standing_for_each_door_and_family(self) -> None:
        wanted = 2 * sum(len({address.version for address in each.addresses}) for each in self.scene.world.configuration.sites)
        assert len(self.scene.world.standings) == wanted

    @invariant()
    def what_is_wrong_has_no_address_and_the_rest_has_one(self) -> None:
        for key, standing in self.scene.world.standings.items():
            assert bool(standing.addresses) is (standing.state is not State.WRONG)
            assert all(address.version == key.family for address in standing.addresses)
            assert 0 <= standing.ramp <= 10
            assert standing.checks == 0 if standing.ramp < 10 else standing.checks >= 1

    @invariant()
    def only_what_was_seen_well_and_is_silent_or_well_is_up(self) -> None:
        for where in NAMES[: len(self.scene.configuration.sites)]:
            for target in self.scene.tracker.report(where).targets:
                if target.state is State.UP and target.last is not None:
                    assert target.last_good is not None

    @invariant()
    def numbers_of_events_go_up_by_one(self) -> None:
        assert [event.number for event in self.scene.events] == list(range(1, len(self.scene.events) + 1))

    @invariant()
    def outages_are_told_once_each(self) -> None:
        open_now: set[tuple[str, ...]] = set()
        for event in self.scene.events:
            which = (event.subject, *sorted(event.data.values()))
            if event.kind == "all-down":
                assert which not in open_now
                open_now.add(which)
            elif event.kind == "all-down-over":
                assert which in open_now
                open_now.remove(which)

    @invariant()
    def there_is_always_a_next_tick(self) -> None:
        assert 0 < self.scene.tracker.seconds_to_next_tick(self.scene.now_s) <= 10.001


TestTrackerMachine = TrackerMachine.TestCase
TestTrackerMachine.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
