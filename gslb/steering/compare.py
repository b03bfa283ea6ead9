"""What another configuration would move: the share of the address space that would land on another site.

All sites count as well. IPv4 is weighed by addresses, IPv6 by /32s, as the registries hand them out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gslb.model import ADDRESS_BITS, FINEST_PREFIX, SLOTS, Configuration, Door, Family, View, World
from gslb.steering.arrange import plan_of
from gslb.steering.classes import ClientClass
from gslb.steering.client import Lookup, locate
from gslb.steering.decide import judge
from gslb.steering.holding import needed
from gslb.steering.map import SteeringMap
from gslb.steering.shape import shape_of
from gslb.steering.slots import key_length
from gslb.steering.standings import Standings

Block = tuple[Family, int, int]  # family, network, prefix length
Move = tuple[str | None, str | None]  # from a site to a site; None: no site


@dataclass(frozen=True, slots=True)
class Comparison:
    """`moved` is a share from 0 to 1, `moves` the same by (from, to); both by (service, family).

    A service that only one side has is in `added` or `removed` alone.
    """

    moved: Mapping[tuple[str, Family], float]
    moves: Mapping[tuple[str, Family], Mapping[Move, float]]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Part(NamedTuple):
    """A block in which neither side tells clients apart but by slot; `slot` is None where it has many of them."""

    classes: tuple[ClientClass, ClientClass]
    slots: tuple[int, int] | None
    length: int


class Side:
    """One configuration with its map of places."""

    def __init__(self, configuration: Configuration, lookup: Lookup, today: date) -> None:
        self.configuration = configuration
        self.lookup = lookup
        self.steering = SteeringMap(configuration, today)
        # Before the first round of probes geography alone decides: just what is asked for.
        self._world = World(0, configuration, {}, today, ready=False)
        self._firsts: dict[tuple[str, Family, ClientClass], list[str | None]] = {}

    def firsts(self, host: str, family: Family, client_class: ClientClass) -> list[str | None]:
        """By slot, the site that a client of this class gets."""
        key = (host, family, client_class)
        if key not in self._firsts:
            self._firsts[key] = self._worked_out(host, family, client_class)
        return self._firsts[key]

    def _worked_out(self, host: str, family: Family, client_class: ClientClass) -> list[str | None]:
        service = self.configuration.service(host)
        base = View.DNS4 if Door.DNS in service.via else View.HTTP4
        view = View(base + (family == 6))
        judged = judge(Standings(self._world, service, view), client_class, needed(self._world, service, view.door))
        if judged.nothing is not None:
            return [None] * SLOTS
        shape = shape_of(plan_of(judged.scene, judged.field, 1), 1)
        sites = [result.sites[0] for result in shape.results]
        return [sites[pick] for pick in shape.picks]


def compare(old: Side, new: Side, blocks: Iterable[Block]) -> Comparison:
    """`blocks` are what to compare, such as those of the geo database; none twice."""
    hosts = [{service.host: service for service in side.configuration.services} for side in (old, new)]
    both = [host for host in hosts[0] if host in hosts[1]]
    weights: dict[tuple[str, Family], float] = {}
    moves: dict[tuple[str, Family], dict[Move, float]] = {}
    for block in blocks:
        for host in both:
            key = (host, block[0])
            for part in _parts(old, new, host, block):
                weight = 2.0 ** (32 - part.length)
                weights[key] = weights.get(key, 0.0) + weight
                _add(moves.setdefault(key, {}), _moves(old, new, key, part), weight)
    shares = {key: {move: part / weights[key] for move, part in found.items()} for key, found in moves.items()}
    return Comparison(
        {key: sum(found.values()) for key, found in shares.items()},
        shares,
        tuple(host for host in hosts[1] if host not in hosts[0]),
        tuple(host for host in hosts[0] if host not in hosts[1]),
    )


def _parts(old: Side, new: Side, host: str, block: Block) -> Iterator[Part]:
    family, position, length = block
    end = position + (1 << ADDRESS_BITS[family] - length)
    while position < end:
        part = _part(old, new, host, (family, position, length))
        yield part
        position += 1 << ADDRESS_BITS[family] - part.length


def _part(old: Side, new: Side, host: str, block: Block) -> Part:
    family, position, length = block
    clients = [locate(side.lookup, family, position, ADDRESS_BITS[family]) for side in (old, new)]
    classes, slots = [], []
    alone = True
    for side, client in zip((old, new), clients, strict=True):
        length = max(length, side.steering.uniform(host, client) + client.offset)
        classes.append(side.steering.classify(host, client))
        slots.append(side.steering.slot(host, client))
        sticky = side.configuration.service(host).sticky(client.family)
        alone = alone and length >= key_length(sticky, client.family) + client.offset
    length = min(length, FINEST_PREFIX[family])
    return Part((classes[0], classes[1]), (slots[0], slots[1]) if alone else None, length)


def _moves(old: Side, new: Side, key: tuple[str, Family], part: Part) -> dict[Move, float]:
    before = old.firsts(*key, part.classes[0])
    after = new.firsts(*key, part.classes[1])
    if part.slots is not None:
        move = (before[part.slots[0]], after[part.slots[1]])
        return {} if move[0] == move[1] else {move: 1.0}
    changed = Counter(move for move in zip(before, after, strict=True) if move[0] != move[1])
    return {move: count / SLOTS for move, count in changed.items()}


def _add(found: dict[Move, float], moves: Mapping[Move, float], weight: float) -> None:
    for move, share in moves.items():
        found[move] = found.get(move, 0.0) + share * weight
