"""The course, the bearing and the history of every target."""

from __future__ import annotations

from typing import NamedTuple

from gslb.model import RAMP_STEPS, ProbeSettings, State
from gslb.state import course as courses
from gslb.state.clock import Clock
from gslb.state.course import Course
from gslb.state.history import History, Observation, Transition
from gslb.state.quorum import Vote, combine
from gslb.state.worlds import UNSEEN, Bearing


class Turn(NamedTuple):
    """What one look changed. `stirred`: something that an answer depends on; `reworded`: anything of the bearing."""

    old: Course
    new: Course
    stirred: bool
    reworded: bool


class Ledger:
    def __init__(self) -> None:
        self.courses: dict[str, Course] = {}
        self.ramps: dict[str, float] = {}  # since when the slow starts go on that are not over
        self.turns: dict[str, int] = {}  # how often something changed that people are shown
        self._bearings: dict[str, Bearing] = {}
        self._histories: dict[str, History] = {}

    def state(self, key: str) -> State:
        found = self.courses.get(key)
        return found.state if found else State.UNKNOWN

    def course(self, key: str, now_s: float) -> Course:
        return self.courses.get(key) or courses.fresh_course(now_s)

    def bearing(self, key: str) -> Bearing:
        return self._bearings.get(key, UNSEEN)

    def history(self, key: str) -> History:
        return self._histories.get(key, History())

    def note(self, observation: Observation) -> None:
        key = observation.result.key
        self._histories[key] = self.history(key).observed(observation)

    def adopt(self, key: str, course: Course, site_ramp: int, settings: ProbeSettings, clock: Clock) -> None:
        """Take a course from before a restart. One check from its change, until somebody has looked."""
        self.courses[key] = course
        self._bearings[key] = _bearing(course, site_ramp, 1, settings, clock)
        self._note_ramp(key, course, settings, clock)
        self.turns[key] = self.turns.get(key, 0) + 1

    def look(
        self,
        key: str,
        votes: list[Vote],
        site_ramp: int,
        settings: ProbeSettings,
        clock: Clock,
        *,
        reinstate: bool = False,
    ) -> Turn:
        """Follow the votes. `reinstate`: a return to up is the withdrawal of an error, not a change."""
        old = self.course(key, clock.now_s)
        consensus = combine(votes, old.state, old.reason)
        if reinstate and consensus.state is State.UP and old.state is State.DOWN:
            new = courses.reinstate(old, clock.now_s, consensus.reason)
        else:
            new = courses.follow(old, consensus, settings, clock.now_s)
        checks = courses.course_checks(new, consensus, settings, clock.now_s)
        bearing = _bearing(new, site_ramp, checks, settings, clock)
        before = self.bearing(key)
        stirred = bearing.shown != before.shown
        if new.since_s != old.since_s or _told(bearing) != _told(before):
            self.turns[key] = self.turns.get(key, 0) + 1
        self.courses[key], self._bearings[key] = new, bearing
        self._note_ramp(key, new, settings, clock)
        if new.state is not old.state:
            turned = Transition(clock.utc, old.state, new.state, new.reason)
            self._histories[key] = self.history(key).turned(turned)
        return Turn(old, new, stirred, bearing != before)

    def keep(self, keys: frozenset[str]) -> None:
        self.courses = {key: each for key, each in self.courses.items() if key in keys}
        self.ramps = {key: each for key, each in self.ramps.items() if key in keys}
        self.turns = {key: each for key, each in self.turns.items() if key in keys}
        self._bearings = {key: each for key, each in self._bearings.items() if key in keys}
        self._histories = {key: each for key, each in self._histories.items() if key in keys}

    def _note_ramp(self, key: str, course: Course, settings: ProbeSettings, clock: Clock) -> None:
        since_s = course.ramp_since_s
        if since_s is not None and courses.ramp_step(since_s, settings, clock.now_s) < RAMP_STEPS:
            self.ramps[key] = since_s
        else:
            self.ramps.pop(key, None)


def _told(bearing: Bearing) -> tuple[object, ...]:
    return bearing.state, bearing.reason, bearing.ramp, bearing.flapping


def _bearing(course: Course, site_ramp: int, checks: int, settings: ProbeSettings, clock: Clock) -> Bearing:
    ramp = min(site_ramp, courses.ramp_step(course.ramp_since_s, settings, clock.now_s))
    return Bearing(course.state, course.reason, ramp, checks, course.held)
