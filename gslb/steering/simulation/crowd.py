"""A population to try a policy on: networks of clients, and what each weighs.

There may be a million of them, so they are columns. A network is kept as both doors look at it: no finer than the unit of
steering, and a client of IPv6 that carries an IPv4 address as that.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise

from gslb.geo.overlay import UNIT_SHIFT
from gslb.geo.special import embedded_ipv4
from gslb.model import FINEST_PREFIX, Family, Network

Member = tuple[Family, int, int, float]  # family, address, length, weight


def _families() -> array[int]:
    return array("B")


def _units() -> array[int]:
    return array("Q")


def _weights() -> array[float]:
    return array("d")


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """`kind` is a word and `source` a sentence for people: where it comes from. Made by `Gathering`, or by `of`."""

    kind: str
    source: str
    families: array[int] = field(default_factory=_families)
    units: array[int] = field(default_factory=_units)
    lengths: array[int] = field(default_factory=_families)
    weights: array[float] = field(default_factory=_weights)

    @classmethod
    def of(cls, kind: str, source: str, members: Iterable[Member]) -> Crowd:
        crowd = cls(kind, source)
        for family, address, length, weight in members:
            crowd.families.append(family)
            crowd.units.append(address >> UNIT_SHIFT[family])
            crowd.lengths.append(min(length, FINEST_PREFIX[family]))
            crowd.weights.append(weight)
        return crowd

    def __len__(self) -> int:
        return len(self.units)

    def __iter__(self) -> Iterator[Member]:
        for family, unit, length, weight in zip(self.families, self.units, self.lengths, self.weights, strict=True):
            yield (4, unit << UNIT_SHIFT[4], length, weight) if family == 4 else (6, unit << UNIT_SHIFT[6], length, weight)

    def networks(self) -> Iterator[tuple[Network, float]]:
        for family, address, length, weight in self:
            yield (IPv4Network((address, length)) if family == 4 else IPv6Network((address, length))), weight

    def parts(self, count: int) -> list[Crowd]:
        """Together this one, each about as long. Neighbours stay together: they have their class in common."""
        order = sorted(range(len(self)), key=self.units.__getitem__)
        cuts = [number * len(order) // count for number in range(count + 1)]
        return [self._picked(order[first:end]) for first, end in pairwise(cuts)]

    def _picked(self, numbers: list[int]) -> Crowd:
        families, units, lengths = (
            array(column.typecode, map(column.__getitem__, numbers)) for column in (self.families, self.units, self.lengths)
        )
        weights = array("d", map(self.weights.__getitem__, numbers))
        return Crowd(self.kind, self.source, families, units, lengths, weights)


class Gathering:
    """Networks as they come, the same one once. Beyond `most` different ones others are left out, and counted."""

    def __init__(self, most: int) -> None:
        self.left_out = 0
        self._most = most
        self._weights: dict[tuple[Family, int, int], float] = {}

    def __len__(self) -> int:
        return len(self._weights)

    def add(self, network: Network, weight: float = 1.0) -> None:
        key = _member(network)
        known = self._weights.get(key)
        if known is None and len(self._weights) >= self._most:
            self.left_out += 1
        else:
            self._weights[key] = (known or 0.0) + weight

    def crowd(self, kind: str, source: str) -> Crowd:
        return Crowd.of(kind, source, ((*key, weight) for key, weight in self._weights.items()))


def _member(network: Network) -> tuple[Family, int, int]:
    family: Family = 4 if network.version == 4 else 6
    address, length = int(network.network_address), network.prefixlen
    embedded = embedded_ipv4(address) if family == 6 else None
    if embedded is not None:  # as `locate` takes it
        family, address, length = 4, embedded[0], FINEST_PREFIX[4]
    length = min(length, FINEST_PREFIX[family])
    shift = UNIT_SHIFT[family] + FINEST_PREFIX[family] - length
    return family, address >> shift << shift, length
