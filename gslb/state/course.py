"""What becomes of a target's consensus over time: slow start after a return, hold-down of what flaps.

Health says how a site is; this says how it is used. A site that returns gets its clients back in ten steps,
for the disk caches of a mirror that was away are cold. A site that changes between up and down more than
four times in ten minutes is held down, whatever it says, until it has been good for five minutes: clients
that are moved forth and back lose more than those that are far away. The release of a hold is a change like
any other, but doesn't begin a hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from gslb.model import RAMP_STEPS, ProbeSettings, State
from gslb.state.quorum import Consensus

ILL = (State.DOWN, State.WRONG)


@dataclass(frozen=True, slots=True)
class Course:
    """`changes` are the times of late changes; every fresh result since `good_since_s` was good."""

    state: State
    reason: str
    since_s: float
    ramp_since_s: float | None = None
    changes: tuple[float, ...] = ()
    held: bool = False
    good_since_s: float | None = None


def fresh_course(now_s: float) -> Course:
    return Course(State.UNKNOWN, "no result yet", now_s)


def follow(course: Course, consensus: Consensus, settings: ProbeSettings, now_s: float) -> Course:
    """The course after a look at the consensus, at a result or because time went by."""
    good = consensus.fresh and not consensus.failing
    good_since_s = (now_s if course.good_since_s is None else course.good_since_s) if good else None
    course = replace(course, good_since_s=good_since_s)
    if course.held:
        return _hold(course, consensus, settings, now_s)
    if consensus.state is course.state:
        return replace(course, reason=consensus.reason)
    return _change(course, consensus, settings, now_s)


def _hold(course: Course, consensus: Consensus, settings: ProbeSettings, now_s: float) -> Course:
    if consensus.state is State.UP and _is_quiet(course, settings, now_s):
        changes = _late(course.changes, settings, now_s)
        return replace(
            course,
            state=State.UP,
            reason=consensus.reason,
            since_s=now_s,
            ramp_since_s=now_s,
            changes=(*changes, now_s),
            held=False,
        )
    # Still held; but wrong content is worse than flapping, and nothing but good rounds clears it.
    if consensus.state is State.WRONG and course.state is not State.WRONG:
        return replace(course, state=State.WRONG, reason=consensus.reason, since_s=now_s)
    return course


def _is_quiet(course: Course, settings: ProbeSettings, now_s: float) -> bool:
    return course.good_since_s is not None and now_s - course.good_since_s >= settings.flap_quiet_s


def _change(course: Course, consensus: Consensus, settings: ProbeSettings, now_s: float) -> Course:
    returned = course.state in ILL and consensus.state is State.UP
    changed = returned or (course.state is State.UP and consensus.state in ILL)
    changes = _late(course.changes, settings, now_s) + ((now_s,) if changed else ())
    if changed and len(changes) > settings.flap_changes:
        return _hold_down(replace(course, changes=changes), consensus, settings, now_s)
    return replace(
        course,
        state=consensus.state,
        reason=consensus.reason,
        since_s=now_s,
        ramp_since_s=now_s if returned else None,
        changes=changes,
    )


def _hold_down(course: Course, consensus: Consensus, settings: ProbeSettings, now_s: float) -> Course:
    state = consensus.state if consensus.state in ILL else course.state
    reason = (
        f"flapping: {len(course.changes)} changes in {settings.flap_within_s / 60:g} minutes; "
        f"held down until {settings.flap_quiet_s / 60:g} minutes of good rounds"
    )
    since_s = course.since_s if state is course.state else now_s
    return replace(course, state=state, reason=reason, since_s=since_s, ramp_since_s=None, held=True)


def reinstate(course: Course, now_s: float, reason: str) -> Course:
    """Up as if its last change had not been: the vantage failed, not the site."""
    changes = course.changes[:-1]
    return replace(course, state=State.UP, reason=reason, since_s=now_s, ramp_since_s=None, changes=changes, held=False)


def _late(changes: tuple[float, ...], settings: ProbeSettings, now_s: float) -> tuple[float, ...]:
    return tuple(at for at in changes if now_s - at < settings.flap_within_s)


def ramp_step(since_s: float | None, settings: ProbeSettings, now_s: float) -> int:
    """The steps of a slow start that are done."""
    if since_s is None or settings.slow_start_s <= 0:
        return RAMP_STEPS
    # A hair of tolerance: 0.6 / 0.2 is 2.9999999999999996, and a timer may fire that much early.
    done = math.floor((now_s - since_s) / settings.slow_start_s * RAMP_STEPS + 1e-6)
    return max(0, min(RAMP_STEPS, done))


def next_ramp_s(since_s: float | None, settings: ProbeSettings, now_s: float) -> float | None:
    """When the next step of a slow start is due; None if none is."""
    step = ramp_step(since_s, settings, now_s)
    if since_s is None or step >= RAMP_STEPS:
        return None
    return since_s + (step + 1) * settings.slow_start_s / RAMP_STEPS


def course_checks(course: Course, consensus: Consensus, settings: ProbeSettings, now_s: float) -> int:
    """The fewest further results that could change the state of the course."""
    if not course.held:
        return consensus.checks
    good_s = 0.0 if course.good_since_s is None else now_s - course.good_since_s
    return max(1, math.ceil((settings.flap_quiet_s - good_s) / settings.interval_s))
