"""Header and parsing, over every transport. Messages that dnspython does not write are written by hand."""

from __future__ import annotations

import socket

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest

from tests.dns.door import HOSTS, Door, Transport
from tests.dns.test_wire import QUESTION, header, opt, option
from tests.dns.worlds import HOST

GO = "go.inetboot.test"
NO_ERROR_OPT = bytes(4)


def rcode_of(wire: bytes) -> int:
    return wire[3] & 0xF


def is_header_only(wire: bytes) -> bool:
    return len(wire) == 12 and wire[4:] == bytes(8)


@pytest.mark.parametrize("wire", [b"", b"\0" * 11, b"\x12\x34\x80\0\0\x01" + bytes(6) + QUESTION])
def test_too_short_or_a_response_gets_no_answer(door: Door, wire: bytes) -> None:
    """The next datagram on the same socket is answered first: so the one before got nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(20)
        sock.connect((HOSTS["4"], door.ports["udp4"]))
        sock.send(wire)
        sock.send(header() + QUESTION)
        assert sock.recv(4096)[:2] == b"\x12\x34"
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(4096)


@pytest.mark.parametrize(
    "name", [b"\x03www", b"\xc0\x0c\0\x01\0\x01", b"\x40a\0\0\x01\0\x01", (b"\x3f" + b"a" * 63) * 4 + QUESTION]
)
def test_malformed_name_is_formerr_with_a_header_only(door: Door, transport: Transport, name: bytes) -> None:
    reply = door.exchange(header() + name, transport)
    assert is_header_only(reply)
    assert (reply[:2], rcode_of(reply)) == (b"\x12\x34", dns.rcode.FORMERR)


@pytest.mark.parametrize("wire", [header(0), header(2) + QUESTION * 2, header(1, 0, 0, 3) + QUESTION + opt()])
def test_counts_that_do_not_fit_are_formerr_rfc_9619(door: Door, transport: Transport, wire: bytes) -> None:
    reply = door.exchange(wire, transport)
    assert is_header_only(reply)
    assert rcode_of(reply) == dns.rcode.FORMERR


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 15])
def test_other_opcodes_are_notimp_rfc_8906_section_3_1_4(door: Door, transport: Transport, opcode: int) -> None:
    """The opcode echoed, every flag but QR clear, no sections; an OPT tells why (RFC 8914 section 4.22)."""
    wire = bytearray(header() + QUESTION)
    wire[2:4] = bytes((opcode << 3 | 0x07, 0xF0))
    reply = door.exchange(bytes(wire), transport)
    assert reply == b"\x12\x34" + bytes((0x80 | opcode << 3, dns.rcode.NOTIMP)) + bytes(8)
    wire[10:12] = b"\0\x01"
    reply = door.exchange(bytes(wire) + opt(), transport)
    assert reply[2:4] == bytes((0x80 | opcode << 3, dns.rcode.NOTIMP))
    assert reply[4:12] == b"\0\0\0\0\0\0\0\x01"
    assert reply.endswith(b"\0\x0f\0\x02\0\x15")
    assert is_header_only(door.exchange(bytes(wire[:12]), transport))


def test_flags_of_a_query_are_ignored_and_rd_is_copied_rfc_1035_section_4_1_1(door: Door, transport: Transport) -> None:
    query = dns.message.make_query(GO, "A")
    query.flags |= dns.flags.AA | dns.flags.TC | dns.flags.RA | dns.flags.AD | dns.flags.CD | 0x0040
    assert door.ask(query, transport).flags == dns.flags.QR | dns.flags.AA | dns.flags.RD
    query.flags = dns.flags.CD
    assert door.ask(query, transport).flags == dns.flags.QR | dns.flags.AA


@pytest.mark.parametrize("name", ["gO.iNeTbOoT.tEsT", "KNOPPIX.inetboot.TEST", "NoWhere.Inetboot.Test", "EXAMPLE.com"])
def test_the_question_is_echoed_octet_by_octet(door: Door, transport: Transport, name: str) -> None:
    """Case included, so that 0x20 works (draft-vixie-dnsext-dns0x20); matching ignores it (RFC 4343 section 3)."""
    query = dns.message.make_query(name, "A")
    lower = door.ask(dns.message.make_query(name.lower(), "A"), transport)
    wire = query.to_wire()
    reply = door.exchange(wire, transport)
    assert reply[12 : len(wire)] == wire[12:]
    message = dns.message.from_wire(reply)
    assert message.rcode() == lower.rcode()
    assert [list(rrset) for rrset in message.answer] == [list(rrset) for rrset in lower.answer]


def test_octets_after_the_message_are_ignored(door: Door, transport: Transport) -> None:
    wire = header(1, 0, 0, 1) + QUESTION + opt()
    assert door.exchange(wire + b"\xff" * 7, transport) == door.exchange(wire, transport)


@pytest.mark.parametrize("kind", ["OPT", "TSIG"])
def test_a_type_that_is_no_data_is_formerr(door: Door, transport: Transport, kind: str) -> None:
    """RFC 6891 section 6.1.1, RFC 8945 section 4.2: OPT and TSIG are never in zone data."""
    query = (
        dns.message.make_query(GO, "A").to_wire().replace(b"\0\x01\0\x01", b"\0\x29\0\x01" if kind == "OPT" else b"\0\xfa\0\x01")
    )
    reply = door.exchange(query, transport)
    assert is_header_only(reply)
    assert rcode_of(reply) == dns.rcode.FORMERR


class TestEdns:
    def test_opt_is_answered_if_and_only_if_it_was_sent_rfc_6891_section_6_1_1(self, door: Door, transport: Transport) -> None:
        for name in (GO, HOST, "nowhere.inetboot.test", "example.com"):
            assert door.ask(dns.message.make_query(name, "A"), transport).edns == -1
            reply = door.ask(dns.message.make_query(name, "A", use_edns=0, payload=4096), transport)
            assert (reply.edns, reply.payload, reply.ednsflags) == (0, 1232, 0)

    def test_do_is_copied_and_other_flags_are_not_rfc_3225_section_3(self, door: Door, transport: Transport) -> None:
        query = dns.message.make_query(GO, "A", use_edns=0, ednsflags=0xFFFF)
        assert door.ask(query, transport).ednsflags == dns.flags.DO

    def test_a_higher_version_is_badvers_rfc_6891_section_6_1_3(self, door: Door, transport: Transport) -> None:
        reply = door.ask(dns.message.make_query(HOST, "A", use_edns=1), transport)
        assert (reply.rcode(), reply.edns) == (dns.rcode.BADVERS, 0)
        assert not reply.answer
        assert not reply.authority
        assert not reply.flags & dns.flags.AA
        assert reply.question

    def test_unknown_options_are_not_answered_rfc_6891_section_6_1_2(self, door: Door, transport: Transport) -> None:
        cookie = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")
        other = dns.edns.GenericOption("65001", b"x")
        reply = door.ask(dns.message.make_query(GO, "A", options=[cookie, other]), transport)
        assert reply.answer
        assert not reply.options

    def test_nsid_when_asked_rfc_5001_section_2_2(self, door: Door, transport: Transport) -> None:
        reply = door.ask(dns.message.make_query(GO, "A", options=[dns.edns.NSIDOption(b"")]), transport)
        assert [option.to_wire() for option in reply.options] == [b"tokyo-1"]

    @pytest.mark.parametrize("records", [opt() * 2, b"\x01a" + opt(), opt(b"\0\x08\0\x09abc"), opt(b"\0")])
    def test_a_malformed_opt_is_formerr(self, door: Door, transport: Transport, records: bytes) -> None:
        count = 2 if records == opt() * 2 else 1
        reply = door.exchange(header(1, 0, 0, count) + QUESTION + records, transport)
        assert rcode_of(reply) == dns.rcode.FORMERR
        assert reply[4:10] == bytes(6)

    @pytest.mark.parametrize("subnet", ["0003 0000", "0001 2100 0a00000000", "0001 1818 0a0000", "0001 1700 0a0001", "000118"])
    def test_a_bad_client_subnet_is_formerr_and_says_why_rfc_7871_section_7_1_2(
        self, door: Door, transport: Transport, subnet: str
    ) -> None:
        wire = header(1, 0, 0, 1) + QUESTION + opt(option(8, bytes.fromhex(subnet)), ttl=b"\0\0\x80\0")
        reply = dns.message.from_wire(door.exchange(wire, transport))
        assert (reply.rcode(), reply.edns, reply.ednsflags) == (dns.rcode.FORMERR, 0, dns.flags.DO)
        assert not reply.question
        assert "client subnet" in str(reply.extended_errors()[0].text)

    @pytest.mark.parametrize("questions", [0, 2])
    def test_one_with_not_one_question_gets_an_opt_back_rfc_6891_section_6_1_1(
        self, door: Door, transport: Transport, questions: int
    ) -> None:
        wire = header(questions, 0, 0, 1) + QUESTION * questions + opt(ttl=b"\0\0\x80\0")
        reply = dns.message.from_wire(door.exchange(wire, transport))
        assert (reply.rcode(), reply.edns, reply.ednsflags) == (dns.rcode.FORMERR, 0, dns.flags.DO)
        assert not reply.question
        other = dns.message.from_wire(door.exchange(wire[:2] + b"\x10" + wire[3:], transport))
        assert (other.rcode(), other.edns) == (dns.rcode.NOTIMP, 0)

    def test_keepalive_is_answered_over_tcp_alone_rfc_7828_section_3(self, door: Door, transport: Transport) -> None:
        reply = door.ask(
            dns.message.make_query(GO, "A", options=[dns.edns.GenericOption(dns.edns.OptionType.KEEPALIVE, b"")]),
            transport,
        )
        wires = [option.to_wire() for option in reply.options]
        assert wires == ([(100).to_bytes(2, "big")] if transport.startswith("tcp") else [])


class TestChaos:
    @pytest.mark.parametrize(("name", "text"), [("id.server", "tokyo-1"), ("Hostname.Bind", "tokyo-1"), ("version.bind", "gslb")])
    def test_says_which_server_this_is_rfc_4892_section_2(self, door: Door, transport: Transport, name: str, text: str) -> None:
        reply = door.ask(dns.message.make_query(name, "TXT", "CH"), transport)
        assert reply.rcode() == dns.rcode.NOERROR
        assert text in str(reply.answer[0][0])

    @pytest.mark.parametrize(("name", "kind"), [("id.server", "A"), ("other.bind", "TXT"), (GO, "TXT")])
    def test_refuses_everything_else(self, door: Door, transport: Transport, name: str, kind: str) -> None:
        reply = door.ask(dns.message.make_query(name, kind, "CH"), transport)
        assert (reply.rcode(), reply.flags & dns.flags.AA) == (dns.rcode.REFUSED, 0)

    @pytest.mark.parametrize("klass", ["HS", "NONE", "CLASS4711"])
    def test_other_classes_are_refused(self, door: Door, transport: Transport, klass: str) -> None:
        query = dns.message.make_query(GO, "A", "IN")
        query.question[0].rdclass = dns.rdataclass.from_text(klass)
        reply = door.ask(query, transport)
        assert (reply.rcode(), reply.flags & dns.flags.AA) == (dns.rcode.REFUSED, 0)

    def test_any_class_is_answered_without_authority_rfc_1035_section_6_2(self, door: Door, transport: Transport) -> None:
        query = dns.message.make_query(GO, "A", "ANY").to_wire()
        reply = dns.message.from_wire(door.exchange(query, transport))
        assert (reply.rcode(), reply.flags & dns.flags.AA) == (dns.rcode.NOERROR, 0)
        assert str(reply.answer[0][0]) == "192.0.2.80"
