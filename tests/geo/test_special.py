from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from gslb.geo.special import SPECIAL_NETWORKS, embedded_ipv4, special_prefix


@pytest.mark.parametrize(
    ("address", "length"),
    [
        ("10.255.255.255", 8),
        ("172.16.0.0", 12),
        ("172.31.255.255", 12),
        ("172.32.0.0", None),
        ("192.168.1.1", 16),
        ("192.169.0.0", None),
        ("100.64.0.0", 10),
        ("100.127.255.255", 10),
        ("100.128.0.0", None),
        ("127.0.0.53", 8),
        ("169.254.169.254", 16),
        ("192.0.2.1", None),  # documentation is nobody's home network
        ("8.8.8.8", None),
        ("::1", 128),
        ("::2", None),
        ("fc00::", 7),
        ("fdff:ffff::1", 7),
        ("fe80::1", 10),
        ("febf::", 10),
        ("fec0::", None),
        ("2001:db8::", None),
    ],
)
def test_only_addresses_that_are_nowhere_are_special(address: str, length: int | None):
    parsed = ip_address(address)
    assert special_prefix(parsed.version, int(parsed)) == length


def test_every_special_network_is_found_at_both_ends():
    for family, networks in SPECIAL_NETWORKS.items():
        for network in networks:
            for end in (network.network_address, network.broadcast_address):
                assert special_prefix(family, int(end)) == network.prefixlen


@pytest.mark.parametrize(
    ("address", "ipv4", "offset"),
    [
        ("64:ff9b::192.0.2.33", "192.0.2.33", 96),
        ("::ffff:192.0.2.33", "192.0.2.33", 96),
        ("2002:c000:221::1", "192.0.2.33", 16),
        # RFC 4380 section 4: server 65.54.227.120, flags, port and the client, the last two inverted.
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45", 96),
    ],
)
def test_the_ipv4_address_within(address: str, ipv4: str, offset: int):
    assert embedded_ipv4(int(IPv6Address(address))) == (int(IPv4Address(ipv4)), offset)


@pytest.mark.parametrize("address", ["64:ff9b:1::1", "64:ff9b::1:0:0", "2003::", "2001:1::", "::192.0.2.33", "2001:db8::"])
def test_other_ipv6_addresses_carry_none(address: str):
    assert embedded_ipv4(int(IPv6Address(address))) is None


def test_neighbours_within_an_embedding_share_the_offset_prefix():
    """An IPv4 /24 is a 6to4 /40 and a NAT64 /120: what the offset is for."""
    for prefix, offset in (("2002:c000:2{:02x}::", 16), ("64:ff9b::c000:2{:02x}", 96)):
        addresses = [int(IPv6Address(prefix.format(host))) for host in (0, 255)]
        assert addresses[0] >> 128 - offset - 24 == addresses[1] >> 128 - offset - 24
        assert {ipv4 >> 8 for ipv4, _ in filter(None, map(embedded_ipv4, addresses))} == {0xC00002}
