"""Random sets of networks, for properties."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from hypothesis import strategies as st

from gslb.geo.mmdb_writer import Value
from gslb.model import Network


@st.composite
def disjoint_networks(draw: st.DrawFn) -> dict[Network, Value]:
    """Networks of both families with a record each, without those that overlap an earlier one."""
    v4 = st.builds(_network4, st.integers(0, 2**32 - 1), st.integers(1, 32))
    v6 = st.builds(_network6, st.integers(2**125, 2**126 - 1), st.integers(4, 128))
    chosen: dict[Network, Value] = {}
    for network in draw(st.lists(v4 | v6, min_size=1, max_size=12)):
        if not any(first(network) <= last(other) and first(other) <= last(network) for other in chosen):
            chosen[network] = {"value": draw(st.integers(0, 3))}
    return chosen


def first(network: Network) -> int:
    return int(network.network_address)


def last(network: Network) -> int:
    return int(network.broadcast_address)


def _network4(address: int, length: int) -> Network:
    return IPv4Network((address, length), strict=False)


def _network6(address: int, length: int) -> Network:
    return IPv6Network((address, length), strict=False)
