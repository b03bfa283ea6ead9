"""What answers for a name: pools of addresses, in the order in which one stands in for another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from gslb.config.importers.gdnsd.maps import GeoMap
from gslb.config.importers.notes import Place


@dataclass(frozen=True, slots=True)
class Member:
    """One server: an address of either family, or both. A site of ours."""

    label: str
    addresses: tuple[str, ...]
    weight: int = 100


@dataclass(frozen=True, slots=True)
class Pool:
    """Members that stand beside each other: a region of ours. `told`: how many gdnsd puts into one answer.

    `services` are the service_types by which all are monitored.
    """

    members: tuple[Member, ...]
    told: int
    services: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Plan:
    """`groups` are by datacenter: pools in the order of failover. `order` is that of the datacenters for who is not on the map.

    `after` come behind every datacenter.
    """

    groups: Mapping[str, tuple[Pool, ...]]
    order: tuple[str, ...]
    map: GeoMap | None = None
    skip_first: bool = False
    after: tuple[Pool, ...] = ()

    def pools(self) -> tuple[Pool, ...]:
        return (*(pool for name in self.order for pool in self.groups.get(name, ())), *self.after)

    def only(self, name: str) -> Plan:
        """One datacenter of it alone, as `resource/datacenter` asks for."""
        return Plan({name: self.groups[name]}, (name,))

    def followed_by(self, pools: tuple[Pool, ...]) -> Plan:
        return replace(self, after=(*self.after, *pools))


@dataclass(frozen=True, slots=True)
class Fixed:
    """Answers that never change: records of ours."""

    addresses: tuple[str, ...] = ()
    alias: str | None = None


Outcome: TypeAlias = Plan | Fixed


def single(pool: Pool) -> Plan:
    return Plan({"": (pool,)}, ("",))
