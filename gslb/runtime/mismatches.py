"""Files that were served through and were not what their manifest says: control tells people which site gave them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gslb.model import Severity
from gslb.model.text import printable
from gslb.runtime.journal import Journal

METRIC: Final = "gslb_through_mismatches_total"
AGAIN_S: Final = 600.0  # for the same site: a client may ask for the same file again and again
MOST_KNOWN: Final = 1000


class Mismatches:
    """One event for a service and site, and the next one after AGAIN_S at the soonest."""

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal = journal
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def told(self, counts: object) -> None:
        """Of a tally, after a journey as JSON: anything of another shape is not looked at."""
        for row in counts if isinstance(counts, list) else ():
            if isinstance(row, list) and len(row) == 4 and row[0] == METRIC and all(isinstance(one, str) for one in row[1:3]):
                self._look(row[1], row[2])

    def _look(self, service: str, site: str) -> None:
        now = self._clock()
        last = self._told.get((service, site))
        if last is not None and now < last + AGAIN_S:
            return
        if len(self._told) >= MOST_KNOWN:
            self._told.clear()
        self._told[service, site] = now
        message = (
            f"a file of {printable(service)} that was served through from {printable(site)} is not what its manifest says; "
            "the client was cut off before the last octets"
        )
        self._journal.tell("through-mismatch", Severity.ERROR, site, message)
