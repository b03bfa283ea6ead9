"""The table of incidents: the newest so many, open ones whatever their age."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from sqlite3 import Connection
from typing import Any

from gslb.state.incidents.incident import Incident
from gslb.state.incidents.stored import from_json, to_json
from gslb.state.store import Store


class IncidentShelf:
    """Every method raises StoreError. A row that can't be read is left out: one bad line hides no others."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, incidents: Iterable[Incident], most: int) -> None:
        with self._store.transaction() as connection:
            self.write(connection, incidents, most)

    def write(self, connection: Connection, incidents: Iterable[Incident], most: int) -> None:
        """As a part of a transaction of the store."""
        rows = [(each.number, each.opened.isoformat(), _iso(each), to_json(each)) for each in incidents]
        connection.executemany("REPLACE INTO incidents VALUES (?, ?, ?, ?)", rows)
        bound = (
            "DELETE FROM incidents WHERE closed IS NOT NULL AND number NOT IN"
            " (SELECT number FROM incidents ORDER BY number DESC LIMIT ?)"
        )
        connection.execute(bound, (most,))

    def open(self) -> tuple[Incident, ...]:
        return self._read("SELECT document FROM incidents WHERE closed IS NULL ORDER BY number", ())

    def page(self, limit: int, before: int | None = None) -> tuple[Incident, ...]:
        """The newest first; `before` is the number of one, for the page after it."""
        query = "SELECT document FROM incidents WHERE number < ? ORDER BY number DESC LIMIT ?"
        return self._read(query, (2**62 if before is None else before, limit))

    def find(self, number: int) -> Incident | None:
        found = self._read("SELECT document FROM incidents WHERE number = ?", (number,))
        return found[0] if found else None

    def last(self) -> int:
        """The highest number there ever was; 0 before the first. The newest incident is never thrown away."""
        with self._store.transaction() as connection:
            (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM incidents").fetchone()
        return number if isinstance(number, int) else 0

    def _read(self, query: str, values: tuple[object, ...]) -> tuple[Incident, ...]:
        with self._store.transaction() as connection:
            rows = connection.execute(query, values).fetchall()
        return tuple(_incidents(rows))


def _iso(incident: Incident) -> str | None:
    return None if incident.closed is None else incident.closed.isoformat()


def _incidents(rows: Iterable[tuple[Any, ...]]) -> Iterator[Incident]:
    for (text,) in rows:
        try:
            yield from_json(text if isinstance(text, str) else "")
        except ValueError:
            continue
