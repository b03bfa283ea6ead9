"""Of any signed zone: every answer proves what it says, and says what the unsigned one does."""

from __future__ import annotations

from dataclasses import replace

import dns.dnssec
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rrset
import dns.zone
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.dns import Responder
from gslb.dns.names import wire_name
from gslb.model import Record
from tests.dns import worlds
from tests.dns.validating import Validator, kinds_in
from tests.dns.worlds import HOST, ZONE

PEER = "133.11.0.9"
SEALING = frozenset((dns.rdatatype.RRSIG, dns.rdatatype.NSEC))
LABEL = st.sampled_from(["*", "a", "b", "c", "kin", "knoppix", "zz", "\\001x"])
RELATIVE = st.lists(LABEL, min_size=1, max_size=3).map(".".join)
KINDS = st.sampled_from(["A", "AAAA", "TXT", "MX", "NS", "DS", "CNAME", "SOA", "ANY", "NSEC", "RRSIG", "HTTPS", "DNSKEY", "CDS"])
DATA = {
    "A": st.sampled_from(["192.0.2.9", "192.0.2.10"]),
    "TXT": st.sampled_from(['"x"', '"y" "z"']),
    "MX": RELATIVE.map(lambda target: f"10 {target}"),
    "CNAME": st.one_of(RELATIVE, st.just("www.example.net.")),
    "NS": st.just("ns.example.net."),
    "DS": st.just("12345 13 2 " + "0f" * 32),
}


@st.composite
def lines(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(sorted(DATA)))
    return f"{draw(RELATIVE)} 60 IN {kind} {draw(DATA[kind])}"


def zone_text(drawn: list[str]) -> str:
    """What a configuration would let through: aliases alone, no delegated wildcards, DS at delegations, each set once."""
    kept: dict[str, dict[str, str]] = {}
    for line in drawn:
        owner, _, _, kind, _ = line.split(maxsplit=4)
        here = kept.setdefault(owner, {})
        alone = ("CNAME" in here) or (kind == "CNAME" and here)
        steered = f"{owner}.{ZONE}" == HOST and kind in ("A", "CNAME", "NS", "DS")
        if not alone and not steered and not (kind in ("NS", "DS") and "*" in owner):
            here[kind] = line
    return "\n".join(line for here in kept.values() for kind, line in here.items() if kind != "DS" or "NS" in here)


def records(text: str) -> tuple[Record, ...]:
    return worlds.records(text) if text else ()


def above(text: str) -> str:
    """A steered name below a delegation is a fault of the configuration."""
    owners = {line.split()[0] for line in text.splitlines() if line.split()[3] == "NS"}
    return "" if any(HOST.endswith("." + owner + "." + ZONE) for owner in owners) else text


ZONES = st.lists(lines(), max_size=8).map(zone_text)
QUERIES = st.lists(st.tuples(st.one_of(st.just(""), RELATIVE), KINDS), min_size=1, max_size=12)


def responder(text: str) -> Responder:
    config, signer = worlds.signed(worlds.configuration(zones=(replace(worlds.zone(text=""), records=records(text)),)))
    return Responder(worlds.serving(worlds.world(config), signer=signer), node="tokyo-1")


def asked(by: Responder, name: str, kind: str, do: bool) -> dns.message.Message:
    query = dns.message.make_query(f"{name}.{ZONE}." if name else f"{ZONE}.", kind, use_edns=0, want_dnssec=do)
    wire = by.respond(query.to_wire(), PEER, True)
    assert wire is not None
    return dns.message.from_wire(wire)


def told(section: list[dns.rrset.RRset], kept: frozenset[int]) -> list[tuple[str, int, list[str]]]:
    rows = [rrset for rrset in section if rrset.rdtype in kept or rrset.rdtype not in SEALING]
    return sorted((rrset.to_text(), rrset.ttl, sorted(map(str, rrset))) for rrset in rows)


@settings(max_examples=120)
@given(ZONES, QUERIES)
def test_every_answer_proves_what_it_says(text: str, queries: list[tuple[str, str]]) -> None:
    by = responder(above(text))
    [keys, _] = asked(by, "", "DNSKEY", True).answer
    validator = Validator(keys)
    for name, kind in queries:
        secure, plain = asked(by, name, kind, True), asked(by, name, kind, False)
        verdict = validator.judge(secure)
        assert (secure.rcode(), secure.flags) == (plain.rcode(), plain.flags)
        wanted = frozenset({dns.rdatatype.from_text(kind)} & SEALING)
        assert told(secure.answer, wanted) == told(plain.answer, wanted)
        ds = [rrset for rrset in secure.authority if rrset.rdtype != dns.rdatatype.DS]
        assert told(ds, frozenset()) == told(plain.authority, frozenset())
        assert secure.additional == plain.additional
        assert (verdict == "nxdomain") == (plain.rcode() == dns.rcode.NXDOMAIN)
    assert not [key for key in by.counters if key[0] == "gslb_dns_failures_total"]


def links(by: Responder) -> dict[dns.name.Name, tuple[dns.name.Name, set[int]]]:
    """The chain as it is served."""
    apex = by.serving.book.tree.nodes[wire_name(ZONE)]
    assert apex.chain is not None
    found = {}
    for nsec, _ in apex.chain.records:
        assert nsec.owner is not None
        rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.NSEC, nsec.rdatas[0], 0, len(nsec.rdatas[0]))
        assert isinstance(rdata, dns.rdtypes.ANY.NSEC.NSEC)
        found[dns.name.from_wire(nsec.owner, 0)[0]] = (rdata.next, set(kinds_in(rdata)))
    return found


MADE = f"""$TTL 60
@ SOA ns1 host 1 2 3 4 30
@ NS ns1
@ NS ns2.example.net.
@ DNSKEY 257 3 13 AwEAAQ==
@ CDNSKEY 0 3 0 AA==
@ CDS 0 0 0 00
ns1 A 192.0.2.53
ns1 AAAA ::1
{HOST}. A 192.0.2.1
{HOST}. AAAA ::1
"""


def links_of_dnspython(text: str) -> dict[dns.name.Name, tuple[dns.name.Name, set[int]]]:
    """The same records as a zone file, signed by dnspython, which tells of glue at a delegation as well."""
    zone = dns.zone.from_text(f"{MADE}{text}\n", f"{ZONE}.", relativize=False)
    with zone.writer() as writer:
        dns.dnssec.sign_zone(zone, writer, rrset_signer=lambda _, __: None, add_dnskey=False)
    found = {}
    for name, rdataset in zone.iterate_rdatasets(dns.rdatatype.NSEC):
        kinds = set(kinds_in(rdataset[0]))
        if dns.rdatatype.NS in kinds and name != zone.origin:
            kinds &= {dns.rdatatype.NS, dns.rdatatype.DS, *SEALING}
        found[name] = (rdataset[0].next, kinds)
    return found


@settings(max_examples=120)
@given(ZONES)
def test_the_chain_is_that_which_dnspython_makes(text: str) -> None:
    assert links(responder(above(text))) == links_of_dnspython(above(text))
