"""PROXY protocol, version 2: who is at the other end of a load balancer before us.

Specification: haproxy.org/download/2.9/doc/proxy-protocol.txt, section 2.2. A header is 12 octets of signature, version and
command, family and transport, the length of the rest (16 bits), then addresses and extensions (TLVs), which tell us nothing.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from gslb.model import Family

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
REST_MAX: Final = 4096  # octets behind the fixed part; real ones have 12 to 500

_FIXED = Struct("!BBH")
FIXED_OCTETS: Final = len(SIGNATURE) + _FIXED.size
_LOCAL, _PROXY = 0x20, 0x21
# Family and transport (TCP alone: nothing else carries HTTP/1.1): family, octets of both addresses and both ports.
_ADDRESSES: Final[dict[int, tuple[Family, int]]] = {0x11: (4, 12), 0x21: (6, 36)}


class BadProxyHeader(ValueError):
    """What starts like a PROXY header and is none."""


class Proxied(NamedTuple):
    """`source` is None where the proxy speaks for itself, or of something that is no IP address: then the peer counts."""

    source: tuple[Family, int] | None
    octets: int


def may_be_proxy(data: bytes) -> bool:
    """Whether `data`, the first octets of a connection, are the signature or the beginning of it."""
    return data[: len(SIGNATURE)] == SIGNATURE[: len(data)]


def read_proxy(data: bytes) -> Proxied | None:
    """The header that `data` begins with; None: more is needed. Raises BadProxyHeader."""
    if not may_be_proxy(data):
        raise BadProxyHeader("no signature")
    if len(data) < FIXED_OCTETS:
        return None
    command, kind, rest = _FIXED.unpack_from(data, len(SIGNATURE))
    if command not in (_LOCAL, _PROXY):
        raise BadProxyHeader(f"version and command {command:#04x}")
    if rest > REST_MAX:
        raise BadProxyHeader(f"{rest} octets")
    end = FIXED_OCTETS + rest
    if len(data) < end:
        return None
    return Proxied(_source(kind, data[FIXED_OCTETS:end]) if command == _PROXY else None, end)


def _source(kind: int, rest: bytes) -> tuple[Family, int] | None:
    if kind not in _ADDRESSES:
        return None
    family, needed = _ADDRESSES[kind]
    if len(rest) < needed:
        raise BadProxyHeader(f"{len(rest)} octets for two addresses and two ports")
    return family, int.from_bytes(rest[: 4 if family == 4 else 16], "big")
