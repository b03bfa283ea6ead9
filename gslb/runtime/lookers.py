"""How the outlets of all workers are: what control tells people of dnstap and the query log."""

from __future__ import annotations

from typing import Any, Final

from gslb.model import Severity
from gslb.model.text import printable
from gslb.runtime.journal import Journal

MOST_WORDS: Final = 200

# By name of an outlet: kind of its events, what it is called, and the gauge of whether it works.
_KNOWN: Final = {
    "dnstap": ("dnstap", "dnstap", "gslb_dnstap_connected"),
    "query_log": ("query-log", "the query log", "gslb_query_log_open"),
}


class Lookers:
    """One event when an outlet fails for a first worker, one when it works for all of them again."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._works: dict[str, dict[int, bool]] = {name: {} for name in _KNOWN}
        self._failing: set[str] = set()

    def told(self, worker: int, outlets: object) -> None:
        """What `Observing.conditions` gave, after a journey as JSON: anything of another shape is not looked at."""
        told: dict[str, Any] = outlets if isinstance(outlets, dict) else {}
        for name, workers in self._works.items():
            condition = told.get(name)
            if isinstance(condition, list) and len(condition) == 2 and type(condition[0]) is bool:
                workers[worker] = condition[0]
                self._look(name, worker, str(condition[1]))
            elif workers.pop(worker, None) is not None:
                self._look(name, worker, "")

    def forget(self, worker: int) -> None:
        """It has ended."""
        self.told(worker, {})

    def gauges(self) -> dict[tuple[str, ...], float]:
        return {
            (_KNOWN[name][2], str(worker)): float(works)
            for name, workers in self._works.items()
            for worker, works in workers.items()
        }

    def _look(self, name: str, worker: int, why: str) -> None:
        failing = not all(self._works[name].values())
        kind, words, _ = _KNOWN[name]
        if failing and name not in self._failing:
            self._failing.add(name)
            message = f"{words} can't be written by worker {worker}; queries are answered as ever: {printable(why)[:MOST_WORDS]}"
            self._journal.tell(f"{kind}-failed", Severity.WARNING, kind, message)
        elif not failing and name in self._failing:
            self._failing.discard(name)
            self._journal.tell(f"{kind}-works", Severity.INFO, kind, f"{words} is written again, or not wanted any more")
