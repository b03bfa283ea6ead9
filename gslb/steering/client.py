"""Where a client is: the one function by which both doors place it.

DNS may know a client by the /16 its resolver tells, HTTP by its whole address. Both get the same site for it only if
both look at it alike: the embedded IPv4 address first, cut to the unit of steering, looked up at the network's first
address.
"""

from __future__ import annotations

from collections.abc import Callable

from gslb.geo.special import embedded_ipv4, special_prefix
from gslb.model import ADDRESS_BITS, FINEST_PREFIX, Client, Family, Place

Lookup = Callable[[Family, int], tuple[Place, int]]


def locate(
    lookup: Lookup,
    family: Family,
    address: int,
    length: int,
    resolver: tuple[Family, int] | None = None,
) -> Client:
    """Place the network of `length` bits around `address`; `resolver` is who asked on its behalf, if anybody.

    A length of 0 tells nothing of the client (RFC 7871 section 7.1.2): then the resolver is the client.
    """
    if length == 0 and resolver is not None:
        return locate(lookup, *resolver, ADDRESS_BITS[resolver[0]])
    family, network, length, offset = _unit(family, address, length)
    place, place_prefix = lookup(family, network)
    special = None
    if not place.known and resolver is not None:
        special = special_unit(family, network)
        if special is not None:
            place = locate(lookup, *resolver, ADDRESS_BITS[resolver[0]]).place
    return Client(family, network, length, place, place_prefix, offset, special)


def special_unit(family: Family, network: int) -> int | None:
    """As `special_prefix`, of the first address of a unit of steering: ::1 is cut to ::/56, in which nobody else lives."""
    if family == 6 and network == 0:
        return FINEST_PREFIX[6]
    return special_prefix(family, network)


def _unit(family: Family, address: int, length: int) -> tuple[Family, int, int, int]:
    """(family, network, length, offset) that steering goes by."""
    address = _cut(family, address, length)
    offset = 0
    embedded = embedded_ipv4(address) if family == 6 else None
    if embedded is not None:
        # However little of it is told, it is taken as it stands, and the scope says for how much that is true.
        family, (address, offset), length = 4, embedded, FINEST_PREFIX[4]
    length = min(length, FINEST_PREFIX[family])
    return family, _cut(family, address, length), length, offset


def _cut(family: Family, address: int, length: int) -> int:
    shift = ADDRESS_BITS[family] - length
    return address >> shift << shift
