"""Where a crowd lands on both sides: before a change and after it.

What is added up is small, whatever the crowd: by place, vantages near it, and the two sites. Tallies of parts of a crowd
add up to that of the whole, so the parts may be counted by processes of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gslb.model import Location
from gslb.steering.geometry import location_of
from gslb.steering.simulation.crowd import Crowd
from gslb.steering.simulation.side import Side


class Kind(NamedTuple):
    """What clients that are counted together have in common. Sites are numbers; `near` the vantages near them."""

    location: Location | None
    near: tuple[str, ...]
    before: int
    after: int


class Tally(NamedTuple):
    weights: dict[Kind, float]
    clients: int
    decisions: int


def tally(before: Side, after: Side, crowd: Crowd) -> Tally:
    """Places are those that `after` knows: it is what is known last."""
    weights: dict[Kind, float] = {}
    alike, same_places = before.alike(after), before.lookup == after.lookup
    decisions = 0
    for family, address, length, weight in crowd:
        client, client_class, slot, second = after.find(family, address, length)
        if alike:
            first = before.firsts(client_class)[slot]
        else:
            first = before.land(client).site if same_places else before.find(family, address, length).site
        kind = Kind(location_of(client.place), client_class.vantages, first, second)
        weights[kind] = weights.get(kind, 0.0) + weight
        decisions += 2
    return Tally(weights, len(crowd), decisions)


def together(parts: Iterable[Tally]) -> Tally:
    weights: dict[Kind, float] = {}
    clients = decisions = 0
    for part in parts:
        for kind, weight in part.weights.items():
            weights[kind] = weights.get(kind, 0.0) + weight
        clients += part.clients
        decisions += part.decisions
    return Tally(weights, clients, decisions)
