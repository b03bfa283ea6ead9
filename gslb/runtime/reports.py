"""What a worker was told by clients, until control is told of it with the next tally."""

from __future__ import annotations

from typing import Any, Final

from gslb.redirect.boot.measured import Measured

MOST_WAITING: Final = 1000


class Waiting:
    """Reports of what clients measured."""

    def __init__(self) -> None:
        self._rows: list[list[Any]] = []

    def add(self, report: Measured) -> bool:
        """Whether there was room."""
        if len(self._rows) >= MOST_WAITING:
            return False
        self._rows.append([report.token, report.network, [list(each) for each in report.ms]])
        return True

    def taken(self) -> list[list[Any]]:
        rows, self._rows = self._rows, []
        return rows
