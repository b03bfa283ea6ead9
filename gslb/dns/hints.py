"""HTTPS and SVCB records of a steered name (RFC 9460): their address hints are those of the client's own Decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gslb.dns.answer import Rrset
from gslb.dns.codes import HTTPS, SVCB
from gslb.dns.names import ROOT, name_length

HINTED_TYPES: Final = (SVCB, HTTPS)
# Keys of parameters (RFC 9460 section 14.3.2)
IPV4HINT: Final = 4
IPV6HINT: Final = 6

Addresses = tuple[bytes, ...]  # of 4 and of 16 octets, best first


@dataclass(frozen=True, slots=True)
class Hinted:
    """The records of one type, and which of them take hints: those in ServiceMode whose target is the name itself."""

    kind: int
    rdatas: tuple[bytes, ...]
    takes: tuple[bool, ...]

    def told(self, addresses: Addresses) -> tuple[bytes, ...]:
        return tuple(
            with_hints(rdata, addresses) if takes else rdata for rdata, takes in zip(self.rdatas, self.takes, strict=True)
        )


def hinted(owner: bytes, rrsets: Mapping[int, Rrset]) -> dict[int, Hinted]:
    """By type, the records at a steered name that take hints."""
    found: dict[int, Hinted] = {}
    for kind in HINTED_TYPES:
        rrset = rrsets.get(kind)
        takes = () if rrset is None else tuple(takes_hints(rdata, owner) for rdata in rrset.rdatas)
        if rrset is not None and any(takes):
            found[kind] = Hinted(kind, rrset.rdatas, takes)
    return found


def takes_hints(rdata: bytes, owner: bytes) -> bool:
    """RFC 9460 sections 2.4.3 and 7.3: priority 0 is an alias; hints are of the target, and "." is the owner."""
    target = rdata[2 : 2 + name_length(rdata, 2)].lower()
    return rdata[:2] != b"\0\0" and target in (ROOT, owner)


def with_hints(rdata: bytes, addresses: Addresses) -> bytes:
    """Parameters stand in the order of their keys, none twice (RFC 9460 section 2.2)."""
    start = 2 + name_length(rdata, 2)
    parameters = {key: value for key, value in _parameters(rdata, start) if key not in (IPV4HINT, IPV6HINT)}
    for key, octets in ((IPV4HINT, 4), (IPV6HINT, 16)):
        value = b"".join(address for address in addresses if len(address) == octets)
        if value:
            parameters[key] = value
    packed = (key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for key, value in sorted(parameters.items()))
    return rdata[:start] + b"".join(packed)


def _parameters(rdata: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at < len(rdata):
        end = at + 4 + int.from_bytes(rdata[at + 2 : at + 4], "big")
        yield int.from_bytes(rdata[at : at + 2], "big"), rdata[at + 4 : end]
        at = end
