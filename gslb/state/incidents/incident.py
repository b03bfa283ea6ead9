"""An incident: what belongs together of what is wrong, from when it was seen until it has been well for a while."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gslb.model import Severity

TIMELINE_FIRST: Final = 20
TIMELINE_LAST: Final = 80
"""Of a longer timeline the beginning and the end are kept: how it came, and how it is."""

ORDER: Final = (Severity.INFO, Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline. `kind` is a word: opened, worse, better, told, acknowledged, quiet, closed, …"""

    at: datetime  # UTC
    kind: str
    message: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """`share_degraded` (0..1) of all clients are sent elsewhere than if all were well. `capacity_left` (0..1) is by region."""

    share_degraded: float = 0.0
    clients_per_s: float | None = None  # of them, as far as it is counted
    capacity_left: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    who: str
    at: datetime  # UTC
    note: str


@dataclass(frozen=True, slots=True)
class Incident:
    """`keys` are those of all findings that it was ever made of, `active` of those that hold now. Times are UTC.

    `severity` is the worst that it came to. `tag` names it for good, everywhere (RFC 4151). `merged` is the incident as
    which this one goes on.
    """

    number: int
    tag: str
    group: str
    opened: datetime
    changed: datetime
    severity: Severity
    title: str
    cause: str = ""
    what_now: str = ""
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    impact: Impact = Impact()
    timeline: tuple[Moment, ...] = ()
    closed: datetime | None = None
    acknowledged: Acknowledgement | None = None
    merged: int | None = None

    @property
    def open(self) -> bool:
        return self.closed is None

    def noted(self, *moments: Moment) -> Incident:
        """With more lines at the end of its timeline, of which the middle goes when it grows too long."""
        if not moments:
            return self
        lines = (*self.timeline, *moments)
        if len(lines) > TIMELINE_FIRST + TIMELINE_LAST:
            lines = lines[:TIMELINE_FIRST] + lines[-TIMELINE_LAST:]
        return replace(self, timeline=lines, changed=moments[-1].at)


def limited(incident: Incident, sites: Collection[str]) -> Incident:
    """For somebody who may know of these sites alone: nothing in it is about others, though they are part of it."""
    own = tuple(site for site in incident.sites if site in sites)
    foreign = [re.escape(site) for site in incident.sites if site not in own]
    if not foreign:
        return incident
    named = re.compile(rf"(?<![\w.-])(?:{'|'.join(foreign)})(?![\w-])")
    words = f"{', '.join(own)} and others have trouble"
    noted = incident.acknowledged
    return replace(
        incident,
        sites=own,
        title=words if named.search(incident.title) else incident.title,
        cause=f"{words}." if named.search(incident.cause) else incident.cause,
        keys=(),
        active=("something",) if incident.active else (),
        timeline=tuple(moment for moment in incident.timeline if not named.search(moment.message)),
        acknowledged=noted if noted is None or not named.search(noted.note) else replace(noted, note=""),
    )


def worse(one: Severity, other: Severity) -> Severity:
    return max(one, other, key=ORDER.index)


def at_least(severity: Severity, bound: Severity) -> bool:
    return ORDER.index(severity) >= ORDER.index(bound)
