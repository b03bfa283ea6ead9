"""Addresses, networks and places: the words every floor uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal, NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Family = Literal[4, 6]

# Bits of a whole address.
ADDRESS_BITS: Mapping[Family, int] = {4: 32, 6: 128}

# The unit of steering: no door tells clients within one of these networks apart (RFC 7871 section 11.1).
FINEST_PREFIX: Mapping[Family, int] = {4: 24, 6: 56}


class Location(NamedTuple):
    latitude: float
    longitude: float


class Endpoint(NamedTuple):
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of where a network is. Missing is None, never 0,0 and never an empty string."""

    country: str | None = None
    location: Location | None = None
    asn: int | None = None

    @property
    def known(self) -> bool:
        return self.country is not None or self.location is not None or self.asn is not None
