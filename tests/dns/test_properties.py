"""What holds of the answer to every well-formed query."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder
from tests.dns import worlds
from tests.dns.worlds import HOST, ZONE

OWNERS = sorted({record.owner for record in worlds.zone().records} | {HOST, ZONE, f"wild.{ZONE}", "example.org", "test"})
LABELS = st.lists(st.text("aB-_9*", min_size=1, max_size=12), max_size=4)
KINDS = st.sampled_from([1, 2, 5, 6, 15, 16, 28, 33, 43, 46, 47, 48, 65, 252, 255, 257, 65280])
PEERS = st.sampled_from(["127.0.0.1", "133.11.0.9", "18.0.0.9", "2001:200::9", "10.0.0.9", "203.0.113.9"])


@st.composite
def names(draw: st.DrawFn) -> str:
    return ".".join([*draw(LABELS), draw(st.sampled_from(OWNERS))])


@st.composite
def subnets(draw: st.DrawFn) -> dns.edns.ECSOption:
    address = draw(
        st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6), st.sampled_from(["133.11.2.3", "10.1.2.3", "2001:200::1"]))
    )
    return dns.edns.ECSOption(str(address), draw(st.integers(0, 128 if ":" in str(address) else 32)))


RESPONDER = Responder(worlds.serving(known=("133.11.0.0/16", "2001:200::/32")), node="tokyo-1", kept_max=64)


@given(names(), KINDS, PEERS, st.none() | subnets(), st.sampled_from([None, 100, 512, 1232, 4096]), st.booleans())
def test_every_query_gets_its_answer(
    name: str, kind: int, peer: str, subnet: dns.edns.ECSOption | None, payload: int | None, tcp: bool
) -> None:
    options: list[dns.edns.Option] = [] if subnet is None else [subnet]
    edns = 0 if payload is not None or subnet is not None else -1
    query = dns.message.make_query(
        name, dns.rdatatype.RdataType.make(kind), use_edns=edns, payload=payload or 1232, options=options
    )
    wire = query.to_wire()
    answers = [RESPONDER.respond(wire, peer, tcp) for _ in range(2)]
    assert answers[0] == answers[1], "what is remembered is another answer"
    assert answers[0] is not None
    reply = dns.message.from_wire(answers[0])
    assert query.is_response(reply)
    assert len(answers[0]) <= (65535 if tcp else 512 if edns else min(max(payload or 1232, 512), 1232))
    assert reply.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.REFUSED)
    assert (reply.edns, reply.flags & dns.flags.RA) == (edns, 0)
    _check_subnet(reply, subnet)
    _check_sections(reply)


def _check_subnet(reply: dns.message.Message, subnet: dns.edns.ECSOption | None) -> None:
    told = [option for option in reply.options if isinstance(option, dns.edns.ECSOption)]
    assert len(told) == (subnet is not None)
    if subnet is not None:
        assert (told[0].family, told[0].srclen, told[0].addrdata) == (subnet.family, subnet.srclen, subnet.addrdata)
        steered = reply.question[0].name == dns.name.from_text(HOST) and reply.question[0].rdtype in (1, 28)
        bits = 32 if subnet.family == 1 else 128
        assert told[0].scopelen <= bits
        assert bool(told[0].scopelen) == bool(steered and subnet.srclen)


def _check_sections(reply: dns.message.Message) -> None:
    if reply.rcode() == dns.rcode.REFUSED or reply.flags & dns.flags.TC:
        assert not reply.answer
        assert not reply.authority
        return
    if not reply.answer:
        assert len(reply.authority) == 1
        assert reply.authority[0].rdtype == (dns.rdatatype.SOA if reply.flags & dns.flags.AA else dns.rdatatype.NS)
    if reply.additional:
        assert reply.authority[0].rdtype == dns.rdatatype.NS
    if reply.rcode() == dns.rcode.NXDOMAIN:
        assert {rrset.rdtype for rrset in reply.answer} <= {dns.rdatatype.CNAME}


def test_nothing_failed_inside() -> None:
    assert not [key for key in RESPONDER.counters if key[0] == "gslb_dns_failures_total"]
