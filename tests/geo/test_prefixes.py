from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.geo.prefixes import PrefixSet, uniform_prefix
from gslb.model import Family, Network

NETWORKS = tuple(map(ip_network, ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "2001:db8::/32")))


@pytest.mark.parametrize(
    ("address", "length"),
    [
        ("10.1.2.3", 16),  # the inner network
        ("10.2.0.1", 15),  # the outer one, without its half that holds the inner
        ("10.200.0.1", 9),
        ("11.0.0.1", 8),  # the sibling of 10.0.0.0/8
        ("64.0.0.1", 2),
        ("192.0.2.77", 24),
        ("192.0.3.0", 24),
        ("2001:db8:ffff::", 32),
        ("8000::", 1),
    ],
)
def test_a_block_stops_where_a_network_begins_or_ends(address: str, length: int):
    parsed = ip_address(address)
    assert uniform_prefix(NETWORKS, parsed.version, int(parsed)) == length
    assert PrefixSet(NETWORKS).uniform_prefix(parsed.version, int(parsed)) == length


def test_without_networks_the_whole_family_is_alike():
    for family in (4, 6):
        assert PrefixSet(()).uniform_prefix(family, 5) == 0
        assert PrefixSet(()).covering(family, 5) == ()


def test_networks_of_the_other_family_do_not_matter():
    assert PrefixSet([ip_network("::/1")]).uniform_prefix(4, 0) == 0


def test_the_default_route_covers_everything_and_cuts_nothing():
    everything = PrefixSet([ip_network("0.0.0.0/0")])
    assert everything.uniform_prefix(4, 0xFFFFFFFF) == 0
    assert everything.longest_match(4, 0xFFFFFFFF) == ip_network("0.0.0.0/0")


def test_one_address_at_either_end_of_the_family():
    ends = PrefixSet([ip_network("0.0.0.0/32"), ip_network("255.255.255.255/32")])
    assert [ends.uniform_prefix(4, address) for address in (0, 1, 0xFFFFFFFE, 0xFFFFFFFF)] == [32, 32, 32, 32]


def test_the_longest_match_wins_and_the_shorter_follow():
    prefixes = PrefixSet(NETWORKS)
    address = int(ip_address("10.1.2.3"))
    assert prefixes.longest_match(4, address) == ip_network("10.1.0.0/16")
    assert prefixes.covering(4, address) == (ip_network("10.1.0.0/16"), ip_network("10.0.0.0/8"))
    assert prefixes.longest_match(4, int(ip_address("11.0.0.0"))) is None


def networks(family: Family) -> st.SearchStrategy[Network]:
    """Crowded into a corner, so that they nest, touch and repeat."""
    width = 32 if family == 4 else 128

    def network(top: int, bottom: int, length: int) -> Network:
        return ip_network(((top << width - 4 | bottom) if width == 32 else top << 124 | bottom, length), strict=False)

    lengths = st.integers(0, 8) | st.integers(width - 8, width)
    return st.builds(network, st.integers(0, 15), st.integers(0, 255), lengths)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[Network], Family, int]:
    family: Family = draw(st.sampled_from((4, 6)))
    width = 32 if family == 4 else 128
    near = st.builds(lambda top, bottom: top << width - 4 | bottom, st.integers(0, 15), st.integers(0, 511))
    return (
        draw(st.lists(networks(4) | networks(6), max_size=8)),
        family,
        draw(near | st.integers(0, 2**width - 1)),
    )


def brute_force(networks: list[Network], family: Family, address: int) -> int:
    width = 32 if family == 4 else 128
    for length in range(width + 1):
        size = 1 << width - length
        first = address & -size
        last = first + size - 1
        if all(_alike(network, first, last) for network in networks if network.version == family):
            return length
    raise AssertionError("a single address is always alike")


def _alike(network: Network, first: int, last: int) -> bool:
    start, end = int(network.network_address), int(network.broadcast_address)
    return (start <= first and last <= end) or last < start or end < first


@given(questions())
def test_it_is_what_trying_every_length_finds(question: tuple[list[Network], Family, int]):
    networks, family, address = question
    expected = brute_force(networks, family, address)
    assert uniform_prefix(networks, family, address) == expected
    assert PrefixSet(networks).uniform_prefix(family, address) == expected


@given(questions())
def test_covering_is_what_asking_each_network_finds(question: tuple[list[Network], Family, int]):
    networks, family, address = question
    inside = {
        network
        for network in networks
        if network.version == family and int(network.network_address) <= address <= int(network.broadcast_address)
    }
    expected = tuple(sorted(inside, key=lambda network: -network.prefixlen))
    assert PrefixSet(networks).covering(family, address) == expected
