"""Zone files as BIND and Knot read them, and what is imported of them: the same answers."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.rdatatype
import dns.zone
import pytest

from gslb.config import parse
from gslb.config.importers import import_bind
from gslb.dns import Responder
from tests.dns import worlds
from tests.fuzz.fuzz_masterfile import REST
from tests.ports import free_port
from tests.scenarios.peers.differences import KNOT, unexplained
from tests.scenarios.peers.exchange import exchange
from tests.scenarios.peers.knot import knot
from tests.scenarios.peers.process import LOOPBACK, program
from tests.scenarios.peers.queries import Case
from tests.scenarios.peers.replies import differing, read_reply

ZONE = "example.net"
HEAD = "$TTL 1h\n@ SOA ns1 host\\.master 2026112301 2h 30m 2w 15m\n@ 1d NS ns1\n@ 1d NS ns.example.org.\nns1 5m A 192.0.2.53\n"
TYPES = ("A", "AAAA", "TXT", "MX", "SRV", "CNAME", "NS", "SOA", "DS", "CAA", "HTTPS", "TYPE65280")
LABELS = ("a", "b", "c", "deep", "*", "www", "_x")


def name(rng: random.Random, wild: bool = True) -> str:
    labels = [rng.choice(LABELS if wild else LABELS[:-3]) for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
    return ".".join(label for number, label in enumerate(labels) if label != "*" or number == 0)


def record(rng: random.Random) -> str:
    target = name(rng, wild=False)
    digest = f"{rng.getrandbits(256):064x}"
    data = rng.choice(
        [
            f"A 192.0.2.{rng.randrange(256)}",
            f"A 192.0.2.{rng.randrange(256)}",
            f"AAAA 2001:db8::{rng.randrange(9999)}",
            f'TXT "{rng.random()}" "x;y"',
            f"MX {rng.randrange(99)} {target}",
            f"SRV 0 5 80 {target}",
            f"CNAME {target}",
            "CNAME www.example.org.",
            f"NS ns.{target}",
            "NS ns.example.org.",
            f"DS {rng.randrange(65536)} 13 2 {digest}",
            'CAA 0 issue "ca.example.org"',
            "HTTPS 1 . alpn=h2,h3",
            "TYPE65280 \\# 3 010203",
        ]
    )
    ttl = rng.choice(("", "60 ", "5m IN ", "IN "))
    return f"{name(rng)} {ttl}{data}\n"


def zone_text(seed: int) -> str:
    rng = random.Random(seed)
    return HEAD + "".join(record(rng) for _ in range(40))


def sound(folder: Path, text: str) -> str:
    """Without the lines of which the importer tells anything: what no server takes, and what each one mends in its own way."""
    file = folder / "drawn.zone"
    while True:
        file.write_text(text)
        told = {note.place.line for note in import_bind(str(file), ZONE, keep_soa=True).notes}
        if not told:
            return text
        text = "".join(line for number, line in enumerate(text.splitlines(keepends=True), 1) if number not in told)


def questions(text: str, seed: int) -> Iterator[Case]:
    rng = random.Random(seed)
    zone = dns.zone.from_text(text, ZONE, relativize=False, check_origin=False)
    names = sorted({owner.to_text().lower() for owner in zone} | {f"{label}.{ZONE}." for label in ("none", "x.none", ZONE)})
    names += [f"{name(rng, wild=False)}.{other}" for other in names for _ in range(2)]
    for number, owner in enumerate(names[:250]):
        for offset, kind in enumerate(rng.sample(TYPES, 3)):
            query = dns.message.make_query(owner, kind, use_edns=0, payload=1232, flags=0, id=number * 3 + offset)
            rdtype = int(dns.rdatatype.from_text(kind))
            yield Case(query.id, query.to_wire(), True, owner, rdtype, 1, frozenset())


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_drawn_zones_are_answered_as_knot_does(tmp_path, seed):
    text = sound(tmp_path, zone_text(seed))
    file = tmp_path / "zone"
    file.write_text(text)
    imported = import_bind(str(file), ZONE, keep_soa=True)
    assert imported.whole, imported.notes
    configuration = parse(imported.text + REST, "imported.yaml")
    responder = Responder(worlds.serving(worlds.world(configuration)), node="imported")
    cases = list(questions(text, seed))
    with knot(tmp_path / "knot", {f"{ZONE}.": text}, (LOOPBACK, free_port())) as peer:
        theirs = asyncio.run(exchange(peer.endpoint, cases))
    different = []
    for case in cases:
        mine, other = read_reply(responder.respond(case.wire, LOOPBACK, 1)), read_reply(theirs.get(case.number))
        if unexplained(KNOT, case, mine, other, differing(mine, other), set()):
            different.append(f"{case}\nours {mine}\ntheirs {other}")
    assert different == []
    assert len(text.splitlines()) > 25
    assert len(cases) > 150


def test_files_and_lines_that_bind_generates_are_the_same_records(tmp_path):
    """`named-compilezone` writes the zone out as BIND reads it."""
    compiler = program("named-compilezone")
    (tmp_path / "more.zone").write_text('x A 192.0.2.9\n$ORIGIN deeper\n@ TXT "origin"\ny 60 A 192.0.2.8\n')
    text = (
        HEAD.replace("$TTL 1h\n", "")
        + "first 120 A 192.0.2.1\nnext A 192.0.2.2\n"
        + "$GENERATE 1-20/3 host${100,5} 60 A 192.0.2.$\n$GENERATE 0-15 ${0,3,n}.rev PTR host${0,2,X}.example.org.\n"
        + '$INCLUDE more.zone sub\nback TXT "here"\n$TTL 2d\nlast TXT ( "a"\n "b" ) ; the end\n'
    )
    file = tmp_path / "zone"
    file.write_text(text)
    done = subprocess.run(
        [compiler, "-q", "-i", "none", "-o", "-", ZONE, str(file)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    theirs = dns.zone.from_text(done.stdout, ZONE, relativize=False)
    expected = {(str(owner), ttl, int(data.rdtype), data.to_wire()) for owner, ttl, data in theirs.iterate_rdatas()}
    [zone] = parse(import_bind(str(file), ZONE, keep_soa=True).text + REST, "imported.yaml").zones
    found = {(f"{record.owner}.", record.ttl_s, record.type, record.rdata) for record in zone.records}
    own = {("example.net.", dns.rdatatype.NS), ("ns1.example.net.", dns.rdatatype.A), ("example.net.", dns.rdatatype.SOA)}
    assert {one for one in expected if (one[0], one[2]) not in own} == {one for one in found if (one[0], one[2]) not in own}
    assert len(expected) > 25
