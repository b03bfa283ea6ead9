"""What steering needs to know of a client: its class.

Clients of one class and one slot get one answer, so answers can be made ahead: there are a few hundred classes where
there are billions of clients. A class depends on the map alone, never on the health of a site.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from gslb.model import Service, Site
from gslb.steering import geometry
from gslb.steering.geometry import Tiers
from gslb.steering.restrict import Restriction

Kind = Literal["rule", "region", "last"]


class Group(NamedTuple):
    """Sites that come before all of the next group: preferred by a rule, of a region, or a last resort."""

    kind: Kind
    region: str
    tiers: Tiers


@dataclass(frozen=True, slots=True, eq=False)
class ClientClass:
    """`dropped` are (site, filter, reason); `vantages` those near the client, the nearest first."""

    groups: tuple[Group, ...]
    dropped: tuple[tuple[str, str, str], ...] = ()
    vantages: tuple[str, ...] = ()
    home: str | None = None  # the home region; None: nobody knows where the client is
    confined: bool = False  # to the targets of an `only` rule
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash(self._key()))

    def _key(self) -> tuple[object, ...]:
        return (self.groups, self.dropped, self.vantages, self.home, self.confined)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ClientClass):
            return NotImplemented
        return self._hash == other._hash and self._key() == other._key()

    def __reduce__(self) -> tuple[type[ClientClass], tuple[object, ...]]:
        return (ClientClass, self._key())  # the hash of a string is another one in another process


class Outlook(NamedTuple):
    """What a place alone decides: how far the sites are (None: nobody knows), and which region follows which."""

    far_km: Mapping[str, float] | None
    home: str | None
    order: tuple[str, ...]
    vantages: tuple[str, ...]


def outlook(service: Service, sites: Sequence[Site], far_km: Mapping[str, float] | None, vantages: tuple[str, ...]) -> Outlook:
    serving = [site for site in sites if site.weight > 0] or list(sites)
    home, order = geometry.region_order(service, serving, far_km)
    if not service.regions:  # a region of last resorts alone is nobody's home, and still has its place behind all others
        _, all_regions = geometry.region_order(service, sites, far_km)
        order += tuple(region for region in all_regions if region not in order)
    return Outlook(far_km, home, order, vantages)


def make_class(sites: Sequence[Site], view: Outlook, restriction: Restriction) -> ClientClass:
    barred = {site for site, _, _ in restriction.dropped}
    left = [site for site in sites if site.id not in barred]
    groups: list[Group] = []
    for target in restriction.preferred:
        chosen = [site for site in left if target == site.id or (target == site.region and site.weight > 0)]
        left = [site for site in left if site not in chosen]
        groups += _group("rule", target, chosen, view)
    order = _extended(view, restriction.named, left)
    for region in order:
        groups += _group("region", region, [s for s in left if s.region == region and s.weight > 0], view)
    for region in order:
        groups += _group("last", region, [s for s in left if s.region == region and s.weight <= 0], view)
    unused = tuple(
        (site.id, "nearest", f"region {site.region} is not in the order of regions: {', '.join(order)}")
        for site in left
        if site.region not in order
    )
    return ClientClass(tuple(groups), restriction.dropped + unused, view.vantages, view.home, restriction.confined)


def _group(kind: Kind, name: str, sites: Sequence[Site], view: Outlook) -> list[Group]:
    if not sites:
        return []
    names = [site.id for site in sites]
    if view.far_km is None:
        return [Group(kind, name, (tuple(names),))]
    return [Group(kind, name, geometry.windows(view.far_km, names, geometry.equal_km))]


def _extended(view: Outlook, named: Sequence[str], sites: Sequence[Site]) -> tuple[str, ...]:
    """The order of regions, and after it those that an `only` rule confines the client to."""
    missing = [region for region in named if region not in view.order]
    if view.far_km is not None:
        by_distance = geometry.regions_by_distance(sites, view.far_km)
        missing.sort(key=lambda region: by_distance.index(region) if region in by_distance else len(by_distance))
    return (*view.order, *missing)
