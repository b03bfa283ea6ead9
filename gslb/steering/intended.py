"""Where the map sends those who ask, as it is now: beside it stands where they were sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from gslb.model import Choice, Family, Request, View, World
from gslb.steering.decide import decide
from gslb.steering.locator import Locator
from gslb.steering.table import Table

# Service, view, and network of a client in the full width of its family, with its length.
Client = tuple[str, View, Family, int, int]

DECISIONS_MOST = 200  # of classes that the table does not have yet: each takes as long as a hundred others


def intended(
    world: World, table: Table, locator: Locator, population: Iterable[tuple[Client, float]]
) -> dict[tuple[str, str], float]:
    """The weight of the clients whose first choice is a site, by service and site; "" is none."""
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    services = {service.host for service in world.configuration.services}
    left = DECISIONS_MOST
    for (service, view, family, network, length), weight in population:
        if service not in services:
            continue
        located = locator.find(service, family, network, length)
        choices: tuple[Choice, ...]
        if located.number is not None and located.number < len(table):
            choices = table.outcomes[table.number(view, located.number, located.slot)].choices
        elif left:
            left -= 1
            choices = decide(world, located.client, Request(service, view), trace=False).choices
        else:
            continue
        found[service, choices[0].site if choices else ""] += weight
    return dict(found)
