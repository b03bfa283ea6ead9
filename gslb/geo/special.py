"""Blocks that are nowhere in particular, and IPv6 addresses that carry an IPv4 address.

Addresses are integers of the full width of their family.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Network, ip_network

from gslb.model import Family, Network

SPECIAL_NETWORKS: Mapping[Family, tuple[Network, ...]] = {
    4: tuple(
        ip_network(text)
        for text in (
            "10.0.0.0/8",  # RFC 1918 section 3
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",  # shared between a carrier and its customers, RFC 6598
            "127.0.0.0/8",  # loopback, RFC 1122 section 3.2.1.3
            "169.254.0.0/16",  # link-local, RFC 3927
        )
    ),
    6: tuple(
        ip_network(text)
        for text in (
            "::1/128",  # loopback, RFC 4291 section 2.5.3
            "fc00::/7",  # unique local, RFC 4193
            "fe80::/10",  # link-local, RFC 4291 section 2.5.6
        )
    ),
}


def _prefixes(networks: tuple[Network, ...]) -> tuple[tuple[int, int, int], ...]:
    """(bits to shift out, what is left of an address inside, length) of each."""
    shifts = ((network.max_prefixlen - network.prefixlen, network) for network in networks)
    return tuple((shift, int(network.network_address) >> shift, network.prefixlen) for shift, network in shifts)


_SPECIAL = {family: _prefixes(networks) for family, networks in SPECIAL_NETWORKS.items()}

_NAT64 = int(IPv6Network("64:ff9b::/96").network_address) >> 32  # RFC 6052 section 2.1
_MAPPED = int(IPv6Network("::ffff:0:0/96").network_address) >> 32  # RFC 4291 section 2.5.5.2
_6TO4 = 0x2002  # RFC 3056 section 2
_TEREDO = 0x20010000  # RFC 4380 section 4
_ALL_ONES = 0xFFFFFFFF


def special_prefix(family: Family, address: int) -> int | None:
    """The length of the private, shared, loopback or link-local block that `address` is in."""
    for shift, prefix, length in _SPECIAL[family]:
        if address >> shift == prefix:
            return length
    return None


def embedded_ipv4(address: int) -> tuple[int, int] | None:
    """The IPv4 address within an IPv6 address, and what to add to an IPv4 prefix length to get the IPv6 one.

    NAT64, IPv4-mapped and Teredo addresses carry it in the low 32 bits (offset 96), 6to4 after the first 16.
    All of `address` has to be known: the bits that a client subnet cuts off are zeros here, and would be
    taken as they are.
    """
    if address >> 32 in (_NAT64, _MAPPED):
        return address & _ALL_ONES, 96
    if address >> 112 == _6TO4:
        return address >> 80 & _ALL_ONES, 16
    if address >> 96 == _TEREDO:
        # The client's address is written inverted, so that no NAT on the way rewrites it. Prefixes stay
        # prefixes.
        return ~address & _ALL_ONES, 96
    return None
