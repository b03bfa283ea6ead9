"""What the admin side asks of the incidents, and of the channels that tell of them (`gslb.runtime.incidents`, `…alerting`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gslb.model import Channel
from gslb.state.incidents import Incident


class Incidents(Protocol):
    @property
    def version(self) -> int:
        """Grows with every change of an open incident."""

    @property
    def open(self) -> Sequence[Incident]:
        """The worst for clients first."""

    def page(self, limit: int, before: int | None) -> Sequence[Incident]:
        """Open or not, the newest first; `before` is the number of one, for the page after it."""

    def find(self, number: int) -> Incident | None: ...

    def acknowledge(self, number: int, who: str, note: str) -> Incident:
        """Raises UsageError where no open incident has this number."""


@dataclass(frozen=True, slots=True)
class ChannelReport:
    """How one channel is. Times are UTC; `waiting` messages are still to be delivered, `failures` in a row were not."""

    channel: Channel
    last_sent: datetime | None
    last_error: str | None
    waiting: int
    failures: int


@dataclass(frozen=True, slots=True)
class Tried:
    delivered: bool
    error: str | None


class Channels(Protocol):
    def reports(self) -> Sequence[ChannelReport]: ...

    async def test(self, name: str) -> Tried:
        """Send one message now, and say what became of it. Raises UsageError if there is no such channel, BusyError if
        another test of it runs."""
