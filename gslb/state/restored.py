"""What a tracker knows, as it is stored, and what of it still counts after a restart.

Times inside are of the monotonic clock of the process that wrote them; `now_s` and `utc` are that process's
clocks at one moment, so that the next can move them onto its own. Health counts for five minutes. What operators ordered,
what is served of each release set, and the number of the World always do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from gslb.model import Drain, Maintenance, Override
from gslb.state.codec import decode, encode
from gslb.state.content.book import ContentMemory
from gslb.state.content.record import ContentRecord
from gslb.state.content.stored import memory_from, memory_to, without_old
from gslb.state.course import Course
from gslb.state.health import FORGET_S, HealthRecord
from gslb.state.latency import LatencyRecord

T = TypeVar("T")
Dated = TypeVar("Dated", HealthRecord, Course, LatencyRecord, ContentRecord)

FORMAT = 1
CLOCK_SLACK_S = 5.0  # a clock that was corrected by this much during the restart is believed


@dataclass(frozen=True, slots=True)
class Restored:
    """`fingerprints` tell whether a target is still the same. `faults` are what could not be read."""

    number: int
    now_s: float
    utc: datetime
    ready: bool = False
    records: Mapping[str, Mapping[str, HealthRecord]] = field(default_factory=dict)
    courses: Mapping[str, Course] = field(default_factory=dict)
    latency: Mapping[tuple[str, str], LatencyRecord] = field(default_factory=dict)
    ramps: Mapping[str, float] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    drains: tuple[Drain, ...] = ()
    overrides: tuple[Override, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    content: ContentMemory = field(default_factory=ContentMemory)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Head:
    format: int
    number: int
    now_s: float
    utc: datetime
    ready: bool


@dataclass(frozen=True, slots=True)
class _Ramp:
    since_s: float


@dataclass(frozen=True, slots=True)
class _Print:
    text: str


def rebased(restored: Restored, now_s: float, utc: datetime) -> Restored:
    """With its times on our clock, and without its health if that is too old or of an unknown age."""
    age_s = (utc - restored.utc).total_seconds()
    if not -CLOCK_SLACK_S <= age_s <= FORGET_S:
        return Restored(
            restored.number,
            now_s,
            utc,
            drains=restored.drains,
            overrides=restored.overrides,
            maintenance=restored.maintenance,
            content=without_old(restored.content, now_s),
            faults=restored.faults,
        )
    shift_s = now_s - max(0.0, age_s) - restored.now_s
    return replace(
        restored,
        now_s=now_s,
        utc=utc,
        records={
            vantage: {key: _shifted(record, shift_s) for key, record in records.items()}
            for vantage, records in restored.records.items()
        },
        courses={key: _shifted(course, shift_s) for key, course in restored.courses.items()},
        latency={key: _shifted(record, shift_s) for key, record in restored.latency.items()},
        ramps={site: since_s + shift_s for site, since_s in restored.ramps.items()},
        content=replace(
            restored.content, records={key: _shifted(each, shift_s) for key, each in restored.content.records.items()}
        ),
    )


def _shifted(value: Dated, shift_s: float) -> Dated:
    """Every time in a record moved: by our habit those are the fields that end in `_s`, and `changes`."""
    moved: dict[str, Any] = {}
    for each in fields(value):
        now = getattr(value, each.name)
        if each.name.endswith("_s") and now is not None:
            moved[each.name] = now + shift_s
        elif each.name == "changes":
            moved[each.name] = tuple(at + shift_s for at in now)
    return replace(value, **moved)


def to_json(restored: Restored) -> str:
    """Without what operators ordered, which the store keeps in rows of their own."""
    head = _Head(FORMAT, restored.number, restored.now_s, restored.utc.astimezone(UTC), restored.ready)
    document = {
        "head": encode(head),
        "records": {name: _encoded(records) for name, records in restored.records.items()},
        "courses": _encoded(restored.courses),
        "latency": [[*key, encode(record)] for key, record in restored.latency.items()],
        "ramps": {site: {"since_s": since_s} for site, since_s in restored.ramps.items()},
        "fingerprints": {key: {"text": text} for key, text in restored.fingerprints.items()},
        "content": memory_to(restored.content),
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def _encoded(records: Mapping[str, object]) -> dict[str, object]:
    return {key: encode(record) for key, record in records.items()}


def from_json(text: str) -> Restored:
    """Raises ValueError where the whole is unreadable; one bad entry is left out and told in `faults`."""
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")
    head = decode(_Head, document.get("head"))
    if head.format != FORMAT:
        raise ValueError(f"format {head.format} is not known here")
    faults: list[str] = []
    return Restored(
        number=head.number,
        now_s=head.now_s,
        utc=head.utc,
        ready=head.ready,
        records={
            name: _entries(HealthRecord, records, faults)
            for name, records in _object(document.get("records"), "records", faults).items()
        },
        courses=_entries(Course, document.get("courses"), faults),
        latency=_latency(document.get("latency"), faults),
        ramps={site: each.since_s for site, each in _entries(_Ramp, document.get("ramps"), faults).items()},
        fingerprints={key: each.text for key, each in _entries(_Print, document.get("fingerprints"), faults).items()},
        content=memory_from(document.get("content"), faults),
        faults=tuple(faults),
    )


def _object(value: object, what: str, faults: list[str]) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    faults.append(f"{what}: not an object")
    return {}


def _entries(kind: type[T], value: object, faults: list[str]) -> dict[str, T]:
    entries = {}
    for key, each in _object(value, kind.__name__, faults).items():
        entry = _entry(kind, each, key, faults)
        if entry is not None:
            entries[key] = entry
    return entries


def _latency(value: object, faults: list[str]) -> dict[tuple[str, str], LatencyRecord]:
    entries = {}
    for each in value if isinstance(value, list) else ["latency"]:
        match each:
            case [str() as vantage, str() as site, record]:
                entry = _entry(LatencyRecord, record, site, faults)
                if entry is not None:
                    entries[(vantage, site)] = entry
            case _:
                faults.append("latency: not an entry")
    return entries


def _entry(kind: type[T], value: object, what: str, faults: list[str]) -> T | None:
    try:
        return decode(kind, value)
    except ValueError as error:
        faults.append(f"{what[:100]!r}: {error}")
        return None
