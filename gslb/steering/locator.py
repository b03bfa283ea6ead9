"""The hot path's memory: which class and slot the networks seen lately have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gslb.model import Client, Family
from gslb.steering.bounded import Bounded
from gslb.steering.classes import ClientClass
from gslb.steering.client import Lookup, locate, special_unit
from gslb.steering.map import SteeringMap

# Networks of IPv6 in which the low 32 bits are an IPv4 address: their units are /120.
_LOW_32 = frozenset((0x0064FF9B, 0x20010000, 0))

_Network = tuple[str, Family, int, int]
_Key = tuple[Any, ...]  # a _Network, and where it matters who asked


class Located(NamedTuple):
    """What an answer needs to know of a client. `number` is None while the table doesn't have its class."""

    number: int | None
    client_class: ClientClass
    slot: int
    scope: int
    client: Client


class Locator:
    """`numbers` may grow while it is in use: class numbers are only ever appended to one map's.

    A new map of places or a new configuration needs a new Locator.
    """

    def __init__(
        self,
        lookup: Lookup,
        steering: SteeringMap,
        numbers: Mapping[tuple[str, ClientClass], int],
        limit: int,
    ) -> None:
        self._lookup = lookup
        self._map = steering
        self._numbers = numbers
        self._known: Bounded[_Key, Located] = Bounded(limit)

    def __len__(self) -> int:
        return len(self._known)

    def find(
        self,
        service: str,
        family: Family,
        address: int,
        length: int,
        resolver: tuple[Family, int] | None = None,
    ) -> Located:
        """As `locate`, then `classify`, `slot` and `scope`. Bits of `address` past `length` must be 0 or belong to it."""
        if family == 4:
            key: _Network = (service, 4, address >> 8, min(24, length))
        elif address >> 96 in _LOW_32:
            key = (service, 6, address >> 8, length)
        else:
            key = (service, 6, address >> 72, min(56, length))
        found = self._known.young.get(key)
        if found is not None and found.number is not None:
            return found
        return self._find(key, service, family, address, length, resolver)

    def _find(
        self,
        key: _Network,
        service: str,
        family: Family,
        address: int,
        length: int,
        resolver: tuple[Family, int] | None,
    ) -> Located:
        # Where its resolver is decides for a client of a private network, and for one that tells nothing.
        asked = (*key, *(resolver or (0, 0)))
        for known in (key, asked):
            found = self._known.get(known)
            if found is not None:
                return found if found.number is not None else self._numbered(known, found)
        found = self._locate(service, family, address, length, resolver)
        self._known.put(key if length and _places_itself(found.client) else asked, found)
        return found

    def _numbered(self, key: _Key, found: Located) -> Located:
        number = self._numbers.get((key[0], found.client_class))
        if number is not None:
            found = found._replace(number=number)
            self._known.put(key, found)
        return found

    def _locate(self, service: str, family: Family, address: int, length: int, resolver: tuple[Family, int] | None) -> Located:
        client = locate(self._lookup, family, address, length, resolver)
        client_class = self._map.classify(service, client)
        return Located(
            self._numbers.get((service, client_class)),
            client_class,
            self._map.slot(service, client),
            self._map.scope(service, client),
            client,
        )


def _places_itself(client: Client) -> bool:
    return (client.place.known and client.special is None) or special_unit(client.family, client.network) is None
