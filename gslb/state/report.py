"""All that is known of a site, for people: the admin interface and the dashboard show this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gslb.model import Address, Door, Drain, Family, State
from gslb.state.clock import Clock
from gslb.state.course import Course
from gslb.state.health import HealthRecord
from gslb.state.history import History, Observation, Transition
from gslb.state.latency import LatencyRecord
from gslb.state.targets import TargetKey
from gslb.state.worlds import Bearing


@dataclass(frozen=True, slots=True)
class VantageReport:
    """What one vantage says of a target. `frozen`: what it says does not count for now."""

    vantage: str
    state: State
    reason: str
    since: datetime
    last: datetime | None
    last_good: datetime | None
    failures: int
    successes: int
    fresh: bool
    frozen: bool


@dataclass(frozen=True, slots=True)
class TargetReport:
    """One address of a site, for one service through one door. Times are UTC.

    `ramp` counts the steps of slow start that are done, `changes` those between up and down in the flap
    window. `curl` repeats the last probe by hand; empty before there was one.
    """

    key: str
    service: str
    door: Door
    address: Address
    family: Family
    state: State
    reason: str
    since: datetime
    last_good: datetime | None
    ramp: int
    checks: int
    flapping: bool
    changes: int
    curl: str
    last: Observation | None
    vantages: tuple[VantageReport, ...]
    observations: tuple[Observation, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """Milliseconds. `used` is what answers depend on, `usual` the site's own long-run median."""

    vantage: str
    used_ms: float
    estimate_ms: float
    usual_ms: float
    slow: bool
    rounds: int
    last: datetime


@dataclass(frozen=True, slots=True)
class SiteReport:
    """`state`, `reason` and `since` are of the worst of its targets; `drain` is None unless it is drained.

    `ramp` counts the done steps of the slow start after a drain.
    """

    site: str
    region: str
    state: State
    reason: str
    since: datetime
    last_good: datetime | None
    drain: Drain | None
    ramp: int
    slow: bool
    flapping: bool
    targets: tuple[TargetReport, ...]
    latency: tuple[LatencyReport, ...]


_WORST_FIRST = (State.WRONG, State.DOWN, State.UNKNOWN, State.UP)


def vantage_report(vantage: str, record: HealthRecord, frozen: State | None, clock: Clock) -> VantageReport:
    return VantageReport(
        vantage=vantage,
        state=record.state,
        reason=record.reason,
        since=clock.utc_of(record.since_s),
        last=_utc(record.last_s, clock),
        last_good=_utc(record.last_good_s, clock),
        failures=record.failures,
        successes=record.successes,
        fresh=record.fresh(clock.now_s),
        frozen=frozen is not None,
    )


def target_report(
    key: TargetKey,
    course: Course,
    bearing: Bearing,
    history: History,
    vantages: Sequence[VantageReport],
    clock: Clock,
) -> TargetReport:
    return TargetReport(
        key=str(key),
        service=key.service,
        door=key.door,
        address=key.address,
        family=key.family,
        state=course.state,
        reason=course.reason,
        since=clock.utc_of(course.since_s),
        last_good=max((each.last_good for each in vantages if each.last_good), default=None),
        ramp=bearing.ramp,
        checks=bearing.checks,
        flapping=course.held,
        changes=len(course.changes),
        curl=history.last.result.exchange.command if history.last else "",
        last=history.last,
        vantages=tuple(vantages),
        observations=history.observations(),
        transitions=history.transitions,
    )


def latency_report(vantage: str, record: LatencyRecord, clock: Clock) -> LatencyReport:
    return LatencyReport(
        vantage=vantage,
        used_ms=record.used_ms,
        estimate_ms=record.estimate_ms,
        usual_ms=record.usual_ms,
        slow=record.slow,
        rounds=record.rounds,
        last=clock.utc_of(record.last_s),
    )


def site_report(
    site: str,
    region: str,
    targets: Sequence[TargetReport],
    latency: Sequence[LatencyReport],
    drain: Drain | None,
    ramp: int,
    slow: bool,
    clock: Clock,
) -> SiteReport:
    worst = min(targets, key=lambda each: _WORST_FIRST.index(each.state), default=None)
    return SiteReport(
        site=site,
        region=region,
        state=worst.state if worst else State.UNKNOWN,
        reason=worst.reason if worst else "no service checks it",
        since=worst.since if worst else clock.utc,
        last_good=max((each.last_good for each in targets if each.last_good), default=None),
        drain=drain,
        ramp=ramp,
        slow=slow,
        flapping=any(each.flapping for each in targets),
        targets=tuple(targets),
        latency=tuple(latency),
    )


def _utc(at_s: float | None, clock: Clock) -> datetime | None:
    return None if at_s is None else clock.utc_of(at_s)
