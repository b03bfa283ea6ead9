"""Work on a site that is planned: it is drained by itself when that begins, and comes back when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MaintenanceState(StrEnum):
    """Only ever the next one: a clock that is set back begins nothing twice."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """`id` is a word of ours; `owner` is who does the work, `who` is who planned it. Times are UTC."""

    id: str
    site: str
    start: datetime
    end: datetime
    reason: str
    who: str
    owner: str | None = None
    state: MaintenanceState = MaintenanceState.PLANNED

    @property
    def open(self) -> bool:
        return self.state in (MaintenanceState.PLANNED, MaintenanceState.RUNNING)
