"""All that is known of where networks are, as layers: the overrides, and the list of each database."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from gslb.geo.blocks import BlockList
from gslb.geo.index import GeoIndex
from gslb.geo.overlay import UNIT_SHIFT, Layer
from gslb.geo.schemas import Fields
from gslb.model import Family, Place


class Atlas:
    """`lists` are of the databases of `index`, in their order. Says what `index.lookup` says of each unit of steering."""

    def __init__(self, index: GeoIndex, lists: Sequence[BlockList]) -> None:
        self._index, self._lists = index, lists
        self._firsts = [_firsts(blocks) for blocks in lists]

    def layers(self, family: Family) -> list[Layer]:
        """One of overrides, and one of each database."""
        starts = [cut >> UNIT_SHIFT[family] for cut in self._index.overrides.cuts(family)]
        lists = [Layer(blocks.starts[family], blocks.places[family]) for blocks in self._lists]
        return [Layer(starts, range(len(starts))), *lists]

    def place(self, family: Family, numbers: Sequence[int]) -> Place:
        """Of a number of each layer; where those meet, the place is this one."""
        region, *places = numbers
        found = [self._fields(which, place) for which, place in enumerate(places)]
        return self._index.merged(self._index.overrides.region(family, region), found)

    def _fields(self, which: int, place: int) -> Fields:
        starts, of_ipv4 = self._firsts[which]
        family: Family = 4 if place < of_ipv4 else 6
        return self._index.databases[which].fields_at(family, starts[place] << UNIT_SHIFT[family])


def _firsts(blocks: BlockList) -> tuple[array[int], int]:
    """Where each place is first met, and how many of them are met in IPv4: those come first."""
    starts = array("Q")
    for family, columns in blocks.starts.items():
        # Backwards: of the many starts of a place the first one stays.
        first = dict(zip(reversed(blocks.places[family]), reversed(columns), strict=True))
        starts.extend(first[place] for place in range(len(starts), max(first) + 1))
    return starts, max(blocks.places[4]) + 1
