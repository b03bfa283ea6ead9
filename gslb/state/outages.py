"""Where nobody is left: told when it begins, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gslb.model import Configuration, Drain, Event, Standing, StandingKey
from gslb.state import events, worlds
from gslb.state.events import EventBook
from gslb.state.worlds import Outage


class OutageBook:
    def __init__(self, book: EventBook) -> None:
        self._book = book
        self._known: frozenset[Outage] = frozenset()

    def note(
        self, configuration: Configuration, found: Mapping[StandingKey, Standing], drains: Mapping[str, Drain], utc: datetime
    ) -> list[Event]:
        had, self._known = self._known, worlds.outages(configuration, found, drains)
        told = []
        for each in sorted(self._known - had):
            left = worlds.has_last_resort(each, found, drains)
            told.append(events.all_down(self._book, utc, each, configuration, left))
        return told + [events.all_down_over(self._book, utc, each) for each in sorted(had - self._known)]

    def restore(self, configuration: Configuration, found: Mapping[StandingKey, Standing], drains: Mapping[str, Drain]) -> None:
        """They were told before."""
        self._known = worlds.outages(configuration, found, drains)
