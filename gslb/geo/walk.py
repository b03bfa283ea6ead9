"""From a database to the list of its blocks: one walk through its tree, down to the unit of steering.

The file may be damaged, or made to be walked for ever: blocks and steps are bounded.
"""

from __future__ import annotations

from math import nan
from struct import Struct
from typing import Final

from gslb.errors import GeoError
from gslb.geo.blocks import MOST_BLOCKS, BlockList, numbers, starts_of
from gslb.geo.database import Database
from gslb.geo.overlay import FAMILIES
from gslb.geo.schemas import Fields

MOST_STEPS: Final = 1 << 26  # of a family; all /24s of IPv4 are half of it
_MOST_KNOWN = 1 << 20
_PLACE = Struct("<2sddI")


def blocks_of(database: Database) -> BlockList:
    """Raises GeoError for a tree that has more blocks than a database has."""
    places: dict[bytes, int] = {}
    known: dict[int | None, int] = {}
    starts, found = {}, {}
    for family in FAMILIES:
        starts[family], found[family] = starts_of(family), numbers()
        last = -1
        for unit, reference in database.leaves(family, MOST_STEPS):
            place = known.get(reference)
            if place is None:
                fields = database.fields(reference)
                if len(known) >= _MOST_KNOWN:
                    known.clear()
                place = known[reference] = places.setdefault(_packed(fields), len(places))
            if place == last:
                continue
            if len(starts[family]) == MOST_BLOCKS:
                raise GeoError(f"{database.source.path}: has more than {MOST_BLOCKS} blocks of IPv{family}")
            starts[family].append(unit)
            found[family].append(place)
            last = place
    return BlockList(starts, found)


def _packed(fields: Fields) -> bytes:
    """Equal for equal fields, in a third of their memory: a City database has half a million places."""
    latitude, longitude = fields.location or (nan, nan)
    return _PLACE.pack((fields.country or "").encode(), latitude + 0.0, longitude + 0.0, fields.asn or 0)
