"""What a change of configuration would move, over all the networks that the databases know.

There are some hundred thousands of them, and few differences between them: where clients of a place have the same site in every
slot on both sides, nothing moves, whatever the network. Only the others are compared one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from ipaddress import IPv4Network, IPv6Network

from gslb.geo import GeoIndex
from gslb.model import ADDRESS_BITS, FINEST_PREFIX, Configuration, Family, Match, Network, Place
from gslb.steering import Comparison, Side, compare, locate
from gslb.steering.compare import Block

_TEREDO = IPv6Network("2001::/32")
# Registries give nobody more than this: databases fill the unassigned rest of IPv6 with the place of some registry.
_WIDEST: dict[Family, int] = {4: 0, 6: 20}
_FAMILIES: tuple[Family, ...] = (4, 6)
# What is given out of IPv6 (RFC 4291 section 2.4), without 6to4 and Teredo: their clients are counted by their IPv4 addresses.
_SPACE: dict[Family, tuple[Network, ...]] = {
    4: (IPv4Network("0.0.0.0/0"),),
    6: tuple(
        part
        for whole in IPv6Network("2000::/3").address_exclude(IPv6Network("2002::/16"))
        for part in (whole.address_exclude(_TEREDO) if whole.supernet_of(_TEREDO) else (whole,))
    ),
}


def compared(old: Configuration, new: Configuration, today: date) -> Comparison:
    """Raises GeoError where a database can't be opened."""
    before = GeoIndex.open(old.geo)
    after = before if new.geo == old.geo else GeoIndex.open(new.geo)
    survey = Survey(Side(old, before.lookup, today), Side(new, after.lookup, today))
    found = [survey.compared(family) for family in _FAMILIES if family in _families(old, new)]
    moved = {key: share for each in found for key, share in each.moved.items()}
    moves = {key: share for each in found for key, share in each.moves.items()}
    return replace(compare(survey.old, survey.new, ()), moved=moved, moves=moves)


def _families(*configurations: Configuration) -> set[int]:
    return {address.version for each in configurations for site in each.sites for address in site.addresses}


@dataclass(slots=True)
class Survey:
    old: Side
    new: Side
    _quiet: dict[tuple[Family, Place, Place], bool] = field(default_factory=dict)

    def compared(self, family: Family) -> Comparison:
        """Over all known networks of a family."""
        borders = [(int(net.network_address), int(net.broadcast_address)) for net in self._borders() if net.version == family]
        loud: list[Block] = []
        quiet = 0.0
        for places, block in self._known(family):
            if not any(first <= _last(block) and block[1] <= last for first, last in borders) and self._is_quiet(places, block):
                quiet += _weight(block)
            else:
                loud.append(block)
        return _diluted(compare(self.old, self.new, loud), self._hosts(), family, sum(map(_weight, loud)), quiet)

    def _known(self, family: Family) -> Iterator[tuple[tuple[Place, Place], Block]]:
        """Those of which either side knows the place: reserved and unassigned space weighs nothing."""
        for part in sorted(_SPACE[family], key=lambda part: int(part.network_address)):
            address, end = int(part.network_address), int(part.broadcast_address)
            while address <= end:
                places, length = self._places(family, address)
                length = max(length, part.prefixlen)
                if any(place.known for place in places) and length >= _WIDEST[family]:
                    yield places, (family, address, length)
                address += 1 << ADDRESS_BITS[family] - length

    def _places(self, family: Family, address: int) -> tuple[tuple[Place, Place], int]:
        place, length = self.old.lookup(family, address)
        if self.new.lookup == self.old.lookup:
            return (place, place), length
        other, other_length = self.new.lookup(family, address)
        return (place, other), max(length, other_length)

    def _is_quiet(self, places: tuple[Place, Place], block: Block) -> bool:
        family, address, length = block
        if length > FINEST_PREFIX[family]:
            return False
        key = (family, *places)
        if key not in self._quiet:
            self._quiet[key] = all(self._same(host, family, address) for host in self._hosts())
        return self._quiet[key]

    def _same(self, host: str, family: Family, address: int) -> bool:
        """Whether every client of that place has one site on both sides, by its slot."""
        sides = (self.old, self.new)
        if len({side.configuration.service(host).sticky(family) for side in sides}) > 1:
            return False
        clients = [locate(side.lookup, family, address, ADDRESS_BITS[family]) for side in sides]
        classes = [side.steering.classify(host, client) for side, client in zip(sides, clients, strict=True)]
        return self.old.firsts(host, family, classes[0]) == self.new.firsts(host, family, classes[1])

    def _hosts(self) -> list[str]:
        own = {service.host for service in self.new.configuration.services}
        return [service.host for service in self.old.configuration.services if service.host in own]

    def _borders(self) -> Iterator[Network]:
        """Where a network decides, and not a place."""
        for side in (self.old, self.new):
            yield from _networks(site.only for site in side.configuration.sites)
            yield from _networks(rule.match for service in side.configuration.services for rule in service.rules)


def _networks(matches: Iterable[Match | None]) -> Iterator[Network]:
    return (network for match in matches if match is not None for network in match.networks)


def _last(block: Block) -> int:
    family, first, length = block
    return first + (1 << ADDRESS_BITS[family] - length) - 1


def _weight(block: Block) -> float:
    return 2.0 ** (32 - min(block[2], FINEST_PREFIX[block[0]]))


def _diluted(found: Comparison, hosts: Iterable[str], family: Family, loud: float, quiet: float) -> Comparison:
    """Shares of all that is known, where `found` has them of the loud part."""
    part = loud / (loud + quiet) if loud else 0.0
    keys = [(host, family) for host in hosts]
    moves = {key: {move: share * part for move, share in found.moves.get(key, {}).items()} for key in keys}
    return Comparison({key: sum(moves[key].values()) for key in keys}, moves)
