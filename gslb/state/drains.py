"""Sites that operators took out. An end is stored in UTC and runs on the monotonic clock.

So a clock that is set while a drain runs neither ends nor prolongs it, and a restart finds its end again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gslb.model import Drain


@dataclass(frozen=True, slots=True)
class RunningDrain:
    drain: Drain
    ends_s: float | None  # monotonic; None: until somebody enables the site


def ends_s(since: datetime, until: datetime | None, now_s: float, utc: datetime) -> float | None:
    """The end on our monotonic clock of what began and ends at these times: never later than it was meant to last from now on."""
    return None if until is None else now_s + (until - max(utc, since)).total_seconds()


class DrainBook:
    def __init__(self) -> None:
        self._running: dict[str, RunningDrain] = {}

    def drains(self) -> dict[str, Drain]:
        return {site: running.drain for site, running in self._running.items()}

    def get(self, site: str) -> Drain | None:
        running = self._running.get(site)
        return running.drain if running else None

    def start(
        self, site: str, reason: str, who: str, for_s: float | None, now_s: float, utc: datetime, owner: str | None = None
    ) -> Drain:
        """Begin, or replace what runs."""
        until = None if for_s is None else utc + timedelta(seconds=for_s)
        drain = Drain(site, reason, who, utc, until, owner)
        self._running[site] = RunningDrain(drain, None if for_s is None else now_s + for_s)
        return drain

    def restore(self, drain: Drain, now_s: float, utc: datetime) -> None:
        """One that ended meanwhile ends at the next look, and is told then.

        None lasts longer than it was meant to from here on: a machine may start with a clock of years ago.
        """
        self._running[drain.site] = RunningDrain(drain, ends_s(drain.since, drain.until, now_s, utc))

    def end(self, site: str) -> Drain | None:
        running = self._running.pop(site, None)
        return running.drain if running else None

    def due(self, now_s: float) -> list[str]:
        """Sites whose drain has ended by itself."""
        return [site for site, running in self._running.items() if running.ends_s is not None and now_s >= running.ends_s]

    def next_end_s(self) -> float | None:
        return min((run.ends_s for run in self._running.values() if run.ends_s is not None), default=None)

    def keep_sites(self, sites: Iterable[str]) -> None:
        known = frozenset(sites)
        self._running = {site: running for site, running in self._running.items() if site in known}
