"""The thirteen sites of the demo: real cities, loopback addresses, and delays as from a node in Tokyo."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gslb.errors import BusyError
from gslb.geo.distance import distance_km
from gslb.model import Location

NODE = Location(35.68, 139.77)  # Tokyo
PORT = 8083
PORTS_TRIED = 100

_KM_PER_MS = 100.0  # of round trip: light in fibre, there and back
_DETOUR = 1.5  # cables do not follow great circles
_LEAST_MS = 1.0  # also next door, so that a slow neighbour can be told


@dataclass(frozen=True, slots=True)
class DemoSite:
    id: str
    region: str
    country: str
    location: Location
    address: str


@dataclass(frozen=True, slots=True)
class MirrorSpec:
    """What one mirror process is told: where it listens and how far away it is."""

    id: str
    address: str
    port: int = PORT
    delay_ms: float = 0.0
    more_addresses: tuple[str, ...] = ()  # such as "::1", or "[::1]:9001" with a port of its own
    root: Path | None = None  # what it serves; None: what all of its fleet do


SITES: tuple[DemoSite, ...] = (
    DemoSite("us-sanjose-1", "us", "US", Location(37.34, -121.89), "127.83.1.1"),
    DemoSite("us-dallas-1", "us", "US", Location(32.78, -96.80), "127.83.1.2"),
    DemoSite("us-newyork-1", "us", "US", Location(40.71, -74.01), "127.83.1.3"),
    DemoSite("eu-london-1", "eu", "GB", Location(51.51, -0.13), "127.83.2.1"),
    DemoSite("eu-frankfurt-1", "eu", "DE", Location(50.11, 8.68), "127.83.2.2"),
    DemoSite("eu-stockholm-1", "eu", "SE", Location(59.33, 18.07), "127.83.2.3"),
    DemoSite("jp-tokyo-1", "jp", "JP", Location(35.68, 139.77), "127.83.3.1"),
    DemoSite("jp-tsukuba-1", "jp", "JP", Location(36.08, 140.11), "127.83.3.2"),
    DemoSite("jp-nagoya-1", "jp", "JP", Location(35.18, 136.91), "127.83.3.3"),
    DemoSite("jp-osaka-1", "jp", "JP", Location(34.69, 135.50), "127.83.3.4"),
    DemoSite("jp-hiroshima-1", "jp", "JP", Location(34.39, 132.46), "127.83.3.5"),
    DemoSite("jp-fukuoka-1", "jp", "JP", Location(33.59, 130.40), "127.83.3.6"),
    DemoSite("jp-sapporo-1", "jp", "JP", Location(43.06, 141.35), "127.83.3.7"),
)


def mirror_specs(port: int = PORT, node: Location = NODE, sites: Iterable[DemoSite] = SITES) -> tuple[MirrorSpec, ...]:
    """One mirror for each site, as far from `node` as it is in the world."""
    return tuple(MirrorSpec(site.id, site.address, port, delay_ms(node, site.location)) for site in sites)


def delay_ms(here: Location, there: Location) -> float:
    """A round trip over that distance."""
    return max(_LEAST_MS, round(distance_km(here, there) / _KM_PER_MS * _DETOUR, 1))


def free_port(addresses: Iterable[str], wanted: int = PORT) -> int:
    """A port that is free on all of the addresses: the wanted one or one of the next. BusyError after 100."""
    known = tuple(addresses)
    for port in range(wanted, wanted + PORTS_TRIED):
        if _is_free(known, port):
            return port
    raise BusyError(f"no port from {wanted} to {wanted + PORTS_TRIED - 1} is free on all of {', '.join(known)}")


def _is_free(addresses: tuple[str, ...], port: int) -> bool:
    with ExitStack() as stack:
        try:
            for address in addresses:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                stack.enter_context(socket.create_server((address, port), family=family))
        except OSError:
            return False
    return True
