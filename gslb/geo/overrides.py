"""What an operator says of networks, whatever the databases say."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from gslb.geo.prefixes import PrefixSet
from gslb.geo.schemas import NOTHING, Fields
from gslb.model import FINEST_PREFIX, Family, GeoOverride, Network


class Overrides:
    """Longest prefix first; what the longest leaves out comes from the shorter ones around it.

    No door tells clients within one /24 or /56 apart, so an override that is finer stands for the whole of
    that.
    """

    def __init__(self, overrides: Iterable[GeoOverride]) -> None:
        self._fields: dict[Network, Fields] = {}
        # The finest as written comes first, also of those that stand for the same network. The sort is
        # stable.
        for override in sorted(overrides, key=lambda override: -override.network.prefixlen):
            network, place = coarse(override.network), override.place
            known = self._fields.get(network, NOTHING)
            self._fields[network] = filled(known, Fields(place.country, place.location, place.asn))
        self._set = PrefixSet(self._fields)
        self._merged = {family: [self._merge(cover) for cover in self._set.covers[family]] for family in FINEST_PREFIX}

    def __len__(self) -> int:
        return len(self._fields)

    def lookup(self, family: Family, address: int) -> tuple[Fields, int]:
        """What is said of `address`, and the length of the widest block of which exactly that is said."""
        region, prefix = self._set.region(family, address)
        return self._merged[family][region], prefix

    def cuts(self, family: Family) -> list[int]:
        """Where what is said changes, in ascending order, from address 0."""
        return self._set.cuts(family)

    def region(self, family: Family, number: int) -> Fields:
        """What is said from the cut of this number to the next."""
        return self._merged[family][number]

    def _merge(self, cover: tuple[Network, ...]) -> Fields:
        fields = NOTHING
        for network in cover:
            fields = filled(fields, self._fields[network])
        return fields


def filled(fields: Fields, more: Fields) -> Fields:
    """`fields`, and of `more` what they lack.

    A location that comes with another country than the one known is no location of this place: were it taken,
    an override that names a country would still be steered by the place that it corrects.
    """
    if fields is NOTHING:
        return more
    country = fields.country or more.country
    contradicts = more.country is not None and more.country != country
    return Fields(
        country,
        fields.location or (None if contradicts else more.location),
        fields.asn or more.asn,
    )


def coarse(network: Network) -> Network:
    finest = FINEST_PREFIX[network.version]
    return network if network.prefixlen <= finest else ip_network((int(network.network_address), finest), strict=False)
