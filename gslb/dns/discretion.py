"""How much of a client others get to see: the network that steering keeps together, and nothing that tells its members apart.

A message tells of a client in three ways: the address that it came from, a client subnet (RFC 7871), and options that
are there to know somebody again (cookies, RFC 7873; MAC addresses and device numbers of private use). Addresses and subnets
are cut to the sticky key. Of options that are not known to be harmless the octets are blanked, the length stays.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from gslb.dns.codes import ECS_OPTION, EDE_OPTION, KEEPALIVE_OPTION, NSID_OPTION
from gslb.dns.cursor import Cursor, Malformed
from gslb.dns.edns import ECS_BITS
from gslb.dns.edns import option as written
from gslb.dns.names import wire_name
from gslb.dns.walk import options, walk
from gslb.dns.wire import HEADER_OCTETS
from gslb.model import ADDRESS_BITS, Configuration, Family
from gslb.steering.sample import shown_length

# These say nothing of who asks: our name, time-outs, errors, and what algorithms somebody knows (RFC 6975).
HARMLESS: Final = frozenset((NSID_OPTION, KEEPALIVE_OPTION, EDE_OPTION, 5, 6, 7))
KNOWN_OCTETS: Final = 256  # of an OPT that is remembered; over TCP it may have 64 KB
_FAMILIES: Final[Mapping[int, Family]] = {1: 4, 2: 6}


class Shown(NamedTuple):
    """How many bits of a client's address."""

    v4: int
    v6: int

    def of(self, family: Family, address: int) -> int:
        return shown_length(self.v4, self.v6, family, address)


class Discretion:
    """`shown` for a name: the sticky key of its service, for any other name the shortest of all."""

    def __init__(self, configuration: Configuration) -> None:
        services = configuration.services
        self._services = {wire_name(each.host): Shown(each.sticky_v4, each.sticky_v6) for each in services}
        self._others = _shortest(self._services.values())

    def shown(self, name: bytes | None) -> Shown:
        """`name` in lower case; None where none could be read."""
        return self._others if name is None else self._services.get(name, self._others)


def _shortest(all_of_them: Iterable[Shown]) -> Shown:
    known = list(all_of_them)
    return Shown(min(each.v4 for each in known), min(each.v6 for each in known))


def packed(host: str) -> bytes:
    """The octets of an address, of which the kernel may have told an interface too; empty if it is none."""
    text = host.partition("%")[0]
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except OSError:
        return b""


def cut_address(octets: bytes, shown: Shown) -> bytes:
    """The same number of octets."""
    family: Family = 4 if len(octets) == 4 else 6
    address = int.from_bytes(octets, "big")
    return _cut(family, address, shown.of(family, address)).to_bytes(len(octets), "big")


def _cut(family: Family, address: int, length: int) -> int:
    shift = ADDRESS_BITS[family] - length
    return address >> shift << shift


def cut_message(wire: bytes, shown: Shown) -> bytes:
    """A message to show. It ends where it can't be read any more, as nobody knows what would be shown of the rest.

    A shorter client subnet makes it shorter: names that are compressed by one behind the OPT are not what they were.
    """
    if len(wire) < HEADER_OCTETS:
        return wire
    opts, end = walk(wire)
    pieces, at = [], 0
    for rdata, behind in opts:
        cut = cut_options(wire[rdata:behind], shown)
        pieces += [wire[at : rdata - 2], len(cut).to_bytes(2, "big"), cut]
        at = behind
    return b"".join((*pieces, wire[at:end]))


def cut_options(rdata: bytes, shown: Shown) -> bytes:
    """RDATA of an OPT. What is not made of options is blanked."""
    return _cut_known(rdata, shown) if len(rdata) <= KNOWN_OCTETS else _cut_options(rdata, shown)


@lru_cache(maxsize=4096)  # resolvers tell the same subnets again and again
def _cut_known(rdata: bytes, shown: Shown) -> bytes:
    return _cut_options(rdata, shown)


def _cut_options(rdata: bytes, shown: Shown) -> bytes:
    try:
        return b"".join([written(code, _cut_option(code, data, shown)) for code, data in options(rdata)])
    except Malformed:
        return bytes(len(rdata))


def _cut_option(code: int, data: bytes, shown: Shown) -> bytes:
    if code == ECS_OPTION:
        return cut_subnet(data, shown)
    return data if code in HARMLESS else bytes(len(data))


def cut_subnet(data: bytes, shown: Shown) -> bytes:
    """A client subnet, with a shorter source length and no more octets of address than that needs (RFC 7871 section 6)."""
    family = int.from_bytes(data[:2], "big")
    octets = data[4:]
    length = data[2] if len(data) >= 4 else -1
    if length < 0 or family not in ECS_BITS or length > ECS_BITS[family] or len(octets) != (length + 7) >> 3:
        return data[:4] + bytes(len(octets))
    known = _FAMILIES[family]
    address = int.from_bytes(octets.ljust(ADDRESS_BITS[known] >> 3, b"\0"), "big")
    kept = min(length, shown.of(known, address))
    cut = _cut(known, address, kept).to_bytes(ADDRESS_BITS[known] >> 3, "big")
    return b"".join((data[:2], bytes((kept,)), data[3:4], cut[: (kept + 7) >> 3]))


def question_name(wire: bytes) -> bytes | None:
    """The name that is asked for, in lower case; the first one, should there be several."""
    if len(wire) < HEADER_OCTETS or wire[4:6] == b"\0\0":
        return None
    try:
        return Cursor(wire, HEADER_OCTETS).question_name().lower()
    except Malformed:
        return None
