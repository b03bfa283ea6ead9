"""What a decision is weighed by, for people: what each site gets of clients alike, and how fast it is for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from gslb.model import SLOTS, Client, Request, World
from gslb.steering.decide import judged_for, told_of
from gslb.steering.map import map_of
from gslb.steering.shape import shape_of


class Latency(NamedTuple):
    vantage: str
    used_ms: float


class Terms(NamedTuple):
    """`shares` are of the slots of the client's class, 0 to 1, by site that is first; `latency` as the nearest vantage has it."""

    shares: Mapping[str, float]
    latency: Mapping[str, Latency]


def terms(world: World, client: Client, request: Request) -> Terms:
    judged, plan = judged_for(world, client, request)
    shares: Mapping[str, float] = {}
    if judged.nothing is None:
        shape = shape_of(plan, told_of(judged))
        counted = Counter(shape.results[number].sites[0] for number in shape.picks)
        shares = {site: count / SLOTS for site, count in counted.items()}
    return Terms(shares, _latency(world, client, request))


def _latency(world: World, client: Client, request: Request) -> Mapping[str, Latency]:
    found: dict[str, Latency] = {}
    for vantage in map_of(world).classify(request.service, client).vantages:
        for site in world.configuration.sites:
            used = world.latency_ms.get((vantage, site.id))
            if used is not None:
                found.setdefault(site.id, Latency(vantage, used))
    return found
