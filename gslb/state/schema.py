"""The tables of the state file, and how older ones become the present ones."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from gslb.errors import StoreError

# Append only: a file in the field has run every one up to its version.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE documents (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE drains (site TEXT PRIMARY KEY, reason TEXT NOT NULL, who TEXT NOT NULL, since TEXT NOT NULL,"
        " until TEXT) WITHOUT ROWID",
        "CREATE TABLE events (number INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL,"
        " severity TEXT NOT NULL, subject TEXT NOT NULL, message TEXT NOT NULL, who TEXT NOT NULL,"
        " data TEXT NOT NULL)",
        "CREATE TABLE classes (digest TEXT PRIMARY KEY, blob BLOB NOT NULL) WITHOUT ROWID",
    ),
    (
        # What operators did, why, and how it was before and after, as JSON.
        "CREATE TABLE acts (number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL,"
        " by TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL, why TEXT NOT NULL, before TEXT NOT NULL,"
        " after TEXT NOT NULL, undoes INTEGER, undone_by INTEGER)",
        "CREATE TABLE tokens (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
        "ALTER TABLE drains ADD COLUMN owner TEXT",
        "CREATE TABLE overrides (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE maintenance (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE incidents (number INTEGER PRIMARY KEY, opened TEXT NOT NULL, closed TEXT, document TEXT NOT NULL)",
        # Messages to people that are still to be delivered.
        "CREATE TABLE notices (number INTEGER PRIMARY KEY, channel TEXT NOT NULL, due TEXT NOT NULL, document TEXT NOT NULL)",
    ),
)


def migrate(connection: sqlite3.Connection, utc: datetime) -> None:
    """Bring a file up to date, each step whole or not at all. Raises StoreError for a file from the future."""
    connection.execute("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, at TEXT NOT NULL)")
    (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    if version > len(MIGRATIONS):
        raise StoreError(f"the state file has version {version}, this program knows {len(MIGRATIONS)}: update it")
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", (number, utc.isoformat()))
