"""The scope of one client without a tree: looks at its neighbours, and at theirs, until one is of another kind.

That is what the tree is grown for to know at once, so it has to come to the same.
"""

from __future__ import annotations

from gslb.geo.overlay import UNIT_SHIFT
from gslb.model import ADDRESS_BITS, FINEST_PREFIX, Client, Family
from gslb.steering.client import Lookup
from gslb.steering.map import SHARED_UNITS, SteeringMap

MOST_LOOKS = 20_000


def widest_scope(steering: SteeringMap, lookup: Lookup, host: str, client: Client, most_looks: int = MOST_LOOKS) -> int | None:
    """None where so many look-ups do not tell: few services keep so large a network together."""
    if client.family == 6 and client.network in SHARED_UNITS:
        return steering.scope(host, client)
    looking = _Looking(steering, lookup, host, client, most_looks)
    length, floor = FINEST_PREFIX[client.family], steering.key_length(host, client)
    while length > floor and looking.sibling_is_alike(length):
        length -= 1
    return None if looking.left < 0 else length + client.offset


class _Looking:
    def __init__(self, steering: SteeringMap, lookup: Lookup, host: str, client: Client, most_looks: int) -> None:
        self.left = most_looks
        self._map, self._lookup, self._client = steering.services[host], lookup, client
        self._kind = self._map.kind(client)

    def sibling_is_alike(self, length: int) -> bool:
        """Whether all of the other half of the next wider block is of the client's kind."""
        family = self._client.family
        size = 1 << ADDRESS_BITS[family] - length
        start = (self._client.network // size ^ 1) * size
        at = start
        while at < start + size:
            self.left -= 1
            if self.left < 0:
                return False
            other, block = self._look(family, at)
            if self._map.kind(other) != self._kind:
                return False
            at = (at // block + 1) * block
        return True

    def _look(self, family: Family, address: int) -> tuple[Client, int]:
        """The client at the first address of a unit, and the size of the block in which all are alike."""
        place, prefix = self._lookup(family, address)
        length = max(prefix, self._map.borders.uniform_prefix(family, address))
        size = 1 << max(ADDRESS_BITS[family] - length, UNIT_SHIFT[family])
        return Client(family, address, FINEST_PREFIX[family], place, prefix), size
