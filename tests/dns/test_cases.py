"""Each directory of cases/ is a configuration and the queries to ask it, one a line.

A line is `transport name type client -> rcode data ttl scope`; `-` is none, and then the TTL is that of the denial.
`down SITE…` comes first, `count NAME LABEL… = N` is looked at when all is asked.
"""

from __future__ import annotations

from pathlib import Path

import dns.edns
import dns.message
import dns.rcode
import pytest

from gslb.config import load
from gslb.dns import Responder
from tests.dns import worlds

CASES = sorted(path for path in Path(__file__).with_name("cases").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    lines = [line.split() for line in (case / "queries").read_text().splitlines() if line and not line.startswith("#")]
    down = tuple(site for line in lines if line[0] == "down" for site in line[1:])
    world = worlds.world(load(case / "gslb.yaml"), down=down)
    known = tuple(str(override.network) for override in world.configuration.geo.overrides)
    responder = Responder(worlds.serving(world, known), node=world.configuration.node)
    for line in lines:
        if line[0] == "count":
            assert responder.counters.get(tuple(line[1:-2]), 0) == int(line[-1]), line
        elif line[0] != "down":
            at = line.index("->")
            assert answered(responder, *line[:at]) == line[at + 1 :], line


def answered(responder: Responder, transport: str, name: str, kind: str, client: str) -> list[str]:
    options: list[dns.edns.Option] = []
    if client != "-":
        network, length = client.split("/")
        options.append(dns.edns.ECSOption(network, int(length)))
    query = dns.message.make_query(name, kind, options=options)
    wire = responder.respond(query.to_wire(), "203.0.113.1", transport == "tcp")
    assert wire is not None
    reply = dns.message.from_wire(wire)
    section = reply.answer or reply.authority
    data = ",".join(str(rdata).split()[0] for rrset in reply.answer for rdata in rrset)
    scopes = [str(option.scopelen) for option in reply.options if isinstance(option, dns.edns.ECSOption)]
    ttl = str(section[0].ttl) if section else "-"
    return [dns.rcode.to_text(reply.rcode()), data or "-", ttl, scopes[0] if scopes else "-"]
