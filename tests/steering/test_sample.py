"""What people who watch see of a client."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gslb.steering.sample import network_of
from tests.dns import worlds


@pytest.mark.parametrize(
    ("address", "length", "shown"),
    [
        ("133.11.77.5", None, "133.11.0.0/16"),
        ("133.0.0.0", 9, "133.0.0.0/9"),
        ("2001:db8:1234::1", None, "2001:db8:1200::/40"),
        ("2002:850b:4d05::1", None, "2002:850b::/32"),
        ("64:ff9b::850b:4d05", None, "64:ff9b::/40"),
    ],
)
def test_a_client_is_shown_by_the_network_that_stays_together(address: str, length: int | None, shown: str) -> None:
    """6to4 has its IPv4 address behind 16 bits: 40 bits of it would be 24 of that."""
    known = ip_address(address)
    assert network_of(worlds.world(), worlds.HOST, known.version, int(known), length) == shown
