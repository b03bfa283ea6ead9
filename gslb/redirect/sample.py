"""One answer of many, for people who watch."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from gslb.model import World
from gslb.redirect.pages import Page
from gslb.redirect.peers import Peer


@dataclass(frozen=True, slots=True)
class Sample:
    """`client` is cut to the length that the service keeps together: no more of an address is shown."""

    service: str
    client: str
    sites: tuple[str, ...]
    why: str
    scheme: str
    ttl_s: int
    scope: int
    world: int


def network_of(world: World, service: str, client: Peer) -> str:
    """The client's network, cut to the sticky key of the service."""
    length = world.configuration.service(service).sticky(client.family)
    network_type = IPv4Network if client.family == 4 else IPv6Network
    return str(network_type((client.address, length), strict=False))


def sample(world: World, page: Page, client: Peer, scope: int, tls: bool) -> Sample:
    return Sample(
        page.service,
        network_of(world, page.service, client),
        page.sites,
        page.why.value,
        "https" if tls else "http",
        page.ttl_s,
        scope,
        world.number,
    )
