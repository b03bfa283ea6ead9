"""What operators have ordered: drains, maintenance and overrides, and the slow return of a site when it is let in again.

Orders come from people, one at a time, and end by themselves. A site is out while a drain of it or its maintenance
runs; it begins its slow start when the last of them is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gslb.errors import ConflictError, UsageError
from gslb.model import (
    RAMP_STEPS,
    Change,
    Configuration,
    Drain,
    Event,
    Maintenance,
    MaintenanceState,
    Override,
    ProbeSettings,
    Reweight,
)
from gslb.state import course, ordered
from gslb.state.clock import Clock
from gslb.state.drains import DrainBook
from gslb.state.events import EventBook
from gslb.state.maintenance import MaintenanceBook
from gslb.state.overrides import OverrideBook, fault_of
from gslb.state.restored import Restored


class Changes(NamedTuple):
    """Whether there are other overrides, whether other sites are out, and which sites begin to come back."""

    overrides: bool = False
    out: bool = False
    back: frozenset[str] = frozenset()


class Orders:
    """`take_changes` tells what has changed since it was last asked."""

    def __init__(self, book: EventBook) -> None:
        self.ramps: dict[str, float] = {}  # by site: when its slow start began
        self._book = book
        self._drains = DrainBook()
        self._overrides = OverrideBook()
        self._maintenance = MaintenanceBook()
        self._changes = Changes()

    # What is so

    @property
    def overrides(self) -> tuple[Override, ...]:
        """The oldest first."""
        return self._overrides.all()

    @property
    def maintenance(self) -> tuple[Maintenance, ...]:
        """By start; those that are over too, as many as are kept."""
        return self._maintenance.all()

    @property
    def ordered_drains(self) -> tuple[Drain, ...]:
        """Those that somebody ordered, without those of maintenance: what is stored."""
        return tuple(self._drains.drains().values())

    def drains(self) -> dict[str, Drain]:
        """The sites that are out. What somebody ordered is told rather than what was planned."""
        return self._maintenance.drains() | self._drains.drains()

    def drain_of(self, site: str) -> Drain | None:
        return self.drains().get(site)

    def weights(self) -> dict[str, int]:
        """Those that sites have by override."""
        return {each.change.site: each.change.weight for each in self.overrides if isinstance(each.change, Reweight)}

    def weight_of(self, site: str) -> Override | None:
        return self._overrides.of_site(site)

    def in_force(self) -> tuple[Change, ...]:
        return self._overrides.in_force()

    def ramp(self, site: str, settings: ProbeSettings, now_s: float) -> int:
        """The steps of its slow start that are done."""
        step = course.ramp_step(self.ramps.get(site), settings, now_s)
        if step >= RAMP_STEPS:
            self.ramps.pop(site, None)
        return step

    def next_s(self, clock: Clock) -> Iterable[float | None]:
        return self._drains.next_end_s(), self._overrides.next_end_s(), self._maintenance.next_s(clock)

    def take_changes(self) -> Changes:
        changes, self._changes = self._changes, Changes()
        return changes

    # Drains

    def drain(self, site: str, reason: str, who: str, for_s: float | None, clock: Clock, owner: str | None = None) -> list[Event]:
        drain = self._drains.start(site, reason, who, for_s, clock.now_s, clock.utc, owner)
        self._changes = self._changes._replace(out=True)
        return [ordered.drained(self._book, clock.utc, drain)]

    def enable(self, site: str, who: str, clock: Clock) -> list[Event]:
        """End what keeps the site out, its maintenance too. No event if there is nothing."""
        had = self.drains()
        running = self._maintenance.running_at(site)
        if site not in had:
            return []
        self._drains.end(site)
        told = [ordered.enabled(self._book, clock.utc, site, who)]
        if running is not None:
            self._maintenance.finish(running.id, MaintenanceState.DONE)
            told.append(ordered.maintenance_ended(self._book, clock.utc, running, who))
        self._let_in(had, clock)
        return told

    # Overrides

    def override(self, override: Override, configuration: Configuration, clock: Clock) -> list[Event]:
        """Raises UsageError where there is nothing to be changed, ConflictError where there are too many."""
        return self.override_all([override], configuration, clock)

    def override_all(self, overrides: Sequence[Override], configuration: Configuration, clock: Clock) -> list[Event]:
        """All or none. The first of them counts first."""
        for each in overrides:
            fault = fault_of(each.change, configuration)
            if fault is not None:
                raise UsageError(fault[1])
        most = configuration.limits.overrides
        replaced = sum(isinstance(each.change, Reweight) and each.change.site in self.weights() for each in overrides)
        if len(self._overrides) + len(overrides) - replaced > most:
            raise ConflictError(f"there are {len(self._overrides)} overrides of at most {most} (limits.overrides): end some")
        for each in reversed(overrides):
            self._overrides.start(each, clock)
        self._changes = self._changes._replace(overrides=True)
        return [ordered.overridden(self._book, clock.utc, each) for each in overrides]

    def take_back(self, override_id: str, who: str, why: str, clock: Clock) -> list[Event]:
        """No event if there is no such override."""
        override = self._overrides.end(override_id)
        if override is None:
            return []
        self._changes = self._changes._replace(overrides=True)
        return [ordered.taken_back(self._book, clock.utc, override, who, why)]

    # Maintenance

    def plan(self, maintenance: Maintenance, configuration: Configuration, clock: Clock) -> list[Event]:
        """Raises UsageError for no site of ours or a time that is over, ConflictError for an overlap or too many."""
        if all(maintenance.site != site.id for site in configuration.sites):
            raise UsageError(f"there is no site {maintenance.site}")
        if maintenance.end <= maintenance.start or maintenance.end <= clock.utc:
            raise UsageError("the end has to be after the start, and after now")
        most = configuration.limits.maintenance
        if len(self._maintenance.open()) >= most:
            raise ConflictError(f"{most} are planned already, which is the most (limits.maintenance): cancel some")
        self._maintenance.plan(maintenance)
        told = [ordered.maintenance_planned(self._book, clock.utc, maintenance)]
        return told + self._turn_maintenance(clock)

    def cancel(self, plan_id: str, who: str, clock: Clock) -> list[Event]:
        """No event if it is over, or nothing is known of it. One that runs lets its site in."""
        had = self.drains()
        maintenance = self._maintenance.finish(plan_id, MaintenanceState.CANCELLED)
        if maintenance is None:
            return []
        self._let_in(had, clock)
        return [ordered.maintenance_cancelled(self._book, clock.utc, maintenance, who)]

    # Time, restarts and reloads

    def tick(self, configuration: Configuration, clock: Clock) -> list[Event]:
        told = self._turn_maintenance(clock)
        had = self.drains()
        for site in self._drains.due(clock.now_s):
            drain = self._drains.end(site)
            if drain is not None:
                told.append(ordered.drain_ended(self._book, clock.utc, drain, self._maintenance.running_at(site)))
        for each in self._overrides.due(clock.now_s):
            override = self._overrides.end(each)
            if override is not None:
                self._changes = self._changes._replace(overrides=True)
                told.append(ordered.override_ended(self._book, clock.utc, override))
        self._let_in(had, clock)
        self._maintenance.forget(configuration.limits.maintenance)
        return told

    def reconfigure(self, configuration: Configuration, clock: Clock) -> list[Event]:
        """What is ordered of a site or service that is gone goes with it, and that is told of what somebody may look for."""
        sites = frozenset(site.id for site in configuration.sites)
        self._drains.keep_sites(sites)
        self.ramps = {site: since_s for site, since_s in self.ramps.items() if site in sites}
        self._changes = Changes(overrides=True, out=True)
        told = []
        for override in self.overrides:
            fault = fault_of(override.change, configuration)
            if fault is not None:
                self._overrides.end(override.id)
                told.append(ordered.override_dropped(self._book, clock.utc, override, fault[1]))
        for each in self._maintenance.open():
            if each.site not in sites:
                self._maintenance.finish(each.id, MaintenanceState.CANCELLED)
                told.append(ordered.maintenance_cancelled(self._book, clock.utc, each, ""))
        return told

    def restore(self, old: Restored, configuration: Configuration) -> list[Event]:
        clock = Clock(old.now_s, old.utc)
        sites = frozenset(site.id for site in configuration.sites)
        self.ramps = dict(old.ramps)
        for drain in old.drains:
            if drain.site in sites:
                self._drains.restore(drain, old.now_s, old.utc)
        self._overrides.restore(old.overrides, clock)
        self._maintenance.restore(old.maintenance, clock)
        return self.reconfigure(configuration, clock)

    def _turn_maintenance(self, clock: Clock) -> list[Event]:
        had = self.drains()
        told = []
        for old, new in self._maintenance.tick(clock):
            self._changes = self._changes._replace(out=True)
            if new.state is MaintenanceState.RUNNING:
                told.append(ordered.maintenance_began(self._book, clock.utc, new))
            elif old.state is MaintenanceState.RUNNING:
                told.append(ordered.maintenance_ended(self._book, clock.utc, new))
            else:
                told.append(ordered.maintenance_missed(self._book, clock.utc, new))
        self._let_in(had, clock)
        return told

    def _let_in(self, had: Iterable[str], clock: Clock) -> None:
        """The slow start of each that was out and is not any more."""
        back = set(had) - self.drains().keys()
        self.ramps |= dict.fromkeys(back, clock.now_s)
        if back:
            self._changes = self._changes._replace(out=True, back=self._changes.back | back)
