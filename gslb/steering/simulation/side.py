"""One World in one view of one service, asked about many clients: which site comes first?

It is the engine that the table of answers is made by: the class of a client, what the filters make of that class, and the
client's slot. A property test says that it gives what `decide` gives.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gslb.model import SLOTS, Client, Family, Service, View, World
from gslb.steering.arrange import Plan, plan_of
from gslb.steering.classes import ClientClass
from gslb.steering.client import Lookup, locate
from gslb.steering.decide import judge
from gslb.steering.holding import needed
from gslb.steering.map import SteeringMap
from gslb.steering.shape import shape_of
from gslb.steering.standings import Standings

NOBODY = -1  # the number of no site

Firsts = Sequence[int]


class Found(NamedTuple):
    client: Client
    client_class: ClientClass
    slot: int
    site: int


class Side:
    """`numbers` says by which number a site is called. Raises StopIteration for a service that the World has not."""

    def __init__(self, world: World, lookup: Lookup, host: str, view: View, numbers: Mapping[str, int]) -> None:
        self.world, self.lookup, self.host, self.view = world, lookup, host, view
        self.service: Service = world.configuration.service(host)
        self.steering = SteeringMap(world.configuration, world.today, world.vantages).services[host]
        self.listed = world.configuration.sites
        self.sites = {site.id: numbers[site.id] for site in self.listed}
        self._standings = Standings(world, self.service, view)
        self._need = needed(world, self.service, view.door)
        self._firsts: dict[ClientClass, Firsts] = {}
        self._columns: dict[Plan, Firsts] = {}

    def find(self, family: Family, address: int, length: int) -> Found:
        return self.land(locate(self.lookup, family, address, length))

    def land(self, client: Client) -> Found:
        client_class, slot = self.steering.classify(client), self.steering.slot(client)
        return Found(client, client_class, slot, self.firsts(client_class)[slot])

    def firsts(self, client_class: ClientClass) -> Firsts:
        """By slot, the number of the site that a client of this class gets."""
        known = self._firsts.get(client_class)
        if known is None:
            known = self._firsts[client_class] = self._worked_out(client_class)
        return known

    def _worked_out(self, client_class: ClientClass) -> Firsts:
        judged = judge(self._standings, client_class, self._need)
        if judged.nothing is not None:
            return array("h", [NOBODY]) * SLOTS
        plan = plan_of(judged.scene, judged.field, 1)
        column = self._columns.get(plan)
        if column is None:
            shape = shape_of(plan, 1)
            sites = [self.sites[result.sites[0]] for result in shape.results]
            column = self._columns[plan] = array("h", [sites[pick] for pick in shape.picks])
        return column

    def alike(self, other: Side) -> bool:
        """Whether both place a client alike, and into the same class and slot: then that is done once."""
        mine, theirs = self.world.configuration, other.world.configuration
        return (
            self.lookup == other.lookup
            and mine.sites == theirs.sites
            and self.service == other.service
            and self.world.today == other.world.today
            and self.world.vantages == other.world.vantages
            and mine.probes.location == theirs.probes.location
            and mine.probes.vantage == theirs.probes.vantage
        )
