"""The standing of every site, kept: made anew where the bearing of a target has changed, and nowhere else.

A node with 300 sites and 20 services has 12,000 targets. To look at all of them for each that changes would hold up
everything else that control does: in the first round each result is a change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from gslb.model import Address, Configuration, Standing, StandingKey
from gslb.state import worlds
from gslb.state.targets import TargetKey
from gslb.state.worlds import Bearing


class StandingBook:
    """Of one configuration. `bearing` tells how a target is used now, by the text of its key."""

    def __init__(self, configuration: Configuration, keys: Mapping[str, TargetKey], bearing: Callable[[str], Bearing]) -> None:
        self._keys, self._bearing = keys, bearing
        interval_s = configuration.probes.interval_s
        self._most = {service.host: worlds.most_checks(service, interval_s) for service in configuration.services}
        self._places: dict[StandingKey, dict[Address, str]] = {}
        for text, key in keys.items():
            self._places.setdefault(key.standing, {})[key.address] = text
        self._known: dict[StandingKey, Standing] = {}
        self._stale: dict[StandingKey, None] = dict.fromkeys(self._places)
        self._news: dict[StandingKey, None] = {}

    @property
    def places(self) -> Collection[StandingKey]:
        return self._places.keys()

    def changed(self, text: str) -> None:
        """The bearing of this target is another one."""
        self._stale[self._keys[text].standing] = None

    def now(self) -> Mapping[StandingKey, Standing]:
        """All of them, always in the same order. Not a copy: it changes with the next call."""
        stale, self._stale = self._stale, {}
        for place in stale:
            bearings = {address: self._bearing(text) for address, text in self._places[place].items()}
            self._known[place] = worlds.standing(place.door, bearings, self._most[place.service])
        self._news |= stale
        return self._known

    def take_news(self) -> list[tuple[StandingKey, Standing]]:
        """Those that were made anew since this was last asked."""
        known = self.now()
        news, self._news = self._news, {}
        return [(place, known[place]) for place in news]
