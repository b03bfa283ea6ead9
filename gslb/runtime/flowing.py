"""Who is sent where: from what the workers count, and beside it where the map would send those who asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from gslb.admin import Feed
from gslb.model import Configuration
from gslb.runtime.snapshot import Snapshot
from gslb.state.flows import STEP_S, FlowsSeen, FlowWindow, Recent, Seen
from gslb.steering import Locator, Lookup, SteeringMap
from gslb.steering.intended import intended

WINDOW_S: Final = 60.0
WATCHED_S: Final = 30.0  # for so long after a look the intended shares are kept fresh

METRICS: Final = {
    "gslb_flows": ("Flows (service, home region and country of clients, door, site) of the last seconds, of limits.flows.", ()),
    "gslb_flow_networks": ("Client networks in the sample of who asks, of limits.flow_networks.", ()),
    "gslb_flows_beyond_total": ("Answers that are in no flow, as a worker had no room for theirs.", ()),
    "gslb_flows_refused_total": ("Flows told by workers that were not understood, or beyond a bound.", ()),
}


class _Known(NamedTuple):
    """By what the intended shares are worked out; the locator is for one map, one lookup and one numbering of classes."""

    stamp: object
    locator: Locator


class Flowing:
    """Control's end. `version` grows when there is something new to look at."""

    def __init__(
        self,
        configuration: Callable[[], Configuration],
        lookup: Callable[[], Lookup],
        feed: Feed,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.version = 0
        self._configuration, self._lookup, self._feed, self._clock = configuration, lookup, feed, clock
        limits = configuration().limits
        self.window = FlowWindow(limits.flows, limits.flow_networks, clock())
        self._snapshot: Snapshot | None = None
        self._known: _Known | None = None
        self._numbers: dict[Any, int] = {}
        self._target: dict[tuple[str, str], float] = {}
        self._target_of: object = None
        self._looked_s = -WATCHED_S
        self._working = asyncio.Lock()

    # What comes in

    def told(self, tally: Mapping[str, Any]) -> None:
        """What `DataPlane.tally` gave, after a journey as JSON."""
        configuration = self._configuration()
        self.window.flows_max, self.window.networks_max = configuration.limits.flows, configuration.limits.flow_networks
        self.window.take(tally, configuration, self._clock())

    def published(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    async def run(self) -> None:
        """Until cancelled: keeps what is watched fresh."""
        while True:
            await asyncio.sleep(STEP_S)
            self.version += 1
            if self._feed.watchers or self._clock() - self._looked_s < WATCHED_S:
                await self.refresh()
                self._feed.changed()

    # What is asked

    def seen(self, service: str | None = None, window_s: float = WINDOW_S) -> FlowsSeen:
        """The flows of about the last so many seconds, of one service or of all."""
        self._looked_s = self._clock()
        return self.window.seen(self._looked_s, window_s, service)

    def targets(self, service: str | None = None) -> dict[str, float]:
        """The share of those who asked lately that the map intends for each site, as it was worked out last; {} if nobody
        knows."""
        found: dict[str, float] = {}
        for (host, site), weight in self._target.items():
            if service in (None, host):
                found[site] = found.get(site, 0.0) + weight
        whole = sum(found.values())
        return {site: weight / whole for site, weight in found.items()} if whole else {}

    def recent(self, service: str | None = None) -> tuple[Recent, ...]:
        """A sample of the clients of the last five minutes."""
        return self.window.recent(self._clock(), service)

    async def refresh(self) -> None:
        """Works the intended shares out, off the loop, where World or population are others than the last time."""
        snapshot = self._snapshot
        if snapshot is None:
            return
        async with self._working:
            stamp = (snapshot.world.number, int(self._clock() / STEP_S))
            if stamp == self._target_of:
                return
            self._target_of = stamp
            population, locator = self.window.population(self._clock()), self._locator(snapshot)
            self._target = await asyncio.to_thread(_intended, snapshot, locator, population)

    def _locator(self, snapshot: Snapshot) -> Locator:
        world, lookup = snapshot.world, self._lookup()
        stamp = (world.configuration.digest, world.today, snapshot.lineage, snapshot.geo, lookup)
        if self._known is None or self._known.stamp != stamp:
            self._numbers = {}
            steering = SteeringMap(world.configuration, world.today)
            locator = Locator(lookup, steering, self._numbers, 2 * world.configuration.limits.flow_networks)
            self._known = _Known(stamp, locator)
        for number in range(len(self._numbers), len(snapshot.classes)):
            self._numbers[snapshot.classes[number]] = number
        return self._known.locator

    # What is counted

    def counters(self) -> dict[tuple[str, ...], int]:
        return {("gslb_flows_refused_total",): self.window.refused}

    def gauges(self) -> dict[tuple[str, ...], float]:
        return {("gslb_flows",): self.window.flows, ("gslb_flow_networks",): len(self.window)}


def _intended(snapshot: Snapshot, locator: Locator, population: dict[Seen, float]) -> dict[tuple[str, str], float]:
    return intended(snapshot.world, snapshot.table, locator, population.items())
