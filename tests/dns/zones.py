"""A responder for zones as an operator writes them, from YAML to bytes."""

from __future__ import annotations

from textwrap import indent

import dns.message

from gslb.config import parse
from gslb.dns import Responder
from tests.dns import worlds

ZONE = "example.net"
_REST = """
node: tokyo-1
geo: {databases: [bundled]}
sites: [{id: a, region: b, location: [35, 139], addresses: [192.0.2.1, "2001:db8::1"], url: "http://192.0.2.1/"}]
services: [{host: steered.example.net}]
"""
_ZONE = f"""
zones:
  - name: {ZONE}
    nameservers: {{ns1.{ZONE}: [192.0.2.53], ns.example.org: []}}
    records: |
"""


def responder_of(zones: str) -> Responder:
    """`zones` is that key of a configuration."""
    configuration = parse(_REST + zones, "test.yaml")
    return Responder(worlds.serving(worlds.world(configuration)), node="tokyo-1")


def responder_for(records: str) -> Responder:
    return responder_of(_ZONE + indent(records, "      "))


def asked(responder: Responder, name: str, kind: str, *, tcp: bool = True) -> tuple[dns.message.Message, bytes]:
    """The answer as dnspython reads it, and its octets."""
    query = dns.message.make_query(name, kind, use_edns=0, payload=1232, flags=0)
    wire = responder.respond(query.to_wire(), "192.0.2.99", tcp)
    assert wire is not None
    return dns.message.from_wire(wire), bytes(wire)
