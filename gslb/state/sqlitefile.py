"""A file of SQLite that keeps what may be lost, but not half: opened, or set aside where it is broken."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gslb.errors import StoreError

_BROKEN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Prepare = Callable[[sqlite3.Connection], None]


def open_file(path: Path, utc: datetime, prepare: Prepare) -> tuple[sqlite3.Connection, Path | None]:
    """The connection, which any thread may use, one at a time; and where a broken file went, with a new one in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _opened(path, prepare), None
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BROKEN:
            raise
        aside = _set_aside(path, utc)
        return _opened(path, prepare), aside


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raises StoreError, one sentence, for whatever goes wrong in it."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, OverflowError) as error:
        raise StoreError(f"{path}: {error}") from error


def _opened(path: Path, prepare: Prepare) -> sqlite3.Connection:
    _private(path)
    connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise _broken(verdict)
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _private(path: Path) -> None:
    """The node's own cookie secrets are in it: not for everybody to read. SQLite gives its other files the mode of this one."""
    with suppress(OSError):  # SQLite says it better
        if not path.exists():  # closing one that is open would end SQLite's locks on it
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
        for each in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))):
            if each.exists():
                each.chmod(each.stat().st_mode & 0o770)


def _broken(verdict: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _set_aside(path: Path, utc: datetime) -> Path:
    """Out of the way, with its log, which would otherwise be applied to the new file."""
    stamp = f"{utc.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = [f"{path}.corrupt-{stamp}", *(f"{path}.corrupt-{stamp}-{n}" for n in range(1, 100))]
    aside = Path(next(name for name in names if not os.path.exists(name)))
    for suffix in ("-wal", "-shm", ""):
        source = Path(f"{path}{suffix}")
        if source.exists():
            source.rename(f"{aside}{suffix}")
    return aside
