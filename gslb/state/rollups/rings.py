"""The rings in one file of SQLite: slots are written over when their turn comes, so it stops growing.

A slot of every ring has all series, as one blob, so a step of time costs three rows, however many series there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gslb.state.rollups.columns import Column, Series

VERSION: Final = 1
COLUMNS_MOST: Final = 1 << 16
_NUMBER_MOST: Final = 1 << 48  # of an epoch or a time: beyond, the file was not written by us
_RING: Final = 32  # bits of a position

_TABLES: Final = (
    "CREATE TABLE series (number INTEGER PRIMARY KEY, key TEXT NOT NULL, epoch INTEGER NOT NULL, used INTEGER NOT NULL)",
    # id: number of the tier, and the position in its ring
    "CREATE TABLE slots (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, epoch INTEGER NOT NULL, cells BLOB NOT NULL)",
    f"PRAGMA user_version = {VERSION}",
)


class Slot(NamedTuple):
    """`epoch`: which column was whose when it was written."""

    start_s: int
    epoch: int
    cells: bytes


def prepare(connection: sqlite3.Connection) -> None:
    """What is lost in a power cut are some seconds; the file stays whole."""
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA journal_size_limit = 4194304")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for table in ("series", "slots"):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute("COMMIT")


def columns(connection: sqlite3.Connection) -> Iterator[Column]:
    """Those that make sense."""
    for number, key, epoch, used in connection.execute("SELECT number, key, epoch, used FROM series"):
        series = Series.of(key)
        numbers = type(number) is int and type(epoch) is int and type(used) is int
        if series is not None and numbers and 0 <= number < COLUMNS_MOST and 0 <= epoch < _NUMBER_MOST:
            yield Column(number, series, epoch, used if abs(used) < _NUMBER_MOST else 0)


def keep_columns(connection: sqlite3.Connection, changed: Iterable[Column]) -> None:
    rows = [(column.number, column.series.key(), column.epoch, column.used_s) for column in changed]
    connection.executemany("REPLACE INTO series VALUES (?, ?, ?, ?)", rows)


def forget_columns(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    connection.executemany("DELETE FROM series WHERE number = ?", [(number,) for number in numbers])


def slot(connection: sqlite3.Connection, tier: int, position: int) -> Slot | None:
    query = "SELECT start, epoch, cells FROM slots WHERE id = ?"
    row = connection.execute(query, (tier << _RING | position,)).fetchone()
    return None if row is None else _slot(row)


def keep_slot(connection: sqlite3.Connection, tier: int, position: int, kept: Slot) -> None:
    connection.execute("REPLACE INTO slots VALUES (?, ?, ?, ?)", (tier << _RING | position, *kept))


def slots(connection: sqlite3.Connection, tier: int, first_s: int, last_s: int) -> Iterator[Slot]:
    """Of one ring, those that begin in this time, in no order."""
    query = "SELECT start, epoch, cells FROM slots WHERE id BETWEEN ? AND ? AND start BETWEEN ? AND ?"
    ring = tier << _RING, (tier + 1 << _RING) - 1
    for row in connection.execute(query, (*ring, first_s, last_s)):
        found = _slot(row)
        if found is not None:
            yield found


def octets(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(size)


def count(connection: sqlite3.Connection) -> int:
    (rows,) = connection.execute("SELECT count(*) FROM slots").fetchone()
    return int(rows)


def _slot(row: Sequence[object]) -> Slot | None:
    start, epoch, cells = row
    sound = type(start) is int and type(epoch) is int and isinstance(cells, bytes) and len(cells) <= 6 * COLUMNS_MOST
    if not sound or abs(start) >= _NUMBER_MOST or not 0 <= epoch < _NUMBER_MOST:  # type: ignore[arg-type,operator]
        return None
    return Slot(start, epoch, cells)  # type: ignore[arg-type]
