"""Days that operators of mirrors have had: flapping machines, one rack of mirrors, clocks of years ago, slow deaths."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from random import Random

import pytest

from gslb.model import Client, Drain, Location, Place, Request, Rule, View
from gslb.model.configuration import Match
from gslb.state import TargetKey, Tracker
from gslb.state.drains import DrainBook
from gslb.state.latency import LatencyBook
from gslb.steering import decide
from probes.verdict import Verdict
from tests.state.scene import HOST, START, Scene, configuration, outcome, site

SITE = "jp-7"


def running(*sites, **probes) -> Scene:
    scene = Scene(configuration(sites or None, **probes)).start()
    scene.events.clear()
    return scene


# A mirror that flaps faster than it is probed


class Flapping:
    """Probes as the scheduler makes them, on virtual time: jitter, re-checks, a phase of its own for each target."""

    def __init__(self, seed: int, period_s: float) -> None:
        self._rng = Random(seed)
        self._phase_s = self._rng.uniform(0, 2 * period_s)
        self._period_s = period_s
        self._due: list[tuple[float, int, str, int]] = []
        self._count = count()
        self.now_s = self._ticked_s = 1000.0
        self.tracker = Tracker(configuration(), now_s=self.now_s, utc=START)
        self.firsts: list[dict[int, str]] = []

    def run(self, minutes: int, clients: list[Client]) -> None:
        for number, target in enumerate(self.tracker.targets):
            self._push(self.now_s + 0.004 * number, target.key, 0)
        started, end_s, first = set(), self.now_s + 60 * minutes, True
        while self._due[0][0] < end_s:
            self.now_s, _, key, recheck = heapq.heappop(self._due)
            self._probe(key, recheck, first=key not in started)
            started.add(key)
            if first and len(started) == len(self.tracker.targets):
                first = False
                self.tracker.round_complete(self.now_s, self._utc())
            if self.now_s - self._ticked_s >= 1.0:
                self._ticked_s = self.now_s
                self.tracker.tick(self.now_s, self._utc())
            self._look(clients)

    def _push(self, at_s: float, key: str, recheck: int) -> None:
        heapq.heappush(self._due, (at_s, next(self._count), key, recheck))

    def _probe(self, key: str, recheck: int, *, first: bool) -> None:
        well = TargetKey.parse(key).site != SITE or (self.now_s + self._phase_s) % (2 * self._period_s) < self._period_s
        result = outcome(key, Verdict.OK if well else Verdict.REFUSED)
        self.tracker.observe(result, recheck > 0, self.now_s, self._utc())
        if recheck == 0:
            self._push(self.now_s + 10.0 * self._rng.uniform(*((0.1, 1.0) if first else (0.9, 1.1))), key, 0)
        if not well and recheck < 2 and not self.tracker.is_down(key):
            self._push(self.now_s + 1.0, key, recheck + 1)

    def _look(self, clients: list[Client]) -> None:
        world = self.tracker.next_world(self.now_s, self._utc())
        if world is None or not world.ready:
            return
        request = Request(HOST, View.DNS4)
        answers = [decide(world, client, request, trace=False).choices[0].site for client in clients]
        self.firsts.append(dict(enumerate(answers)))

    def _utc(self) -> datetime:
        return START + timedelta(seconds=self.now_s - 1000.0)


def neighbours(number: int) -> list[Client]:
    """Near the flapping site, each in a sticky network of its own."""
    here = Place(location=Location(10.0, 7.0))
    return [Client(4, (20 << 24) + (index << 16), 24, here, 16) for index in range(number)]


@pytest.mark.parametrize("period_s", [2.0, 5.0, 13.0])
def test_a_mirror_that_flaps_does_not_flap_the_answers(period_s):
    for seed in range(3):
        flapping = Flapping(seed, period_s)
        flapping.run(10, neighbours(20))
        for client in range(20):
            seen = [first[client] for first in flapping.firsts]
            changes = sum(was != now for was, now in pairwise(seen))
            assert changes <= 5  # of some sixty turns of the mirror, or more
        others = Counter(first[client] for first in flapping.firsts for client in first)
        assert len(others) > 1


# Few sites


def clients_get(scene: Scene) -> set[str]:
    request = Request(HOST, View.DNS4)
    return {decide(scene.world, client, request, trace=False).choices[0].site for client in neighbours(60)}


def test_two_sites_of_three_in_one_region_that_die_at_once_leave_the_third():
    scene = running(site(1, "us"), site(2, "us"), site(3, "us"))
    scene.verdicts = {"us-1": Verdict.REFUSED, "us-2": Verdict.REFUSED}
    scene.round()
    for _ in range(2):
        scene.wait(1.0)
        scene.round(recheck=True)
    scene.wait(1.0)
    assert "vantage-frozen" not in scene.kinds()
    assert clients_get(scene) == {"us-3"}


def test_one_of_two_sites_that_dies_leaves_the_other():
    for regions in (("us", "us"), ("us", "eu")):
        scene = running(*(site(number, region) for number, region in enumerate(regions, 1)))
        scene.fail(f"{regions[0]}-1")
        scene.wait(1.0)
        assert "vantage-frozen" not in scene.kinds()
        assert clients_get(scene) == {f"{regions[1]}-2"}


def test_the_only_site_is_answered_whatever_becomes_of_it():
    scene = running(site(1, "us"))
    scene.fail("us-1")
    scene.wait(1.0)
    assert clients_get(scene) == {"us-1"}
    scene.verdicts.clear()
    scene.rounds(5)
    scene.wait(1.0)
    assert scene.standing("us-1").ramp < 10
    assert clients_get(scene) == {"us-1"}


def test_one_region_that_is_gone_at_once_is_frozen_and_served_all_the_same():
    scene = running(site(1, "us"), site(2, "us"), site(3, "us"))
    scene.verdicts = dict.fromkeys(("us-1", "us-2", "us-3"), Verdict.REFUSED)
    scene.round()
    for _ in range(2):
        scene.wait(1.0)
        scene.round(recheck=True)
    scene.wait(1.0)
    assert scene.kinds().count("vantage-frozen") == 1
    assert clients_get(scene) == {"us-1", "us-2", "us-3"}


# What people read


def test_a_start_tells_what_is_not_well_and_not_what_is():
    scene = Scene(verdicts={SITE: Verdict.REFUSED}).start()
    assert scene.kinds() == ["site-down", "site-down", "ready"]  # one a door
    assert scene.events[-1].message == "node-1 is ready: the first round of probes is in, and 12 of 13 sites are up"


def test_a_site_that_is_added_later_is_told_when_it_is_up():
    scene = running(site(1, "us"))
    more = configuration((site(1, "us"), site(2, "us")))
    scene.told(scene.tracker.reconfigure(more, scene.now_s, scene.utc))
    scene.round()
    assert scene.kinds() == ["site-up", "site-up"]


def test_all_down_says_so_when_nothing_is_left_to_fail_open_with():
    scene = running(site(1, "us"), site(2, "us"))
    scene.fail("us-1", Verdict.WRONG_CONTENT)
    scene.told(scene.tracker.drain("us-2", "disks", "ops", None, scene.now_s, scene.utc))
    told = [event.message for event in scene.events if event.kind == "all-down"]
    assert len(told) == 2
    assert all(message.endswith("all are drained or wrong, answering with none") for message in told)


# Latency


def test_a_dead_site_keeps_its_place_so_that_others_clients_stay():
    scene = running(latency="connect")
    scene.latency_ms = dict(zip((each.id for each in scene.configuration.sites), (10.0, 15.0, 24.0), strict=False))
    scene.rounds(10)
    before = dict(scene.world.latency_ms)
    scene.verdicts["us-1"] = Verdict.REFUSED
    scene.rounds(40)
    assert scene.world.latency_ms == before


def test_what_a_silent_vantage_measured_is_forgotten_whole():
    book = LatencyBook()
    settings = configuration().probes
    book.take("tokyo", "a", 10.0, settings, 0.0)
    book.take("berlin", "a", 10.0, settings, 200.0)
    book.forget(301.0)
    assert book.used_ms() == {("berlin", "a"): 10.0}


# Clocks


def test_a_machine_that_starts_with_a_clock_of_years_ago_prolongs_no_drain():
    book = DrainBook()
    drain = Drain(SITE, "disks", "ops", START, START + timedelta(hours=2))
    book.restore(drain, 100.0, datetime(1970, 1, 1, tzinfo=UTC))
    assert book.next_end_s() == 100.0 + 7200.0


def test_a_clock_that_is_set_moves_no_drain():
    scene = running()
    scene.told(scene.tracker.drain(SITE, "disks", "ops", 60.0, scene.now_s, scene.utc))
    scene.utc += timedelta(days=400)
    scene.wait(58.0)
    assert SITE in scene.world.drains
    scene.utc -= timedelta(days=800)
    scene.wait(3.0)
    assert SITE not in scene.world.drains


def test_a_rule_ends_with_its_last_day_at_midnight_utc():
    settings = configuration((site(1, "us"), site(2, "us")))
    rule = Rule(Match(countries=("JP",)), "only", ("us-2",), until=START.date())
    service = replace(settings.services[0], rules=(rule,))
    scene = Scene(replace(settings, services=(service,)))
    scene.utc = START.replace(hour=23, minute=59, second=50)
    scene.start()
    japanese = [replace(client, place=Place("JP", Location(10.0, 1.0))) for client in neighbours(20)]
    request = Request(HOST, View.DNS4)

    def firsts() -> set[str]:
        return {decide(scene.world, client, request, trace=False).choices[0].site for client in japanese}

    scene.wait(8.0)
    assert firsts() == {"us-2"}
    scene.wait(2.0)
    assert scene.world.today == START.date() + timedelta(days=1)
    assert firsts() == {"us-1", "us-2"}


def test_a_node_wakes_at_midnight_utc():
    scene = running(interval_s=600.0)
    late = START.replace(hour=23, minute=59, second=57)
    scene.told(scene.tracker.tick(scene.now_s, late))
    assert scene.tracker.seconds_to_next_tick(scene.now_s) <= 3.0


# Large fleets


def test_by_default_three_hundred_dual_stack_sites_that_all_hang_are_probed_within_an_interval():
    """Else the last of them is found out minutes late, and too far apart for a vantage that lost its link to freeze."""
    settings = configuration().probes
    connect_s = settings.timeout_s / 2
    assert 600 * connect_s / settings.concurrency < settings.interval_s / 2
