"""Who the client is: the peer, or whom a proxy that we trust says it speaks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, NamedTuple

from gslb.model import FINEST_PREFIX, Family, Network

_MAPPED: Final = 0xFFFF  # ::ffff:0:0/96, RFC 4291 section 2.5.5.2


class Peer(NamedTuple):
    """One end of a connection, or a hop behind it. `address` is an integer of the family's full width."""

    family: Family
    address: int

    @property
    def household(self) -> tuple[Family, int]:
        """Whom a connection counts for: an IPv4 address, or the IPv6 network that one household has."""
        return (4, self.address) if self.family == 4 else (6, self.address >> (128 - FINEST_PREFIX[6]))


def peer_of(family: Family, address: int) -> Peer:
    """An IPv4 address within an IPv6 one, as a socket for both families shows it, is that IPv4 address."""
    if family == 6 and address >> 32 == _MAPPED:
        return Peer(4, address & 0xFFFFFFFF)
    return Peer(family, address)


def read_address(text: str) -> Peer | None:
    """An address as sockets and proxies write it: with a zone, in brackets, with a port."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return peer_of(address.version, int(address))


@dataclass(frozen=True, slots=True)
class Trust:
    """`trusted_proxies`: (family, bits to shift out, what is left of an address inside)."""

    networks: tuple[tuple[Family, int, int], ...] = ()

    def __contains__(self, peer: Peer) -> bool:
        return any(family == peer.family and peer.address >> shift == left for family, shift, left in self.networks)


def trust_of(networks: Sequence[Network]) -> Trust:
    shifts = ((network, network.max_prefixlen - network.prefixlen) for network in networks)
    return Trust(tuple((network.version, shift, int(network.network_address) >> shift) for network, shift in shifts))


class Forwarded(NamedTuple):
    """`hop` counts the proxies between the client and our peer."""

    client: Peer
    hop: int


def forwarded_for(peer: Peer, header: bytes, trust: Trust, read: Callable[[str], Peer | None] = read_address) -> Forwarded:
    """The right-most hop that is not trusted. What a client writes itself stands left of that and is never read.

    A hop that can't be read ends the search: the proxy that passed it on is the last that anybody vouches for.
    """
    found, hops = peer, 0
    for text in reversed(header.decode("latin-1").split(",")):
        hop = read(text)
        if hop is None:
            break
        found, hops = hop, hops + 1
        if hop not in trust:
            break
    return Forwarded(found, hops)


def forwarded_tls(header: bytes, hops: int, otherwise: bool) -> bool:
    """Whether the client spoke TLS: by the entry of the proxy that the client spoke to, of as many as there are."""
    schemes = [text.strip().lower() for text in header.split(b",")]
    scheme = schemes[-min(max(hops, 1), len(schemes))]
    return scheme == b"https" if scheme in (b"http", b"https") else otherwise
