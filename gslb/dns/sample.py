"""One answer of many, for people who watch."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from gslb.dns.codes import TYPE_NAMES
from gslb.dns.serving import Served
from gslb.model import World


@dataclass(frozen=True, slots=True)
class Sample:
    """`client` is cut to the length that the service keeps together: no more of an address is shown."""

    service: str
    client: str
    sites: tuple[str, ...]
    why: str
    type: str
    ttl_s: int
    scope: int
    world: int


def sample(world: World, kind: int, served: Served) -> Sample:
    steered, asker = served.steered, served.asker
    length = min(asker.length, world.configuration.service(steered.service).sticky(asker.family))
    network_type = IPv4Network if asker.family == 4 else IPv6Network
    client = str(network_type((asker.address, length), strict=False))
    type_name = TYPE_NAMES.get(kind, str(kind))
    return Sample(
        steered.service,
        client,
        steered.sites,
        steered.why.value,
        type_name,
        steered.ttl_s,
        served.located.scope,
        world.number,
    )
