"""Static names: what is in the zone, what is not, and where an answer ends. Over every transport."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from gslb.dns import Responder
from tests.dns import worlds
from tests.dns.door import Door, Transport
from tests.dns.worlds import HOST, ZONE

SOA = "ns1.inetboot.test. host\\.master.inetboot.test. 1 3600 600 1209600 30"


def ask(door: Door, transport: Transport, name: str, kind: str) -> dns.message.Message:
    """With a client subnet in each query: none of these answers depends on the client (RFC 7871 section 7.2.1)."""
    subnet = dns.edns.ECSOption("133.11.0.0", 16)
    absolute = name if name.endswith(".") else f"{name}.{ZONE}."
    reply = door.ask(dns.message.make_query(absolute, kind, options=[subnet]), transport)
    assert [option.to_text() for option in reply.options if option.otype == 8] == ["ECS 133.11.0.0/16 scope/0"]
    return reply


def shown(section: list[dns.rrset.RRset]) -> list[str]:
    return [line for rrset in section for line in rrset.to_text().splitlines()]


def is_denied(reply: dns.message.Message, zone: str = ZONE) -> bool:
    """No data, and the SOA with TTL min(its own, MINIMUM) to say for how long (RFC 2308 sections 3 and 5)."""
    return (
        bool(reply.flags & dns.flags.AA)
        and len(reply.authority) == 1
        and reply.authority[0].rdtype == dns.rdatatype.SOA
        and str(reply.authority[0].name) == f"{zone}."
        and reply.authority[0].ttl == 30
    )


class TestData:
    @pytest.mark.parametrize(
        ("name", "kind", "expected"),
        [
            ("go", "A", ["300 IN A 192.0.2.80"]),
            ("go", "AAAA", ["300 IN AAAA 2001:db8::80"]),
            ("info", "TXT", ['300 IN TXT "three regions"']),
            ("mx", "MX", ["60 IN MX 10 mail.inetboot.test."]),
            ("caa", "CAA", ['60 IN CAA 0 issue "ca.example"']),
            ("srv", "SRV", ["60 IN SRV 1 2 443 go.inetboot.test."]),
            ("odd", "TYPE65280", ["60 IN TYPE65280 \\# 3 010203"]),
            ("ns1", "A", ["300 IN A 192.0.2.53"]),
            ("ns1", "AAAA", ["300 IN AAAA 2001:db8::53"]),
            (f"{ZONE}.", "SOA", ["300 IN SOA " + SOA]),
            (f"{ZONE}.", "NS", ["300 IN NS ns1.inetboot.test.", "300 IN NS ns2.example.net."]),
            (f"{HOST}.", "TXT", ['60 IN TXT "steered for addresses alone"']),
        ],
    )
    def test_is_answered_with_authority_and_nothing_else(
        self, door: Door, transport: Transport, name: str, kind: str, expected: list[str]
    ) -> None:
        """Minimal: no NS and no addresses of targets, which a resolver would not believe anyway (RFC 2181 section 5.4.1)."""
        reply = ask(door, transport, name, kind)
        owner = name if name.endswith(".") else f"{name}.{ZONE}."
        assert sorted(shown(reply.answer)) == sorted(f"{owner} {line}" for line in expected)
        assert (reply.rcode(), reply.authority, reply.additional) == (dns.rcode.NOERROR, [], [])
        assert reply.flags & dns.flags.AA

    @pytest.mark.parametrize("kind", ["A", "TXT", "SVCB", "HTTPS", "CAA", "NSEC", "RRSIG", "DNSKEY", "DS", "TYPE65000", "TKEY"])
    def test_without_data_of_a_type_is_nodata_never_notimp_rfc_8906_section_3_1_2(
        self, door: Door, transport: Transport, kind: str
    ) -> None:
        reply = ask(door, transport, "mx", kind)
        assert reply.rcode() == dns.rcode.NOERROR
        assert not reply.answer
        assert is_denied(reply)

    @pytest.mark.parametrize("kind", ["MX", "SVCB", "HTTPS", "SOA", "NS"])
    def test_at_a_steered_name_is_static_but_for_addresses(self, door: Door, transport: Transport, kind: str) -> None:
        reply = ask(door, transport, f"{HOST}.", kind)
        assert reply.rcode() == dns.rcode.NOERROR
        assert is_denied(reply)

    def test_ds_at_our_own_apex_is_nodata_rfc_4035_section_3_1_4_1(self, door: Door, transport: Transport) -> None:
        assert is_denied(ask(door, transport, f"{ZONE}.", "DS"))

    @pytest.mark.parametrize("name", ["go", "mx", f"{ZONE}.", f"{HOST}."])
    def test_any_is_one_hinfo_rfc_8482_section_4_2(self, door: Door, transport: Transport, name: str) -> None:
        reply = ask(door, transport, name, "ANY")
        owner = name if name.endswith(".") else f"{name}.{ZONE}."
        assert shown(reply.answer) == [f'{owner} 8482 IN HINFO "RFC8482" ""']


class TestAbsence:
    @pytest.mark.parametrize("name", ["nowhere", "a.b.c.d.e", "x.go", "x.knoppix", "wild2", "deeper.deep.down.below"])
    def test_of_a_name_is_nxdomain_with_the_soa_rfc_2308_section_2_1(self, door: Door, transport: Transport, name: str) -> None:
        reply = ask(door, transport, name, "A")
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert not reply.answer
        assert is_denied(reply)

    @pytest.mark.parametrize("name", ["below", "down.below", "wild", "alias"])
    @pytest.mark.parametrize("kind", ["A", "ANY"])
    def test_of_data_at_an_empty_non_terminal_is_nodata_rfc_4592_section_2_2_2(
        self, door: Door, transport: Transport, name: str, kind: str
    ) -> None:
        """RFC 8020 section 2: NXDOMAIN would deny the names below."""
        reply = ask(door, transport, name, kind)
        assert reply.rcode() == dns.rcode.NOERROR
        assert is_denied(reply)

    @pytest.mark.parametrize("name", ["example.com.", "test.", ".", "notinetboot.test.", "inetboot.test.example."])
    def test_of_authority_is_refused_without_a_referral_rfc_8914_section_4_21(
        self, door: Door, transport: Transport, name: str
    ) -> None:
        reply = ask(door, transport, name, "A")
        assert reply.rcode() == dns.rcode.REFUSED
        assert not reply.flags & dns.flags.AA
        assert (reply.answer, reply.authority, reply.additional) == ([], [], [])
        assert [error.code for error in reply.extended_errors()] == [20]

    @pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
    def test_of_leave_to_transfer_is_refused_rfc_5936_section_2_2_1(self, door: Door, transport: Transport, kind: str) -> None:
        query = dns.message.make_query(f"{ZONE}.", "SOA", use_edns=0)
        wire = query.to_wire().replace(b"\0\x06\0\x01", bytes((0, int(dns.rdatatype.from_text(kind)), 0, 1)))
        reply = dns.message.from_wire(door.exchange(wire, transport))
        assert (reply.rcode(), reply.answer) == (dns.rcode.REFUSED, [])


class TestWildcard:
    """RFC 4592: `*.wild` and `here.wild` exist."""

    @pytest.mark.parametrize("name", ["any.wild", "a.b.c.wild", f"{'l' * 63}.{'m' * 63}.{'n' * 63}.wild", "*.wild"])
    def test_answers_for_names_that_do_not_exist_section_3_3_1(self, door: Door, transport: Transport, name: str) -> None:
        reply = ask(door, transport, name, "MX")
        assert shown(reply.answer) == [f"{name}.{ZONE}. 60 IN MX 5 mail.{ZONE}."]

    def test_has_no_data_of_another_type_section_2_2_1(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "any.wild", "A")
        assert reply.rcode() == dns.rcode.NOERROR
        assert is_denied(reply)

    @pytest.mark.parametrize(("name", "rcode"), [("here.wild", dns.rcode.NOERROR), ("x.here.wild", dns.rcode.NXDOMAIN)])
    def test_is_not_used_where_a_closer_name_exists(self, door: Door, transport: Transport, name: str, rcode: int) -> None:
        reply = ask(door, transport, name, "MX")
        assert reply.rcode() == rcode
        assert is_denied(reply)

    def test_may_be_an_alias_section_4_3(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "x.y.alias", "A")
        assert shown(reply.answer) == [f"x.y.alias.{ZONE}. 60 IN CNAME go.{ZONE}.", f"go.{ZONE}. 300 IN A 192.0.2.80"]
        assert is_denied(ask(door, transport, "x.alias", "TXT"))


class TestAlias:
    def test_is_followed_inside_the_zone_rfc_1034_section_4_3_2(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "www", "A")
        assert shown(reply.answer) == [f"www.{ZONE}. 60 IN CNAME go.{ZONE}.", f"go.{ZONE}. 300 IN A 192.0.2.80"]

    @pytest.mark.parametrize("kind", ["CNAME", "ANY"])
    def test_is_not_followed_when_it_is_asked_for(self, door: Door, transport: Transport, kind: str) -> None:
        assert shown(ask(door, transport, "www", kind).answer) == [f"www.{ZONE}. 60 IN CNAME go.{ZONE}."]

    def test_to_a_name_without_that_type_is_nodata_rfc_2308_section_2_2(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "www", "MX")
        assert (reply.rcode(), len(reply.answer)) == (dns.rcode.NOERROR, 1)
        assert is_denied(reply)

    def test_to_a_name_that_does_not_exist_is_nxdomain_rfc_6604_section_3(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "lost", "A")
        assert (reply.rcode(), len(reply.answer)) == (dns.rcode.NXDOMAIN, 1)
        assert is_denied(reply)

    @pytest.mark.parametrize("kind", ["A", "AAAA", "TXT"])
    def test_into_a_steered_name_stands_alone_rfc_7871_section_7_2_1(self, door: Door, transport: Transport, kind: str) -> None:
        """A chain has one scope, so it may not end in an answer that depends on the client."""
        reply = ask(door, transport, "boot", kind)
        assert shown(reply.answer) == [f"boot.{ZONE}. 60 IN CNAME {HOST}."]
        assert (reply.rcode(), reply.authority) == (dns.rcode.NOERROR, [])

    def test_out_of_the_zone_stands_alone(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "out", "A")
        assert (shown(reply.answer), reply.authority) == ([f"out.{ZONE}. 60 IN CNAME www.example.net."], [])

    def test_that_goes_in_a_circle_ends(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "loop", "A")
        assert [str(rrset.name) for rrset in reply.answer] == [f"loop.{ZONE}.", f"pool.{ZONE}."]

    def test_below_a_delegation_ends_in_the_referral(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "away", "A")
        assert shown(reply.answer) == [f"away.{ZONE}. 60 IN CNAME x.sub.{ZONE}."]
        assert {str(rrset.name) for rrset in reply.authority} == {f"sub.{ZONE}."}


class TestDelegation:
    @pytest.mark.parametrize("name", ["sub", "www.sub", "ns.sub", "a.b.c.sub"])
    @pytest.mark.parametrize("kind", ["A", "NS", "SOA", "ANY"])
    def test_is_a_referral_with_glue_and_without_authority_rfc_9471_section_3_1(
        self, door: Door, transport: Transport, name: str, kind: str
    ) -> None:
        reply = ask(door, transport, name, kind)
        assert (reply.rcode(), reply.flags & dns.flags.AA, reply.answer) == (dns.rcode.NOERROR, 0, [])
        assert sorted(shown(reply.authority)) == [
            f"sub.{ZONE}. 600 IN NS ns.elsewhere.example.",
            f"sub.{ZONE}. 600 IN NS ns.sub.{ZONE}.",
        ]
        assert shown(reply.additional) == [
            f"ns.sub.{ZONE}. 600 IN A 192.0.2.99",
            f"ns.sub.{ZONE}. 600 IN AAAA 2001:db8::99",
        ]

    def test_has_its_ds_here_rfc_4035_section_3_1_4_1(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "signed", "DS")
        assert reply.flags & dns.flags.AA
        assert [rrset.rdtype for rrset in reply.answer] == [dns.rdatatype.DS]
        assert is_denied(ask(door, transport, "sub", "DS"))

    def test_hands_on_what_is_asked_below_it_ds_too(self, door: Door, transport: Transport) -> None:
        reply = ask(door, transport, "x.signed", "DS")
        assert (reply.flags & dns.flags.AA, reply.answer) == (0, [])
        assert [rrset.rdtype for rrset in reply.authority] == [dns.rdatatype.NS]


class TestSize:
    def test_without_edns_512_octets_are_the_most_over_udp_rfc_1035_section_4_2_1(self, door: Door, transport: Transport) -> None:
        query = dns.message.make_query(f"big.{ZONE}", "TXT")
        reply = door.ask(query, transport)
        if transport.startswith("tcp"):
            assert (len(reply.answer), reply.flags & dns.flags.TC) == (1, 0)
        else:
            assert (reply.answer, reply.authority, reply.additional) == ([], [], [])
            assert reply.flags & dns.flags.TC

    @pytest.mark.parametrize(("payload", "fits"), [(0, False), (400, False), (900, False), (1100, True), (65535, True)])
    def test_with_edns_as_much_as_it_says_rfc_6891_section_6_2_3(self, door: Door, payload: int, fits: bool) -> None:
        query = dns.message.make_query(f"big.{ZONE}", "TXT", use_edns=0, payload=payload)
        reply = door.ask(query, "udp4")
        assert bool(reply.flags & dns.flags.TC) is not fits
        assert len(reply.answer) == fits
        assert reply.edns == 0

    def test_below_512_counts_as_512_rfc_6891_section_6_2_3(self, door: Door) -> None:
        query = dns.message.make_query(f"info.{ZONE}", "TXT", use_edns=0, payload=12)
        assert door.ask(query, "udp4").answer

    def test_more_than_1232_octets_never_go_over_udp_rfc_9715_section_3_1(self, door: Door, transport: Transport) -> None:
        """A truncated answer keeps its OPT, and what the OPT says (RFC 6891 section 7)."""
        options = [dns.edns.ECSOption("133.11.0.0", 16), dns.edns.NSIDOption(b"")]
        query = dns.message.make_query(f"huge.{ZONE}", "TXT", use_edns=0, payload=4096, options=options)
        reply = door.ask(query, transport)
        assert bool(reply.flags & dns.flags.TC) is transport.startswith("udp")
        assert {option.otype for option in reply.options} == {3, 8}
        assert reply.flags & dns.flags.AA


class TestSeveralZones:
    """`lab` is in our own parent, which delegates `far.lab` itself; the longest name wins."""

    @pytest.fixture
    def responder(self) -> Responder:
        child = worlds.zone("lab.inetboot.test", "x 60 IN A 192.0.2.7\n")
        parent = worlds.zone(text=worlds.RECORDS + "into 60 IN CNAME x.lab\nstray.lab 60 IN A 192.0.2.8\n")
        other = worlds.zone("example.org", "@ 60 IN A 192.0.2.9\n")
        config = worlds.configuration(zones=(parent, other, child))
        return Responder(worlds.serving(worlds.world(config)), node="tokyo-1")

    def asked(self, responder: Responder, name: str, kind: str) -> dns.message.Message:
        reply = responder.respond(dns.message.make_query(name, kind).to_wire(), "127.0.0.1")
        assert reply is not None
        return dns.message.from_wire(reply)

    def test_the_longest_name_answers(self, responder: Responder) -> None:
        assert shown(self.asked(responder, "x.lab.inetboot.test", "A").answer) == ["x.lab.inetboot.test. 60 IN A 192.0.2.7"]
        assert shown(self.asked(responder, "example.org", "A").answer) == ["example.org. 60 IN A 192.0.2.9"]
        assert is_denied(self.asked(responder, "y.lab.inetboot.test", "A"), "lab.inetboot.test")
        assert is_denied(self.asked(responder, "stray.lab.inetboot.test", "A"), "lab.inetboot.test")
        assert str(self.asked(responder, "lab.inetboot.test", "SOA").answer[0].name) == "lab.inetboot.test."

    def test_ds_of_the_child_is_the_parents_business_rfc_4035_section_3_1_4_1(self, responder: Responder) -> None:
        assert is_denied(self.asked(responder, "lab.inetboot.test", "DS"), ZONE)
        assert is_denied(self.asked(responder, "example.org", "DS"), "example.org")

    def test_an_alias_into_another_zone_stands_alone(self, responder: Responder) -> None:
        assert shown(self.asked(responder, f"into.{ZONE}", "A").answer) == [f"into.{ZONE}. 60 IN CNAME x.lab.{ZONE}."]


def test_the_serial_is_the_one_given(door: Door) -> None:
    responder = Responder(worlds.serving(serial=1_763_856_000), node="tokyo-1")
    reply = responder.respond(dns.message.make_query(ZONE, "SOA").to_wire(), "127.0.0.1")
    assert reply is not None
    assert dns.message.from_wire(reply).answer[0][0].serial == 1_763_856_000


def test_one_ttl_for_a_set_the_lowest_rfc_2181_section_5_2() -> None:
    zone = worlds.zone(text="two 60 IN A 192.0.2.1\ntwo 30 IN A 192.0.2.2\ntwo 90 IN A 192.0.2.1\n")
    responder = Responder(worlds.serving(worlds.world(worlds.configuration(zones=(zone,)))), node="tokyo-1")
    reply = responder.respond(dns.message.make_query(f"two.{ZONE}", "A").to_wire(), "127.0.0.1")
    assert reply is not None
    assert shown(dns.message.from_wire(reply).answer) == [f"two.{ZONE}. 30 IN A 192.0.2.1", f"two.{ZONE}. 30 IN A 192.0.2.2"]
