"""What a change of configuration would move, over all the networks that the databases know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from gslb.geo import GeoIndex
from gslb.model import Configuration, Family
from gslb.steering import Comparison, Lookup, Side, compare
from gslb.steering.compare import Block

_WIDTH: dict[Family, int] = {4: 32, 6: 128}


def compared(old: Configuration, new: Configuration, today: date) -> Comparison:
    """Raises GeoError where a database can't be opened."""
    lookups = [GeoIndex.open(each.geo).lookup for each in (old, new)]
    sides = [Side(each, lookup, today) for each, lookup in zip((old, new), lookups, strict=True)]
    families = {address.version for each in (old, new) for site in each.sites for address in site.addresses}
    blocks = (block for family in sorted(families) for block in known_blocks(lookups, family))
    return compare(sides[0], sides[1], blocks)


def known_blocks(lookups: Sequence[Lookup], family: Family) -> Iterator[Block]:
    """The networks of which any of them knows the place: reserved and unassigned space weighs nothing."""
    address, end = 0, 1 << _WIDTH[family]
    while address < end:
        found = [lookup(family, address) for lookup in lookups]
        length = max(prefix for _, prefix in found)
        if any(place.known for place, _ in found):
            yield family, address, length
        address += 1 << _WIDTH[family] - length
