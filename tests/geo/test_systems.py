"""A network of an AS, for who wants to know what becomes of its clients."""

from ipaddress import ip_network
from pathlib import Path

from gslb.geo.systems import Systems
from tests.geo.makers import asn, city, index, mmdb, override


def test_the_first_network_of_an_as_is_found_ipv4_first_in_units_of_steering(tmp_path: Path):
    asns = {"18.0.0.0/16": asn(3), "133.11.0.0/17": asn(2500), "2001:200::/32": asn(2500), "2001:db8::/32": asn(7)}
    systems = Systems(
        index(mmdb(tmp_path / "city.mmdb", {"10.0.0.0/8": city("JP")}), mmdb(tmp_path / "asn.mmdb", asns, "GeoLite2-ASN"))
    )
    assert systems.known
    assert systems.network(2500) == ip_network("133.11.0.0/24")
    assert systems.network(7) == ip_network("2001:db8::/56")
    assert systems.network(64500) is None


def test_what_an_operator_says_comes_first_and_is_enough(tmp_path: Path):
    cities = mmdb(tmp_path / "city.mmdb", {"10.0.0.0/8": city("JP")})
    assert not Systems(index(cities)).known
    systems = Systems(index(cities, overrides=(override("192.0.2.0/25", asn=2500),)))
    assert systems.known
    assert systems.network(2500) == ip_network("192.0.2.0/25")
