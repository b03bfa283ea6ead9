"""Which share of clients each site has while all is well: what an incident of it costs.

Worked out by a simulation with the users of all countries, in a process of its own, and only when there is an incident to
weigh: then once for a configuration. Until it is known, shares go by capacity.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gslb.errors import GslbError
from gslb.model import Configuration, Door, Service, View, World
from gslb.runtime.incidents import Incidents
from gslb.runtime.simulating import Simulating
from gslb.steering.simulation import Outcome, Question
from gslb.steering.simulation.change import under

LOOK_EVERY_S: Final = 2.0
AFTER_S: Final = 10.0
"""An incident lasts so long before a process is spent on it."""
TRY_AGAIN_S: Final = 60.0


class Wellbeing:
    """Sets `incidents.shares`."""

    def __init__(self, simulating: Simulating, incidents: Incidents, after_s: float = AFTER_S) -> None:
        self._simulating, self._incidents, self._after_s = simulating, incidents, after_s
        self._known: Configuration | None = None

    async def run(self, world: Callable[[], World]) -> None:
        """Until cancelled."""
        while True:
            pause_s = LOOK_EVERY_S
            if world().configuration is not self._known:
                self._known, self._incidents.shares = None, None
                if self._wanted():
                    pause_s = await self._work_out(world())
            await asyncio.sleep(pause_s)

    def _wanted(self) -> bool:
        now = datetime.now(UTC)
        return any((now - each.opened).total_seconds() >= self._after_s for each in self._incidents.open if each.sites)

    async def _work_out(self, world: World) -> float:
        """How long to wait before the next look."""
        try:
            shares = await self._shares(world)
        except GslbError:
            return TRY_AGAIN_S  # counted there; shares go by capacity
        except Exception as error:
            self._incidents.failed(error)
            return TRY_AGAIN_S
        self._known, self._incidents.shares = world.configuration, shares
        return LOOK_EVERY_S

    async def _shares(self, world: World) -> Mapping[str, float]:
        """The mean over the services."""
        well = well_world(world)
        services = world.configuration.services
        shares = {site.id: 0.0 for site in world.configuration.sites}
        for service in services:
            answer = await self._simulating.run(Question(well, well, service.host, _view(service, world.configuration)))
            if isinstance(answer.found, Outcome):
                for row in answer.found.sites:
                    shares[row.site] += row.before.share / len(services)
        return shares


def well_world(world: World) -> World:
    """The same, as if nothing were wrong with any site, and none were drained."""
    bare = replace(world, standings={}, drains={}, slow=frozenset(), holdings={}, editions={}, manifests={}, ready=True)
    return under(bare, world.configuration)


def _view(service: Service, configuration: Configuration) -> View:
    base = View.DNS4 if Door.DNS in service.via else View.HTTP4
    alone = all(address.version == 6 for site in configuration.sites for address in site.addresses)
    return View(base + alone)
