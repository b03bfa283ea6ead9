"""What survives a restart, in one SQLite file.

Every write is a transaction in the write-ahead log, so that a process killed at any moment leaves the last whole
state. A file that is not a database any more is set aside and a new one begun: to run without a memory is better
than not to run. Whatever else goes wrong (disk full, read-only) is a StoreError, and the caller goes on without it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from gslb.model import Drain, Event, EventFilter, Severity
from gslb.state.codec import TEXT_LIMIT, decode
from gslb.state.restored import Restored, from_json, to_json
from gslb.state.schema import migrate
from gslb.state.sqlitefile import open_file, told

EVENTS_KEPT = 10_000
NUMBERS_AHEAD = 60
"""Worlds published between two saves: one a second for a minute. After a crash that many numbers are skipped."""

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Store:
    """Opens or makes the file at `path`. Raises StoreError. Any thread may use it.

    `set_aside` is where a broken file went, or None.
    """

    def __init__(self, path: str | os.PathLike[str], utc: datetime, events_kept: int = EVENTS_KEPT) -> None:
        self.path = Path(path)
        self._events_kept = events_kept
        self._lock = threading.Lock()
        with told(self.path):
            self._connection, self.set_aside = open_file(self.path, utc, partial(_prepare, utc=utc))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def save(self, state: Restored, *, closing: bool = False) -> None:
        """The tracker's state, the drains and the number of the World: all of them or none.

        `closing`: no World will be published after this, so no numbers need to be kept free.
        """
        number = state.number if closing else state.number + NUMBERS_AHEAD
        text = to_json(state)
        with self.transaction() as connection:
            connection.execute("REPLACE INTO documents VALUES ('tracker', ?)", (text,))
            connection.execute("REPLACE INTO counters VALUES ('world', ?)", (number,))
            _replace_drains(connection, state.drains)

    def keep_drains(self, drains: Iterable[Drain]) -> None:
        """These alone, and soon: whoever drains a site is answered when that is on the disk."""
        with self.transaction() as connection:
            _replace_drains(connection, drains)

    def load(self) -> Restored | None:
        """What was saved last, or None. What can't be understood is left out and told in `faults`."""
        with self.transaction() as connection:
            text = _one(connection, "SELECT text FROM documents WHERE name = 'tracker'")
            number = _one(connection, "SELECT value FROM counters WHERE name = 'world'")
            rows = connection.execute("SELECT site, reason, who, since, until, owner FROM drains").fetchall()
        if text is None and number is None and not rows:
            return None
        faults: list[str] = []
        state = _tracker(text, faults)
        drains = tuple(_drains(rows, faults))
        known = number if isinstance(number, int) and number >= 0 else state.number
        return replace(state, number=known, drains=drains, faults=(*state.faults, *faults))

    def append(self, events: Iterable[Event]) -> None:
        """Keep events; the oldest beyond the bound go."""
        rows = [_event_row(event) for event in events]
        with self.transaction() as connection:
            connection.executemany("REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            bound = "DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?"
            connection.execute(bound, (self._events_kept,))

    def events(self, limit: int = 100, before: int | None = None, wanted: EventFilter | None = None) -> tuple[Event, ...]:
        """The newest first; `before` is the number of an event, for the page after it."""
        condition, values = _condition(wanted or EventFilter())
        query = (
            "SELECT number, at, kind, severity, subject, message, who, data FROM events"  # noqa: S608 - of our own words
            f" WHERE number < ?{condition} ORDER BY number DESC LIMIT ?"
        )
        with self.transaction() as connection:
            rows = connection.execute(query, (2**62 if before is None else before, *values, limit)).fetchall()
        return tuple(_events(rows))

    def last_event_number(self) -> int:
        """0 if there is none: what an EventBook begins with."""
        with self.transaction() as connection:
            number = _one(connection, "SELECT max(number) FROM events")
        return number if isinstance(number, int) else 0

    def save_classes(self, digest: str, blob: bytes) -> None:
        """The classes of clients learned under the map of this digest; those of other maps are forgotten."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM classes")
            connection.execute("INSERT INTO classes VALUES (?, ?)", (digest, blob))

    def load_classes(self, digest: str) -> bytes | None:
        with self.transaction() as connection:
            blob = _one(connection, "SELECT blob FROM classes WHERE digest = ?", (digest,))
        return blob if isinstance(blob, bytes) else None

    def keep_document(self, name: str, text: str) -> None:
        """Any text by a name of its own, such as the serials of zones; "tracker" is taken."""
        with self.transaction() as connection:
            connection.execute("REPLACE INTO documents VALUES (?, ?)", (name, text))

    def document(self, name: str) -> str | None:
        with self.transaction() as connection:
            text = _one(connection, "SELECT text FROM documents WHERE name = ?", (name,))
        return text if isinstance(text, str) else None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done in it, or none. Raises StoreError. For the modules beside this one that keep tables of their own."""
        with told(self.path), self._lock, self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection


def _prepare(connection: sqlite3.Connection, utc: datetime) -> None:
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.execute("PRAGMA synchronous = FULL")  # a drain is a promise; a power cut does not take it back
    migrate(connection, utc)


def _one(connection: sqlite3.Connection, query: str, values: Sequence[object] = ()) -> Any:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def _tracker(text: object, faults: list[str]) -> Restored:
    try:
        return from_json(text if isinstance(text, str) else "")
    except ValueError as error:
        faults.append(f"the state of the tracker: {error}")
        return Restored(0, 0.0, _NEVER)


def _replace_drains(connection: sqlite3.Connection, drains: Iterable[Drain]) -> None:
    connection.execute("DELETE FROM drains")
    connection.executemany("INSERT INTO drains VALUES (?, ?, ?, ?, ?, ?)", [_drain_row(drain) for drain in drains])


def _drain_row(drain: Drain) -> tuple[str | None, ...]:
    until = drain.until.isoformat() if drain.until else None
    owner = None if drain.owner is None else clean(drain.owner)
    return (drain.site, clean(drain.reason), clean(drain.who), drain.since.isoformat(), until, owner)


def _drains(rows: Iterable[tuple[Any, ...]], faults: list[str]) -> Iterator[Drain]:
    for row in rows:
        try:
            yield decode(Drain, dict(zip(("site", "reason", "who", "since", "until", "owner"), row, strict=True)))
        except ValueError as error:
            faults.append(f"a drain: {error}")


@dataclass(frozen=True, slots=True)
class _EventRow:
    number: int
    at: datetime
    kind: str
    severity: Severity
    subject: str
    message: str
    who: str
    data: str


def _event_row(event: Event) -> tuple[object, ...]:
    words = (event.kind, event.severity.value, event.subject, event.message, event.who)
    return (event.number, event.at.isoformat(), *map(clean, words), json.dumps(dict(event.data)))


def _condition(wanted: EventFilter) -> tuple[str, list[str]]:
    """SQL, and the values for its question marks. Times are text in UTC, so that they compare as they follow each other."""
    words, values = "", []
    for column, among in (("kind", wanted.kinds), ("severity", wanted.severities), ("subject", wanted.subjects)):
        if among is not None:
            words += f" AND {column} IN ({', '.join('?' * len(among))})"
            values += sorted(among)
    for sign, at in ((">=", wanted.since), ("<", wanted.until)):
        if at is not None:
            words += f" AND at {sign} ?"
            values.append(at.astimezone(UTC).isoformat())
    return words, values


def _events(rows: Iterable[tuple[Any, ...]]) -> Iterator[Event]:
    """Rows that are none are left out: one bad line of a log is no reason to hide the others."""
    for row in rows:
        try:
            read = decode(_EventRow, dict(zip(_EventRow.__slots__, row, strict=True)))
            data = json.loads(read.data)
        except (ValueError, RecursionError):
            continue
        plain = {str(key): str(value) for key, value in data.items()} if isinstance(data, dict) else {}
        words = (read.kind, read.severity, read.subject, read.message, read.who)
        yield Event(read.number, read.at, *words, plain)


def clean(text: str) -> str:
    """As it can be read back: half a surrogate pair, a NUL or a novel came from somebody's JSON."""
    return text[:TEXT_LIMIT].replace("\x00", "").encode("utf-8", "replace").decode()
