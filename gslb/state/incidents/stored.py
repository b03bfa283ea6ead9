"""Incidents as JSON texts, and back. Reading is the parser of what a crash or another version may have written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gslb.model import Severity
from gslb.state.codec import LIST_LIMIT, TEXT_LIMIT, decode, encode
from gslb.state.incidents.incident import TIMELINE_FIRST, TIMELINE_LAST, Acknowledgement, Impact, Incident, Moment


@dataclass(frozen=True, slots=True)
class _Plain:
    """The fields of an incident that are no objects themselves."""

    number: int
    tag: str
    group: str
    opened: datetime
    changed: datetime
    severity: Severity
    title: str
    cause: str
    what_now: str
    sites: tuple[str, ...]
    services: tuple[str, ...]
    regions: tuple[str, ...]
    keys: tuple[str, ...]
    active: tuple[str, ...]
    closed: datetime | None
    merged: int | None


def document_of(incident: Incident) -> dict[str, Any]:
    """Of JSON values."""
    plain = {name: encode(getattr(incident, name)) for name in _Plain.__slots__}
    lists = ("sites", "services", "regions", "keys", "active")
    plain |= {name: plain[name][:LIST_LIMIT] for name in lists}
    plain |= {name: plain[name][:TEXT_LIMIT] for name in ("title", "cause", "what_now")}
    impact = incident.impact
    return {
        "plain": plain,
        "impact": [impact.share_degraded, impact.clients_per_s, dict(impact.capacity_left)],
        "timeline": [_moment_as_json(each) for each in incident.timeline],
        "acknowledged": None if incident.acknowledged is None else encode(incident.acknowledged),
    }


def to_json(incident: Incident) -> str:
    return json.dumps(document_of(incident))


def _moment_as_json(moment: Moment) -> dict[str, Any]:
    return {**encode(moment), "message": moment.message[:TEXT_LIMIT].replace("\x00", "")}


def from_json(text: str) -> Incident:
    """Raises ValueError."""
    try:
        return incident_of(json.loads(text))
    except RecursionError:
        raise ValueError("an incident: nested too deeply") from None


def incident_of(document: object) -> Incident:
    """Of what `document_of` gave. Raises ValueError."""
    if not isinstance(document, dict) or document.keys() != {"plain", "impact", "timeline", "acknowledged"}:
        raise ValueError("an incident: not the object that it should be")
    plain = decode(_Plain, document["plain"])
    timeline, noted = document["timeline"], document["acknowledged"]
    if not isinstance(timeline, list) or len(timeline) > TIMELINE_FIRST + TIMELINE_LAST:
        raise ValueError("an incident: its timeline is no list, or too long")
    return Incident(
        **{name: getattr(plain, name) for name in _Plain.__slots__},
        impact=_impact(document["impact"]),
        timeline=tuple(decode(Moment, each) for each in timeline),
        acknowledged=None if noted is None else decode(Acknowledgement, noted),
    )


def _impact(value: object) -> Impact:
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError("an incident: its impact is no list of three")
    share, per_s, left = value
    if not isinstance(left, dict) or len(left) > LIST_LIMIT or not all(_is_number(each) for each in left.values()):
        raise ValueError("an incident: what is left is no list of shares")
    if not _is_number(share) or not (per_s is None or _is_number(per_s)):
        raise ValueError("an incident: its share is no number")
    return Impact(float(share), None if per_s is None else float(per_s), {str(key): float(each) for key, each in left.items()})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
