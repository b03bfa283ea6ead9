"""A gdnsd and what is imported from its configuration: for the same clients, the same datacenter."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from gslb.config import parse
from gslb.config.importers import import_gdnsd
from gslb.dns import Responder
from gslb.model import Configuration
from tests.dns import worlds
from tests.ports import free_port
from tests.scenarios.peers.gdnsd import gdnsd
from tests.scenarios.peers.process import LOOPBACK, Endpoint

ZONE = "cdn.example"
NETS = """
5.0.0.0/8 => [ eu, us ]
5.64.0.0/10 => jp
5.65.0.0/16 => [ us, jp, eu ]
5.65.7.0/24 => [ eu ]
41.0.0.0/9 => [ jp, eu ]
133.0.0.0/8 => [ jp, us, eu ]
133.5.0.0/16 => [ us ]
2a00::/12 => [ eu, us, jp ]
2400::/12 => [ jp ]
2400:8000::/24 => [ us, eu ]
2400:8000:12::/48 => [ eu ]
"""
SECTIONS = """
service_types => { watched => { plugin => tcp_connect, port => 9, interval => 255 } }
plugins => {
  simplefo => { pair => { primary => 192.0.2.1, secondary => 192.0.2.2 } }
  multifo => { group => { a => 192.0.2.3, b => 192.0.2.4, c => 192.0.2.5 },
    dual => { addrs_v4 => [ 192.0.2.6 ], addrs_v6 => [ 2001:db8::6 ] } }
  weighted => { heavy => { a => [ 192.0.2.7, 30 ], b => [ 192.0.2.8, 10 ] } }
  static => { fixed => 192.0.2.9 }
  metafo => { resources => {
    order => { datacenters => [ one, two, three ],
      dcmap => { one => 192.0.2.10, two => %simplefo!pair, three => [ 192.0.2.11 ] } }
  } }
  geoip => {
    maps => { world => { datacenters => [ us, eu, jp ], nets => world.nets } }
    resources => {
      web => { map => world, dcmap => { us => 192.0.2.20, eu => 192.0.2.21, jp => {
        addrs_v4 => { lb => 192.0.2.22 }, addrs_v6 => { lb => 2001:db8::22 } } } }
      many => { map => world, dcmap => { us => [ 192.0.2.30, 192.0.2.31 ], eu => 192.0.2.32, jp => [ 192.0.2.33, 192.0.2.34 ] } }
      second => { map => world, skip_first => true, dcmap => { us => 192.0.2.40, eu => 192.0.2.41, jp => 192.0.2.42 } }
      mixed => { map => world, dcmap => { us => %simplefo!pair, eu => %weighted!heavy, jp => %multifo!group } }
    }
  }
}
"""
RECORDS = f"""\
$TTL 300
@ SOA ns1 hostmaster ( 1 7200 1800 259200 300 )
@ NS ns1
ns1 A 192.0.2.53
www 60/30 DYNA geoip!web
many 60 DYNA geoip!many
second 60 DYNA geoip!second
mixed 60 DYNA geoip!mixed
jp.www 60 DYNA geoip!web/jp
order 60 DYNA metafo!order
pair 60 DYNA simplefo!pair
group 60 DYNA multifo!group
dual 60 DYNA multifo!dual
heavy 60 DYNA weighted!heavy
fixed 60 DYNA static!fixed
@ MX 10 ns1
text TXT "{"long" * 80}"
"""
NAMES = ("www", "many", "second", "mixed", "jp.www", "order", "pair", "group", "dual", "heavy", "fixed")


@dataclass(frozen=True)
class Both:
    folder: Path
    theirs: Endpoint
    configuration: Configuration

    def ours(self, *down: str) -> Responder:
        return Responder(worlds.serving(worlds.world(self.configuration, down=down)), node="imported")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("import") / "gdnsd"
    (folder / "geoip").mkdir(parents=True)
    (folder / "geoip" / "world.nets").write_text(NETS)
    with gdnsd(folder, {ZONE: RECORDS}, (LOOPBACK, free_port()), sections=SECTIONS) as endpoint:
        yield Both(folder, endpoint, parse(import_gdnsd(str(folder)).text, "imported.yaml"))


def query(name: str, kind: str, client: str) -> dns.message.Message:
    network = ip_network(client)
    option = dns.edns.ECSOption(str(network.network_address), network.prefixlen)
    return dns.message.make_query(f"{name}.{ZONE}", kind, use_edns=0, payload=1232, options=[option], flags=0)


def addresses(message: dns.message.Message, kind: str) -> set[str]:
    assert message.rcode() == dns.rcode.NOERROR
    return {rdata.to_text() for rrset in message.answer for rdata in rrset if kind == dns.rdatatype.to_text(rrset.rdtype)}


def clients(count: int) -> list[str]:
    """Networks of every entry of the map, at its borders and beside it, and some from anywhere."""
    rng = random.Random(7871)
    found = []
    for line in NETS.split("\n"):
        if not line:
            continue
        network = ip_network(line.split()[0])
        finest = 24 if network.version == 4 else 56
        span = 1 << (network.max_prefixlen - finest)
        first, last = int(network.network_address), int(network.broadcast_address)
        inside = [first, last, rng.randrange(first, last), rng.randrange(first, last)]
        numbers = [type(network.network_address)(number) for number in (*inside, first - span, last + 1)]
        found += [str(ip_network((number, finest), strict=False)) for number in numbers]
    while len(found) < count:
        found.append(str(ip_network((rng.randrange(1 << 24, 223 << 24), 24), strict=False)))
    return found


def asked(both: Both, responder: Responder, name: str, kind: str, client: str) -> tuple[set[str], set[str]]:
    question = query(name, kind, client)
    theirs = dns.query.udp(question, both.theirs[0], 20, both.theirs[1])
    wire = responder.respond(question.to_wire(), LOOPBACK)
    assert wire is not None
    ours = dns.message.from_wire(wire)
    assert ours.options[0].srclen == theirs.options[0].srclen
    return addresses(ours, kind), addresses(theirs, kind)


def test_everything_but_answers_of_several_addresses_is_taken(both):
    notes = [str(note).replace(f"{both.folder}/", "") for note in import_gdnsd(str(both.folder)).notes if note.lost]
    assert [note for note in notes if "of the options has no counterpart" not in note] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_client_gets_an_address_of_the_same_datacenter(both, name):
    """The two tell one or all of a pool; which one is the wheel's choice there, and here that of the client's network."""
    responder = both.ours()
    for client in clients(150 if name in ("www", "many", "second", "mixed") else 20):
        ours, theirs = asked(both, responder, name, "A", client)
        pools = ({"192.0.2.7", "192.0.2.8"}, {"192.0.2.3", "192.0.2.4", "192.0.2.5"})
        same = next((pool for pool in pools if theirs <= pool), theirs)
        assert ours, (name, client)
        assert ours <= same, (name, client, ours, theirs)


@pytest.mark.parametrize("name", ["www", "dual", "jp.www"])
def test_the_other_family_comes_from_where_it_is(both, name):
    """Where a datacenter has no address of the family, gdnsd has none, and ours takes the next that has."""
    responder = both.ours()
    for client in clients(40):
        ours, theirs = asked(both, responder, name, "AAAA", client)
        assert theirs <= ours, (name, client)


def test_a_datacenter_that_is_down_is_left_by_the_same_clients(both):
    sites = {site.id: site for site in both.configuration.sites}
    down = [name for name, site in sites.items() if str(site.addresses[0]) in ("192.0.2.21", "192.0.2.1")]
    assert len(down) == 2
    (both.folder / "state" / "admin_state").write_text("192.0.2.21/* => DOWN\n192.0.2.1/* => DOWN\n")
    until = time.monotonic() + 60
    client = "5.200.0.0/24"
    while "192.0.2.21" in asked(both, both.ours(), "www", "A", client)[1]:
        assert time.monotonic() < until, "gdnsd has not read its admin_state"
        time.sleep(0.1)
    responder = both.ours(*down)
    for name in ("www", "pair", "order", "mixed"):
        for client in clients(80):
            ours, theirs = asked(both, responder, name, "A", client)
            if theirs & {"192.0.2.21", "192.0.2.1"}:
                continue  # the list of the client ends there: gdnsd tells what is down
            pools = ({"192.0.2.7", "192.0.2.8"}, {"192.0.2.3", "192.0.2.4", "192.0.2.5"})
            assert ours <= next((pool for pool in pools if theirs <= pool), theirs), (name, client, ours, theirs)


def test_static_data_is_the_same(both):
    responder = both.ours()
    for name, kind in (("@", "MX"), ("@", "NS"), ("ns1", "A"), ("text", "TXT"), ("nothing", "A"), ("www", "TXT")):
        question = dns.message.make_query(ZONE if name == "@" else f"{name}.{ZONE}", kind, flags=0)
        theirs = dns.query.udp(question, both.theirs[0], 20, both.theirs[1])
        ours = dns.message.from_wire(responder.respond(question.to_wire(), LOOPBACK) or b"")
        assert (ours.rcode(), ours.answer, ours.flags) == (theirs.rcode(), theirs.answer, theirs.flags)
        assert [rrset.ttl for rrset in (*ours.answer, *ours.authority)] == [
            rrset.ttl for rrset in (*theirs.answer, *theirs.authority)
        ]
