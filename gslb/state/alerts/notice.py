"""A message that is to go out by one channel, and its place in the state file.

What it says is settled when it is made: whoever gets it twice, as after a crash, gets the same, with the same `id`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from gslb.state.codec import decode, encode
from gslb.state.incidents import Incident
from gslb.state.incidents.stored import document_of, incident_of

INCIDENTS_MOST: Final = 50
"""In one message; of more it is said how many there were."""
MOMENTS_MOST: Final = 5


class NoticeKind(StrEnum):
    OPENED = "opened"
    RISEN = "risen"
    REPEAT = "repeat"
    CLOSED = "closed"
    SUMMARY = "summary"  # of quiet hours
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Notice:
    """`incidents` as they were at `at`; `more` that there was no room for. `due` is when it is tried next. All UTC."""

    number: int
    id: str
    channel: str
    kind: NoticeKind
    at: datetime
    due: datetime
    incidents: tuple[Incident, ...] = ()
    more: int = 0
    attempts: int = 0

    def about(self, *incidents: Incident) -> Notice:
        shown = tuple(replace(each, timeline=each.timeline[-MOMENTS_MOST:], keys=()) for each in incidents[:INCIDENTS_MOST])
        return replace(self, incidents=shown, more=max(0, len(incidents) - INCIDENTS_MOST))


@dataclass(frozen=True, slots=True)
class _Plain:
    number: int
    id: str
    channel: str
    kind: NoticeKind
    at: datetime
    due: datetime
    more: int
    attempts: int


def to_json(notice: Notice) -> str:
    plain = {name: encode(getattr(notice, name)) for name in _Plain.__slots__}
    return json.dumps({**plain, "incidents": [document_of(each) for each in notice.incidents]})


def from_json(text: str) -> Notice:
    """Raises ValueError."""
    try:
        document = json.loads(text)
        incidents = document.pop("incidents") if isinstance(document, dict) and "incidents" in document else None
        if not isinstance(incidents, list) or len(incidents) > INCIDENTS_MOST:
            raise ValueError("a message: it has no list of incidents")
        plain = decode(_Plain, document)
        return Notice(
            **{name: getattr(plain, name) for name in _Plain.__slots__},
            incidents=tuple(incident_of(each) for each in incidents),
        )
    except RecursionError:
        raise ValueError("a message: nested too deeply") from None
