"""What happened, for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for people. `number` grows by one an event and goes on after a restart."""

    number: int
    at: datetime  # UTC
    kind: str  # a word: "site-down", "drain", "reload-refused", …
    severity: Severity
    subject: str  # a site, service, file or node
    message: str
    who: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for; what is None asks for all. `since` is within, `until` is not."""

    kinds: frozenset[str] | None = None
    severities: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def matches(self, event: Event) -> bool:
        return (
            (self.kinds is None or event.kind in self.kinds)
            and (self.severities is None or event.severity.value in self.severities)
            and (self.subjects is None or event.subject in self.subjects)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
        )
