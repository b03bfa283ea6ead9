"""The table of messages that wait, and what each channel has been told. Every method raises StoreError."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Final

from gslb.state.alerts.notice import Notice, from_json, to_json
from gslb.state.store import Store

DOCUMENT: Final = "alerts"


class NoticeShelf:
    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> tuple[Notice, ...]:
        """Those that wait, the oldest first. A row that can't be read is left out."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT document FROM notices ORDER BY number").fetchall()
        found = []
        for (text,) in rows:
            try:
                found.append(from_json(text if isinstance(text, str) else ""))
            except ValueError:
                continue
        return tuple(found)

    def told(self) -> str:
        """What a Desk gave; "" before the first time."""
        return self._store.document(DOCUMENT) or ""


def write(connection: Connection, kept: Iterable[Notice], gone: Iterable[int], told: str | None) -> None:
    """As a part of a transaction of the store: messages that are new or have another time, those that are done with, and what
    the desk knows, if that is another."""
    rows = [(each.number, each.channel, each.due.isoformat(), to_json(each)) for each in kept]
    connection.executemany("REPLACE INTO notices VALUES (?, ?, ?, ?)", rows)
    connection.executemany("DELETE FROM notices WHERE number = ?", [(number,) for number in gone])
    if told is not None:
        connection.execute("REPLACE INTO documents VALUES (?, ?)", (DOCUMENT, told))
