"""Slots and keys of any octets in the file of the history: the rest of it is told, and is gone on with.

As a program it is an atheris fuzzer: `python -m tests.fuzz.fuzz_rollups`.
"""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gslb.state.rollups import Range, Rollups, Series, Tier

TIERS = (Tier(10, 6), Tier(60, 5))
START = 1_700_000_000
UP = Series("tokyo", "up")
_UTC = datetime(2026, 11, 23, tzinfo=UTC)


def one_input(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        book = Rollups(path, 20, _UTC, TIERS)
        book.write(START, {UP: 1.0})
        book.close()
        _tamper(path, data)
        book = Rollups(path, 20, _UTC, TIERS)
        book.write(START + 10, {UP: 0.0})
        assert book.read(Range(0, 6), START + 10).series[UP][-1] == 0.0
        book.close()


def _tamper(path: Path, data: bytes) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE slots SET cells = ?", (data,))
        connection.execute("INSERT INTO series VALUES (5, ?, 1, 1)", (data.decode("latin-1"),))
        connection.execute("INSERT INTO series VALUES (6, ?, 2, 1)", (data,))
    connection.close()


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
