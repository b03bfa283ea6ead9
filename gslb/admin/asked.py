"""Who is asked about: what somebody pastes as a client, read."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, WithJsonSchema

from gslb.errors import UsageError
from gslb.geo.systems import Systems
from gslb.model import Network

LONGEST: Final = 64
_AS: Final = re.compile(r"AS ?([0-9]{1,10})", re.ASCII | re.IGNORECASE)
_TOLD: Final = "write an address (133.11.0.1), a network (133.11.0.0/16, 2001:db8::/32) or an AS (AS2500)"

Kind = Literal["address", "network", "asn"]


@dataclass(frozen=True, slots=True)
class Asked:
    """`network` is of one address or more; None for an AS, of which one has yet to be found."""

    kind: Kind
    network: Network | None = None
    asn: int | None = None

    @property
    def text(self) -> str:
        """As it is written without doubt."""
        if self.kind == "asn" or self.network is None:
            return f"AS{self.asn}"
        return str(self.network.network_address) if self.kind == "address" else str(self.network)


def parse(text: str) -> Asked:
    """Raises ValueError with one sentence."""
    said = text.strip()
    if len(said) > LONGEST:
        raise ValueError(f"is too long for a client; {_TOLD}")
    system = _AS.fullmatch(said)
    if system is not None:
        asn = int(system[1])
        if not 0 < asn < 1 << 32:
            raise ValueError("is no AS: they go from AS1 to AS4294967295")
        return Asked("asn", asn=asn)
    try:
        if "/" in said:
            return Asked("network", ip_network(said, strict=False))
        return Asked("address", _whole(address_of(said)))
    except ValueError:
        raise ValueError(f"is no client; {_TOLD}") from None


def address_of(text: str) -> IPv4Address | IPv6Address:
    """With or without brackets. A zone (fe80::1%eth0) is of one machine alone, and no client has it. Raises ValueError."""
    said = text.strip()
    bare = said[1:-1] if said.startswith("[") and said.endswith("]") else said
    address = ip_address(bare)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{text!r} has a zone")
    return address


def _whole(address: IPv4Address | IPv6Address) -> Network:
    return ip_network((address.packed, address.max_prefixlen))


def _checked(text: str) -> str:
    parse(text)
    return text


_BYTE: Final = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "string", "format": "ipv4"},
        {"type": "string", "format": "ipv6"},
        {"type": "string", "pattern": rf"^({_BYTE}\.){{3}}{_BYTE}/(3[0-2]|[12]?[0-9])$"},
        {"type": "string", "pattern": r"^([0-9a-f]{1,4}:){1,7}:/(12[0-8]|1[01][0-9]|[1-9]?[0-9])$"},
        {"type": "string", "pattern": r"^AS[1-9][0-9]{0,8}$"},
    ]
}

# What a parameter of the API takes: an address, a network or an AS.
ClientText = Annotated[str, AfterValidator(_checked), WithJsonSchema(_SCHEMA)]


async def network_of(asked: Asked, systems: Systems) -> Network:
    """Of an AS, some network of it. Raises UsageError where nobody knows one."""
    if asked.network is not None:
        return asked.network
    if not systems.known:
        raise UsageError(f"nobody knows which networks are of {asked.text}: `geo.databases` has no ASN database")
    found = await asyncio.to_thread(systems.network, asked.asn or 0)
    if found is None:
        raise UsageError(f"no network of {asked.text} is known to the databases of `geo`")
    return found
