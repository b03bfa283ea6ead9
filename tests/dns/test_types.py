"""Static data of every type, from zone text to the octets of an answer, against what dnspython writes."""

import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from gslb.dns.answer import COMPRESSED
from tests.dns.zones import ZONE, asked, responder_for, responder_of

ORIGIN = dns.name.from_text(ZONE)
DIGEST = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
RECORDS = f"""\
v4 A 192.0.2.7
v6 AAAA 2001:db8::7
mx MX 10 mail
mx MX 20 mail.example.org.
none MX 0 .
text TXT "one" "two; \\"three\\"" ""
_http._tcp SRV 0 5 80 v4
_gone._tcp SRV 0 0 0 .
ptr PTR v4
caa CAA 0 issue "ca.example.org; account=1"
caa CAA 128 iodef "mailto:a@example.net"
_443._tcp TLSA 3 1 1 {DIGEST}
ssh SSHFP 4 2 {DIGEST}
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@example.net!" .
naptr NAPTR 100 20 "s" "SIP+D2U" "" _sip._udp
https HTTPS 1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.7 ipv6hint=2001:db8::7
https HTTPS 2 v4 alpn=h2
alias HTTPS 0 https
dns SVCB 1 v4 mandatory=alpn alpn=dot key65333=abc
unfit SVCB 0 .
uri URI 10 1 "ftp://ftp.example.org/"
loc LOC 35 40 48.000 N 139 46 12.000 E 40m
hinfo HINFO "PC" "Linux"
rp RP host.master text
afsdb AFSDB 1 v4
kx KX 10 v4
cert CERT PKIX 1 8 AQID
openpgp OPENPGPKEY AQID
smimea SMIMEA 3 1 1 {DIGEST}
odd TYPE65280 \\# 4 deadbeef
void TYPE65281 \\# 0
"""
LINES = [line.split(maxsplit=2) for line in RECORDS.splitlines()]
SETS = sorted({(owner, kind) for owner, kind, _ in LINES})


@pytest.fixture(scope="module")
def responder():
    return responder_for(RECORDS)


def written(owner: str, kind: str) -> dns.rrset.RRset:
    """As dnspython reads the same lines."""
    rrset = dns.rrset.RRset(dns.name.from_text(owner, ORIGIN), dns.rdataclass.IN, dns.rdatatype.from_text(kind))
    for line in LINES:
        if line[:2] == [owner, kind]:
            rrset.add(dns.rdata.from_text("IN", kind, line[2], ORIGIN, relativize=False), 300)
    return rrset


@pytest.mark.parametrize(("owner", "kind"), SETS, ids=[f"{kind}-{owner}" for owner, kind in SETS])
def test_a_set_is_answered_as_it_is_written(responder, owner, kind):
    answer, wire = asked(responder, f"{owner}.{ZONE}", kind)
    expected = written(owner, kind)
    assert answer.answer == [expected]
    assert answer.answer[0].ttl == 300
    assert (answer.rcode(), answer.flags, answer.authority, answer.additional) == (
        dns.rcode.NOERROR,
        dns.flags.QR | dns.flags.AA,
        [],
        [],
    )
    if int(expected.rdtype) not in COMPRESSED:  # RFC 3597 section 4
        assert all((rdata.to_wire() or b"") in wire for rdata in expected)


@pytest.mark.parametrize("kind", ["MX", "PTR"])
def test_names_in_data_are_compressed_where_rfc_1035_has_them(responder, kind):
    owner = kind.lower()
    _, wire = asked(responder, f"{owner}.{ZONE}", kind)
    [first, *_] = written(owner, kind)
    assert (first.to_wire() or b"") not in wire
    assert len(wire) < 100


@pytest.mark.parametrize(("owner", "kind"), SETS, ids=[f"{kind}-{owner}" for owner, kind in SETS])
def test_another_type_at_the_name_is_no_data(responder, owner, kind):
    other = "AAAA" if kind != "AAAA" else "A"
    answer, _ = asked(responder, f"{owner}.{ZONE}", other)
    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])
    assert [rrset.rdtype for rrset in answer.authority] == [dns.rdatatype.SOA]


def test_a_set_that_needs_tcp_comes_over_tcp():
    responder = responder_for("".join(f'big TXT "{number:0240}"\n' for number in range(200)))
    truncated, _ = asked(responder, f"big.{ZONE}", "TXT", tcp=False)
    assert truncated.flags & dns.flags.TC
    assert truncated.answer == []
    answer, wire = asked(responder, f"big.{ZONE}", "TXT")
    assert [len(rrset) for rrset in answer.answer] == [200]
    assert len(wire) > 48_000


def test_an_soa_of_the_operators_own_is_answered_and_denies():
    responder = responder_of(
        f"zones:\n  - name: {ZONE}\n    records: |\n"
        "      @ 1h SOA ns1 host\\.master 2026112301 7200 1800 1209600 900\n"
        "      @ 1d NS ns1\n      @ 1d NS ns.example.org.\n      ns1 5m A 192.0.2.53\n"
    )
    soa, _ = asked(responder, ZONE, "SOA")
    assert [rrset.to_text() for rrset in soa.answer] == [
        f"{ZONE}. 3600 IN SOA ns1.{ZONE}. host\\.master.{ZONE}. 2026112301 7200 1800 1209600 900"
    ]
    denied, _ = asked(responder, f"nothing.{ZONE}", "A")
    assert (denied.rcode(), denied.authority[0].ttl) == (dns.rcode.NXDOMAIN, 900)
    servers, _ = asked(responder, ZONE, "NS")
    assert (servers.answer[0].ttl, len(servers.answer[0])) == (86400, 2)
    address, _ = asked(responder, f"ns1.{ZONE}", "A")
    assert address.answer[0].ttl == 300


CHAINS = f"""\
a CNAME b
b 60 CNAME c
c TXT "end"
to-steered CNAME steered
to-nothing CNAME gone
away CNAME www.example.org.
to-sub CNAME host.sub
sub 900 NS ns.sub
sub 900 DS 1 13 2 {DIGEST}
ns.sub 900 A 192.0.2.61
*.wild TXT "wild"
*.wild MX 5 c
x.y.wild A 192.0.2.1
*.cw CNAME c
deep.er.ent A 192.0.2.2
"""


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "answer", "authority"),
    [
        ("a", "TXT", "NOERROR", ["a CNAME", "b CNAME", "c TXT"], []),
        ("a", "A", "NOERROR", ["a CNAME", "b CNAME"], ["@ SOA"]),
        ("a", "CNAME", "NOERROR", ["a CNAME"], []),
        ("to-steered", "A", "NOERROR", ["to-steered CNAME"], []),  # RFC 7871 section 7.2.1
        ("to-nothing", "A", "NXDOMAIN", ["to-nothing CNAME"], ["@ SOA"]),  # RFC 6604 section 3
        ("away", "A", "NOERROR", ["away CNAME"], []),
        ("to-sub", "A", "NOERROR", ["to-sub CNAME"], ["sub NS"]),
        ("host.sub", "A", "NOERROR", [], ["sub NS"]),
        ("sub", "DS", "NOERROR", ["sub DS"], []),  # RFC 4035 section 3.1.4.1
        ("any.wild", "TXT", "NOERROR", ["any.wild TXT"], []),
        ("any.wild", "A", "NOERROR", [], ["@ SOA"]),
        ("b.any.wild", "MX", "NOERROR", ["b.any.wild MX"], []),
        ("b.y.wild", "TXT", "NXDOMAIN", [], ["@ SOA"]),  # RFC 4592 section 2.2.1: y.wild is the closest encloser
        ("y.wild", "TXT", "NOERROR", [], ["@ SOA"]),
        ("q.cw", "TXT", "NOERROR", ["q.cw CNAME", "c TXT"], []),
        ("er.ent", "A", "NOERROR", [], ["@ SOA"]),  # RFC 8020
        ("ent", "TXT", "NOERROR", [], ["@ SOA"]),
        ("no.ent", "A", "NXDOMAIN", [], ["@ SOA"]),
    ],
)
def test_aliases_wildcards_and_cuts(name, kind, rcode, answer, authority):
    found, _ = asked(responder_for(CHAINS), f"{name}.{ZONE}", kind)

    def shown(section: list[dns.rrset.RRset]) -> list[str]:
        return [f"{rrset.name.relativize(ORIGIN)} {dns.rdatatype.to_text(rrset.rdtype)}" for rrset in section]

    assert (dns.rcode.to_text(found.rcode()), shown(found.answer), shown(found.authority)) == (rcode, answer, authority)
    glue = ["ns.sub A"] if "sub NS" in authority else []
    assert shown(found.additional) == glue
