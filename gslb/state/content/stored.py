"""What is known of release sets as plain JSON values, and back. What can't be read is left out and told, never raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from gslb.model import Hold, SetKey
from gslb.state.codec import decode, encode
from gslb.state.content.book import ContentMemory
from gslb.state.content.editions import Generation
from gslb.state.content.record import ContentRecord, fresh_record
from gslb.state.content.sets import SetState

T = TypeVar("T")
ENTRIES_LIMIT: Final = 1_000_000
_REDONE: Final = "it was wrong before the restart"


@dataclass(frozen=True, slots=True)
class _Set:
    """A SetState without its list."""

    served: str
    since: datetime | None
    firm: bool
    rolling: bool
    few: bool
    short: bool
    newer: str
    words: str


def memory_to(memory: ContentMemory) -> dict[str, Any]:
    return {
        "records": {key: encode(each) for key, each in memory.records.items()},
        "fingerprints": dict(memory.fingerprints),
        "sets": [[*key, *_set_to(state)] for key, state in memory.sets.items()],
    }


def _set_to(state: SetState) -> Iterator[Any]:
    yield {name: encode(getattr(state, name)) for name in _Set.__slots__}
    yield [encode(each) for each in state.generations]


def memory_from(value: object, faults: list[str]) -> ContentMemory:
    """Nothing at all is what an older version has kept."""
    if value is None:
        return ContentMemory()
    if not isinstance(value, dict):
        faults.append("content: not an object")
        return ContentMemory()
    prints = _mapping(value.get("fingerprints"), "fingerprints", faults)
    records = _mapping(value.get("records"), "records", faults)
    return ContentMemory(
        records=dict(_read(records, lambda each: decode(ContentRecord, each), faults)),
        sets=dict(_sets(value.get("sets"), faults)),
        fingerprints={key: text for key, text in prints.items() if isinstance(text, str)},
    )


def _mapping(value: object, what: str, faults: list[str]) -> dict[str, object]:
    if isinstance(value, dict) and len(value) <= ENTRIES_LIMIT:
        return value
    faults.append(f"content: {what}: not an object")
    return {}


def _read(entries: Mapping[str, object], read: Callable[[object], T], faults: list[str]) -> Iterator[tuple[str, T]]:
    for key, each in entries.items():
        try:
            yield key, read(each)
        except ValueError as error:
            faults.append(f"content: {key[:100]!r}: {error}")


def _sets(value: object, faults: list[str]) -> Iterator[tuple[SetKey, SetState]]:
    for entry in value if isinstance(value, list) else [None]:
        match entry:
            case [str() as service, str() as content, state, list() as generations]:
                read = _read({content: (state, generations)}, _set_from, faults)
                yield from ((SetKey(service, content), each) for _, each in read)
            case _:
                faults.append("content: not a set")


def _set_from(value: Any) -> SetState:
    state, generations = value
    known = tuple(decode(Generation, each) for each in generations)
    if len({each.name for each in known}) < len(known):
        raise ValueError("a generation twice")
    plain = decode(_Set, state)
    return SetState(**{name: getattr(plain, name) for name in _Set.__slots__}, generations=known)


def without_old(memory: ContentMemory, now_s: float) -> ContentMemory:
    """After a long time: what is served goes on, and what was wrong stays wrong until it is seen mended."""
    wrong = {key: _redone(each, now_s) for key, each in memory.records.items() if each.hold is Hold.WRONG}
    return replace(memory, records=wrong)


def _redone(record: ContentRecord, now_s: float) -> ContentRecord:
    reason = record.reason if record.reason.endswith(_REDONE) else f"{record.reason}; {_REDONE}"
    fresh = fresh_record(now_s)
    return replace(fresh, hold=Hold.WRONG, reason=reason, generation=record.generation, last_s=now_s)
