"""What operators have changed beside the configuration.

As with drains, an end is stored in UTC and runs on the monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gslb.model import Change, Configuration, Override, Reweight
from gslb.state.clock import Clock
from gslb.state.drains import ends_s


@dataclass(frozen=True, slots=True)
class RunningOverride:
    override: Override
    ends_s: float | None  # monotonic; None: until somebody takes it back


class OverrideBook:
    """A site has one weight: another override of it takes the place of the one before."""

    def __init__(self) -> None:
        self._running: dict[str, RunningOverride] = {}  # the oldest first

    def __len__(self) -> int:
        return len(self._running)

    def all(self) -> tuple[Override, ...]:
        return tuple(running.override for running in self._running.values())

    def get(self, override_id: str) -> Override | None:
        running = self._running.get(override_id)
        return running.override if running else None

    def in_force(self) -> tuple[Change, ...]:
        """The newest first: of two rules for one client that comes first which was made last."""
        return tuple(override.change for override in reversed(self.all()))

    def of_site(self, site: str) -> Override | None:
        """The weight that was given to this site."""
        found = (each for each in self.all() if isinstance(each.change, Reweight) and each.change.site == site)
        return next(found, None)

    def start(self, override: Override, clock: Clock) -> Override | None:
        """The one whose place it takes, or None."""
        change = override.change
        old = self.of_site(change.site) if isinstance(change, Reweight) else None
        if old is not None:
            del self._running[old.id]
        self._running[override.id] = RunningOverride(override, ends_s(override.since, override.until, clock.now_s, clock.utc))
        return old

    def end(self, override_id: str) -> Override | None:
        running = self._running.pop(override_id, None)
        return running.override if running else None

    def due(self, now_s: float) -> list[str]:
        return [each for each, running in self._running.items() if running.ends_s is not None and now_s >= running.ends_s]

    def next_end_s(self) -> float | None:
        return min((run.ends_s for run in self._running.values() if run.ends_s is not None), default=None)

    def restore(self, overrides: Iterable[Override], clock: Clock) -> None:
        for override in overrides:
            self.start(override, clock)


def fault_of(change: Change, configuration: Configuration) -> tuple[str, str] | None:
    """(field, what is wrong with it) where a change can't be made to this configuration."""
    sites = {site.id for site in configuration.sites}
    if isinstance(change, Reweight):
        return None if change.site in sites else ("site", f"there is no site {change.site}")
    if all(change.service != service.host for service in configuration.services):
        return "service", f"there is no service {change.service}"
    known = sites | {site.region for site in configuration.sites}
    unknown = [target for target in change.rule.targets if target not in known]
    return (f"rule.{change.rule.action}", f"there is no site or region {unknown[0]}") if unknown else None


def words(change: Change) -> str:
    """What it does, to stand after who did it."""
    if isinstance(change, Reweight):
        return f"the weight of {change.site} is {change.weight}" + ("" if change.weight else ": a last resort")
    match = change.rule.match
    named = [*map(str, match.networks), *(f"AS{asn}" for asn in match.asns), *match.countries]
    clients = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
    verb = {"prefer": "prefer", "only": "use only", "never": "never use"}[change.rule.action]
    return f"clients of {clients} {verb} {', '.join(change.rule.targets)} for {change.service}"
