"""`match` of a rule and `only` of a site: which clients."""

from __future__ import annotations

from gslb.config import values
from gslb.config.kinds import ASN, COUNTRY, NETWORK
from gslb.config.schema import Table, defaulted, list_of, plain, section
from gslb.model import Match

NETWORKS = defaulted(
    "network",
    list_of(NETWORK, at_least=1, or_one=True),
    (),
    "Clients in these networks. One finer than /24 (IPv4) or /56 (IPv6) stands for the whole of it, "
    "as no door tells clients within apart.",
    "none",
)
ASNS = defaulted("asn", list_of(ASN, at_least=1, or_one=True), (), "Clients of these autonomous systems.", "none")
COUNTRIES = defaulted(
    "country",
    list_of(COUNTRY, at_least=1, or_one=True),
    (),
    "Clients in these countries (ISO 3166-1 alpha-2).",
    "none",
)
MATCH = section(NETWORKS, ASNS, COUNTRIES)


def build(table: Table) -> Match:
    networks = dict.fromkeys(values.steering_unit(network) for network in plain(table[NETWORKS]))
    return Match(tuple(networks), plain(table[ASNS]), plain(table[COUNTRIES]))
