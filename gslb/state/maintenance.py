"""The calendar of planned drains.

A plan begins by the calendar: when UTC has come to its start, whenever somebody looks. What was planned for a time at which
the node was off, or asleep, runs for what is left of it, or is done. It ends when UTC has come to its end, or when it
has run for as long as was left of it at its beginning, on the monotonic clock: the first of the two. So a clock that is set back
neither begins it again nor prolongs it, and a machine that wakes up late does not keep a site out until tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gslb.errors import ConflictError
from gslb.model import Drain, Maintenance, MaintenanceState
from gslb.state.clock import Clock
from gslb.state.drains import ends_s


@dataclass(frozen=True, slots=True)
class Plan:
    maintenance: Maintenance
    ends_s: float | None = None  # monotonic, while it runs


class MaintenanceBook:
    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}
        self._drains: dict[str, Drain] = {}  # of what runs: asked for each site, and seldom another

    def all(self) -> tuple[Maintenance, ...]:
        """By start; those that are over too."""
        return tuple(sorted((plan.maintenance for plan in self._plans.values()), key=lambda each: (each.start, each.id)))

    def get(self, plan_id: str) -> Maintenance | None:
        plan = self._plans.get(plan_id)
        return plan.maintenance if plan else None

    def open(self) -> list[Maintenance]:
        return [each for each in self.all() if each.open]

    def drains(self) -> dict[str, Drain]:
        """Of what runs."""
        return self._drains

    def running(self) -> Iterator[Maintenance]:
        return (each for each in self.all() if each.state is MaintenanceState.RUNNING)

    def running_at(self, site: str) -> Maintenance | None:
        return next((each for each in self.running() if each.site == site), None)

    def overlapping(self, site: str, start: datetime, end: datetime) -> Maintenance | None:
        return next((each for each in self.open() if each.site == site and each.start < end and start < each.end), None)

    def plan(self, maintenance: Maintenance) -> None:
        """Raises ConflictError where the site has another one at that time."""
        other = self.overlapping(maintenance.site, maintenance.start, maintenance.end)
        if other is not None:
            raise ConflictError(
                f"{other.site} has maintenance from {_told(other.start)} to {_told(other.end)} already ({other.reason}): "
                "cancel that, or plan this for another time"
            )
        self._put(Plan(maintenance))

    def finish(self, plan_id: str, state: MaintenanceState) -> Maintenance | None:
        """As it was, or None if it is over, or nothing is known of it."""
        plan = self._plans.get(plan_id)
        if plan is None or not plan.maintenance.open:
            return None
        self._put(Plan(replace(plan.maintenance, state=state)))
        return plan.maintenance

    def tick(self, clock: Clock) -> list[tuple[Maintenance, Maintenance]]:
        """(as it was, as it is) of each that has come to its beginning or its end."""
        turned: list[tuple[Maintenance, Maintenance]] = []
        for plan in list(self._plans.values()):
            new = _next(plan, clock)
            if new is not None:
                self._put(new)
                turned.append((plan.maintenance, new.maintenance))
        return turned

    def next_s(self, clock: Clock) -> float | None:
        """When the next one begins or ends, as far as both clocks run alike."""
        starts = [each.start for each in self.open() if each.state is MaintenanceState.PLANNED]
        due = [clock.now_s + (start - clock.utc).total_seconds() for start in starts]
        return min([*due, *(plan.ends_s for plan in self._plans.values() if plan.ends_s is not None)], default=None)

    def restore(self, plans: Iterable[Maintenance], clock: Clock) -> None:
        for each in plans:
            running = each.state is MaintenanceState.RUNNING
            self._put(Plan(each, ends_s(each.start, each.end, clock.now_s, clock.utc) if running else None))

    def forget(self, most: int) -> None:
        """Keep no more than this of those that are over: the latest."""
        over = [plan.maintenance for plan in self._plans.values() if not plan.maintenance.open]
        for each in sorted(over, key=lambda each: each.end)[: max(0, len(over) - most)]:
            del self._plans[each.id]

    def _put(self, plan: Plan) -> None:
        self._plans[plan.maintenance.id] = plan
        self._drains = {each.site: _drain(each) for each in self.running()}


def _drain(each: Maintenance) -> Drain:
    return Drain(each.site, each.reason, each.who, each.start, each.end, each.owner)


def _next(plan: Plan, clock: Clock) -> Plan | None:
    each = plan.maintenance
    if not each.open:
        return None
    if clock.utc >= each.end or (plan.ends_s is not None and clock.now_s >= plan.ends_s):
        return Plan(replace(each, state=MaintenanceState.DONE))
    if each.state is MaintenanceState.PLANNED and clock.utc >= each.start:
        running = replace(each, state=MaintenanceState.RUNNING)
        return Plan(running, ends_s(each.start, each.end, clock.now_s, clock.utc))
    return None


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
