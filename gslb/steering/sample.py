"""One answer of many, for people who watch."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple, Protocol

from gslb.geo.special import embedded_ipv4
from gslb.model import ADDRESS_BITS, Family, Why, World
from gslb.steering.locator import Located


class Told(Protocol):
    """What either door wrote ahead for an outcome."""

    @property
    def service(self) -> str: ...
    @property
    def sites(self) -> tuple[str, ...]: ...
    @property
    def why(self) -> Why: ...
    @property
    def ttl_s(self) -> int: ...


class Unit(NamedTuple):
    """`network` in the full width of its family."""

    family: Family
    network: int
    length: int


@dataclass(frozen=True, slots=True)
class Sample:
    """`client` is cut to the length that the service keeps together: no more of an address is shown.

    `asked` is the type of the question, or the scheme of the request. `unit` is the network that was steered by, which may be
    longer: for the sums of control, never to be shown.
    """

    service: str
    client: str
    sites: tuple[str, ...]
    why: str
    asked: str
    ttl_s: int
    scope: int
    world: int
    unit: Unit


def network_of(world: World, service: str, family: Family, address: int, length: int | None = None) -> str:
    """The client's network, cut to the sticky key of the service; `length` is what is known of its address, None for all."""
    known = ADDRESS_BITS[family] if length is None else length
    network_type = IPv4Network if family == 4 else IPv6Network
    asked = world.configuration.service(service)
    return str(network_type((address, min(known, shown_length(asked.sticky_v4, asked.sticky_v6, family, address))), strict=False))


def shown_length(sticky_v4: int, sticky_v6: int, family: Family, address: int) -> int:
    """How many bits of an address may be shown. Of an IPv4 address within an IPv6 one (6to4) no more than IPv4 would show."""
    if family == 4:
        return sticky_v4
    embedded = embedded_ipv4(address)
    return sticky_v6 if embedded is None else min(sticky_v6, embedded[1] + sticky_v4)


def sample(world: World, told: Told, client: str, asked: str, located: Located) -> Sample:
    steered = located.client
    unit = Unit(steered.family, steered.network, steered.length)
    return Sample(told.service, client, told.sites, told.why.value, asked, told.ttl_s, located.scope, world.number, unit)
