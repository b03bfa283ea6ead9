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
