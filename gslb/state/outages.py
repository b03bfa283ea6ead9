"""Where nobody is left: told when it begins, and when it is over.

For each service, door and family it is counted how many sites are left, so that a site that fails, comes back or is drained
costs no look at all the others. `worlds.outages` is the same as one whole look; a property test holds the one to the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from gslb.model import Configuration, Event, StandingKey
from gslb.state import events, worlds
from gslb.state.events import EventBook
from gslb.state.standing import StandingBook
from gslb.state.worlds import Outage, is_alive, outage_of


class Left:
    """How many sites are left of one configuration."""

    def __init__(self, standings: StandingBook) -> None:
        self._standings = standings
        self._alive: set[StandingKey] = set()
        self._counted: set[StandingKey] = set()
        self._out: frozenset[str] = frozenset()
        self._of_site: dict[str, list[StandingKey]] = {}
        self._of_outage: dict[Outage, list[StandingKey]] = {}
        for place in standings.places:
            self._of_site.setdefault(place.site, []).append(place)
            self._of_outage.setdefault(outage_of(place), []).append(place)
        self._counts = dict.fromkeys(self._of_outage, 0)

    def look(self, out: Iterable[str]) -> set[Outage]:
        """Where something has changed since the last look; at the first, all. `out` are the sites that are drained."""
        before, self._out = self._out, frozenset(out)
        touched = {place for site in before ^ self._out for place in self._of_site.get(site, ())}
        for place, standing in self._standings.take_news():
            (self._alive.add if is_alive(standing) else self._alive.discard)(place)
            touched.add(place)
        for place in touched:
            self._count(place)
        return {outage_of(place) for place in touched}

    def has_somebody(self, outage: Outage) -> bool:
        """True of one that is of no service any more: there nobody is missing."""
        return self._counts.get(outage) != 0

    def has_last_resort(self, outage: Outage) -> bool:
        """Whether failing open leaves a site."""
        found = self._standings.now()
        return worlds.has_last_resort(outage, {place: found[place] for place in self._of_outage[outage]}, self._out)

    def _count(self, place: StandingKey) -> None:
        counts = place in self._alive and place.site not in self._out
        if counts is not (place in self._counted):
            self._counts[outage_of(place)] += 1 if counts else -1
            (self._counted.add if counts else self._counted.discard)(place)


class OutageBook:
    """What of it was told. `left` is another one with each configuration."""

    def __init__(self, book: EventBook) -> None:
        self._book = book
        self._known: frozenset[Outage] = frozenset()

    def note(self, left: Left, configuration: Configuration, out: Collection[str], utc: datetime) -> list[Event]:
        had = self._known
        touched = left.look(out)
        over = {each for each in had if left.has_somebody(each)}
        new = {each for each in touched - had if not left.has_somebody(each)}
        self._known = (had - over) | new
        told = [events.all_down(self._book, utc, each, configuration, left.has_last_resort(each)) for each in sorted(new)]
        return told + [events.all_down_over(self._book, utc, each) for each in sorted(over)]

    def restore(self, left: Left, out: Collection[str]) -> None:
        """They were told before."""
        self._known = frozenset(each for each in left.look(out) if not left.has_somebody(each))
