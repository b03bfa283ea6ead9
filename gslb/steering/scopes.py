"""How wide a block around a client has one class: what the scope of an answer goes by (RFC 7871 section 7.2.1).

Think of the tree of all prefixes, with a class at each leaf, in which two leaves of one class below one node are merged
again and again. The scope is the length of the leaf that a client is in. That tree is never built: in the order of
addresses clients of one class are runs, and a leaf is the widest aligned block that fits into its run. So the places
where runs begin, its borders, are all that has to be known, and both ends of a run are found by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from gslb.geo.overlay import UNIT_SHIFT
from gslb.model import FINEST_PREFIX, Family, Location, Rule, Service, Site


@dataclass(frozen=True, slots=True, eq=False)
class ScopeTree:
    """`borders` are the first units (/24, /56) of the runs of each family, from 0 on."""

    borders: Mapping[Family, Sequence[int]]

    @property
    def octets(self) -> int:
        return 4 * len(self.borders[4]) + 8 * len(self.borders[6])

    def length(self, family: Family, address: int) -> int:
        """Of the leaf that `address` is in: at most 24, or 56."""
        borders, unit = self.borders[family], address >> UNIT_SHIFT[family]
        after, longest = bisect_right(borders, unit), FINEST_PREFIX[family] + 1
        length = 0
        if after > 1:
            length = longest - ((borders[after - 1] - 1) ^ unit).bit_length()
        if after < len(borders):
            length = max(length, longest - (borders[after] ^ unit).bit_length())
        return length


@dataclass(frozen=True, slots=True, eq=False)
class Scopes:
    """The trees of the services by what each was made for, so that none can be used for another map.

    `geo` is the stamp of the databases and overrides: under others none of them is true.
    """

    geo: str
    trees: Mapping[str, ScopeTree] = field(default_factory=dict)


def sites_key(sites: Sequence[Site], vantages: Mapping[str, Location]) -> str:
    """Of what all services of a configuration have in common."""
    known = [(site.id, site.region, site.location, site.weight, site.only) for site in sites]
    return sha256(repr((known, sorted(vantages.items()))).encode()).hexdigest()


def tree_key(sites: str, service: Service, rules: Sequence[Rule]) -> str:
    """Equal for services that tell clients apart alike: `sites` is the key of those, `rules` are those that hold."""
    regions = None if service.regions is None else list(service.regions.items())
    return sha256(repr((sites, regions, list(rules))).encode()).hexdigest()
