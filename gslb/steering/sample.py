"""One answer of many, for people who watch."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from gslb.model import ADDRESS_BITS, Family, Why, World


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


@dataclass(frozen=True, slots=True)
class Sample:
    """`client` is cut to the length that the service keeps together: no more of an address is shown.

    `asked` is the type of the question, or the scheme of the request.
    """

    service: str
    client: str
    sites: tuple[str, ...]
    why: str
    asked: str
    ttl_s: int
    scope: int
    world: int


def network_of(world: World, service: str, family: Family, address: int, length: int | None = None) -> str:
    """The client's network, cut to the sticky key of the service; `length` is what is known of its address, None for all."""
    known = ADDRESS_BITS[family] if length is None else length
    network_type = IPv4Network if family == 4 else IPv6Network
    return str(network_type((address, min(known, world.configuration.service(service).sticky(family))), strict=False))


def sample(world: World, told: Told, client: str, asked: str, scope: int) -> Sample:
    return Sample(told.service, client, told.sites, told.why.value, asked, told.ttl_s, scope, world.number)
