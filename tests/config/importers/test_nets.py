"""`nets` of a map: the finest network around a client counts, in gdnsd by its tree and here by blocks that do not overlap."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from gslb.config.importers.gdnsd.maps import MapReader
from gslb.config.importers.gdnsd.vscf import Vscf
from gslb.config.importers.notes import Notes
from gslb.config.values import steering_unit

DATACENTERS = ("a", "b", "c")
# Close together, so that many lie within others.
NETWORKS = st.builds(
    lambda octets, length: IPv4Network((octets << 16, length), strict=False), st.integers(0x0500, 0x0507), st.integers(8, 26)
) | st.builds(
    lambda group, length: IPv6Network(((0x2400 << 112) + (group << 72), length), strict=False),
    st.integers(0, 7),
    st.integers(16, 60),
)
CHOICES = st.lists(st.sampled_from(DATACENTERS), min_size=1, max_size=3, unique=True)


@given(st.dictionaries(NETWORKS.map(steering_unit), CHOICES, max_size=8), st.lists(st.integers(0, 2**20)))
def test_blocks_say_of_every_address_what_the_finest_network_around_it_says(nets, offsets):
    written = " ".join(f"{network} => [ {' '.join(chosen)} ]" for network, chosen in nets.items())
    source = Vscf().text(f"datacenters => [ a b c ] nets => {{ {written} }}", "config")
    made = MapReader("/nowhere", Notes()).read("m", source)  # type: ignore[arg-type]
    assert made is not None
    blocks = [block for block, _ in made.nets]
    assert not any(one.version == other.version and one.overlaps(other) for one in blocks for other in blocks if one is not other)
    edges = [edge for network in nets for edge in (network.network_address, network.broadcast_address)]
    for address in (*edges, *(IPv4Address((0x0500 << 16) + offset) for offset in offsets)):
        around = [network for network in nets if network.version == address.version and address in network]
        finest = max(around, key=lambda network: network.prefixlen, default=None)
        found = [chosen for block, chosen in made.nets if block.version == address.version and address in block]
        assert found == ([] if finest is None else [tuple(nets[finest])])
