"""Findings grow into incidents. No I/O and no clock.

**Which belong together.** A finding goes to the open incident that it was part of before; else to one of its group that grew in
the last `gather_s`; else it begins one. A service without a single site takes the incidents of its sites of that time with it:
they go on as one. Sites of a service that is dark belong to it.

**When one is over.** When none of its findings has held for `settle_s`. What comes back before is the same incident: a site that
goes up and down all night is one, and whoever is told of it is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gslb.errors import UsageError
from gslb.model import Configuration, Severity
from gslb.state.incidents import words
from gslb.state.incidents.finding import Finding
from gslb.state.incidents.incident import Acknowledgement, Incident, Moment, worse

KEYS_MOST: Final = 1000
"""Findings that one incident remembers; each site of a large fleet is one."""


@dataclass(frozen=True, slots=True)
class Timing:
    gather_s: float = 600.0
    settle_s: float = 120.0


class IncidentBook:
    """`last` is the number of the newest incident of all, `restored` are those that were open."""

    def __init__(self, now_s: float, utc: datetime, last: int = 0, restored: Iterable[Incident] = ()) -> None:
        self.last = last
        self._found: Sequence[Finding] = ()  # of the last look
        self._kinds: dict[str, str] = {}  # of the last look, by key
        self._known: dict[str, int] = {}  # by the key of a finding, the incident that it was part of
        self._now_s = now_s
        self._open: dict[int, Incident] = {each.number: each for each in restored}
        # On the monotonic clock: when each grew last, and since when it is well.
        self._grown_s = {number: now_s - max(0.0, (utc - each.changed).total_seconds()) for number, each in self._open.items()}
        self._well_s: dict[int, float] = {number: now_s for number, each in self._open.items() if not each.active}

    @property
    def open(self) -> tuple[Incident, ...]:
        """The worst first, then the oldest."""
        return tuple(sorted(self._open.values(), key=rank))

    def look(
        self, found: Sequence[Finding], configuration: Configuration, timing: Timing, now_s: float, utc: datetime
    ) -> tuple[Incident, ...]:
        """Those that changed, closed ones among them. `found` is as `findings` gives it: the widest first."""
        self._now_s = now_s
        before = dict(self._open)
        self._known = {key: number for number, each in self._open.items() for key in each.keys}
        same, self._found = found is self._found, found
        kinds = {each.key: each.kind for each in found}
        homes: dict[int, list[Finding]] = {}
        closed: list[Incident] = []
        for each in found:
            number = self._home(each, configuration, timing, utc, closed)
            homes.setdefault(number, []).append(each)
        for number in list(self._open):
            if same and homes.get(number):
                continue  # nothing is new, and it goes on
            here = [each for gone in closed if gone.merged == number for each in homes.pop(gone.number, [])]
            self._follow(number, [*homes.get(number, []), *here], configuration, utc)
            if not homes.get(number) and not here and now_s - self._well_s[number] >= timing.settle_s:
                closed.append(self._close(number, utc, "it has stayed well"))
        self._kinds = kinds
        changed = [each for number, each in self._open.items() if before.get(number) != each]
        return (*changed, *closed)

    def acknowledge(self, number: int, who: str, note: str, utc: datetime) -> Incident:
        """Raises UsageError where no open incident has this number."""
        incident = self._open.get(number)
        if incident is None:
            raise UsageError(f"there is no open incident {number}")
        told = Moment(utc, "acknowledged", note or "somebody looks after it", who)
        self._open[number] = replace(incident.noted(told), acknowledged=Acknowledgement(who, utc, note))
        return self._open[number]

    def note(self, site: str, moment: Moment) -> tuple[Incident, ...]:
        """What somebody did about a site stands in the timelines of its incidents."""
        touched = [each for each in self._open.values() if site in each.sites]
        for each in touched:
            self._open[each.number] = each.noted(moment)
        return tuple(self._open[each.number] for each in touched)

    def weigh(self, number: int, incident: Incident) -> None:
        """The same incident with another impact."""
        if number in self._open:
            self._open[number] = incident

    def _home(self, found: Finding, configuration: Configuration, timing: Timing, utc: datetime, closed: list[Incident]) -> int:
        known = self._known.get(found.key)
        if known is not None and known in self._open:
            return known
        fitting = [number for number, incident in self._open.items() if self._fits(incident, found, timing)]
        if fitting:
            first, *others = fitting
            if found.kind == "service":
                closed += [self._merge(number, first, utc) for number in others]
                self._widen(first, found)
            return first
        self.last += 1
        authority = configuration.services[0].host if configuration.services else configuration.node
        tag = f"tag:{authority},{utc:%Y-%m-%d}:{configuration.node}/incidents/{self.last}"
        title = words.title([found], configuration)
        self._open[self.last] = Incident(self.last, tag, found.group, utc, utc, found.severity, title, sites=found.sites)
        self._grown_s[self.last] = self._now_s
        return self.last

    def _fits(self, incident: Incident, found: Finding, timing: Timing) -> bool:
        recent = self._now_s - self._grown_s[incident.number] < timing.gather_s
        if incident.group == found.group:
            return recent or found.kind == "region"
        if incident.group.startswith("service:") and found.group.startswith("sites:"):
            dark = any(key.startswith("service:") for key in incident.active)
            return (recent or dark) and set(found.sites) <= set(incident.sites)
        wider = found.kind == "service" and incident.group.startswith(("sites:", "service:"))
        return wider and recent and bool(set(found.sites) & set(incident.sites))

    def _widen(self, number: int, found: Finding) -> None:
        """It is of a whole service from now on: its sites belong to it, those that are looked at next too."""
        incident = self._open[number]
        group = incident.group if incident.group.startswith("service:") else found.group
        self._open[number] = replace(incident, group=group, sites=_union(incident.sites, found.sites))
        self._grown_s[number] = self._now_s

    def _merge(self, number: int, into: int, utc: datetime) -> Incident:
        gone, kept = self._open[number], self._open[into]
        self._known |= dict.fromkeys(gone.keys, into)
        self._open[into] = replace(
            kept,
            keys=_union(kept.keys, gone.keys),
            sites=_union(kept.sites, gone.sites),
            services=_union(kept.services, gone.services),
            regions=_union(kept.regions, gone.regions),
            severity=worse(kept.severity, gone.severity),
        )
        return replace(self._close(number, utc, f"it goes on as incident {into}"), merged=into)

    def _close(self, number: int, utc: datetime, why: str) -> Incident:
        self._well_s.pop(number, None)
        self._grown_s.pop(number, None)
        incident = self._open.pop(number)
        return replace(incident.noted(Moment(utc, "closed", why)), closed=utc, active=())

    def _follow(self, number: int, found: list[Finding], configuration: Configuration, utc: datetime) -> None:
        incident = self._open[number]
        active = tuple(dict.fromkeys(each.key for each in found))
        moments = self._moments(incident, found, active, utc)
        if not found:
            self._well_s.setdefault(number, self._now_s)
            self._open[number] = replace(incident, active=()).noted(*moments)
            return
        self._well_s.pop(number, None)
        if set(active) - set(incident.keys):
            self._grown_s[number] = self._now_s
        severity = incident.severity
        for each in found:
            severity = worse(severity, each.severity)
        self._open[number] = replace(
            incident,
            severity=severity,
            title=words.title(found, configuration),
            cause=words.cause(found),
            what_now=words.what_now(found),
            keys=_union(incident.keys, active)[:KEYS_MOST],
            active=active,
            sites=_union(incident.sites, *(each.sites for each in found)),
            services=_union(incident.services, *(each.services for each in found)),
            regions=_union(incident.regions, *(each.regions for each in found)),
        ).noted(*moments)

    def _is_other(self, found: Finding) -> bool:
        """Of another kind than a moment ago: down altogether and not in part, wrong and not merely down."""
        return self._kinds.get(found.key, found.kind) != found.kind

    def _moments(
        self, incident: Incident, found: Sequence[Finding], active: tuple[str, ...], utc: datetime
    ) -> tuple[Moment, ...]:
        had = set(incident.active)
        came = [each for each in found if each.key not in had]
        gone = [key for key in incident.active if key not in set(active)]
        kind = "opened" if not incident.timeline else "worse"
        told = [Moment(utc, kind if not number else "worse", each.message) for number, each in enumerate(came)]
        told += [Moment(utc, "changed", each.message) for each in found if each.key in had and self._is_other(each)]
        told += [Moment(utc, "better", f"{_subject(key)}: this is well again") for key in gone]
        if gone and not active:
            told.append(Moment(utc, "quiet", "nothing is wrong any more; it is over when it stays so"))
        return tuple(told[:KEYS_MOST])


def rank(incident: Incident) -> tuple[float, float, int]:
    """For sorting: the worst for clients first. Severity counts before the share of clients, and that before age."""
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    return order.index(incident.severity), -incident.impact.share_degraded, incident.number


def _subject(key: str) -> str:
    return key.partition(":")[2]


def _union(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part))
