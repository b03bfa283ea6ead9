"""Signed queries (RFC 8945): what is verified, in which order, and how what comes back is signed."""

from __future__ import annotations

import struct
import time
from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.tsig
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.dns import Responder, Serving
from gslb.dns.cursor import Malformed
from gslb.dns.keyring import Keyring
from gslb.dns.tsig import verify
from gslb.dns.wire import read_query
from tests.dns import worlds
from tests.dns.tsigs import KEYS, SECRET, Signature, dnspython_key, wire_of

NAME = f"info.{worlds.ZONE}"
PEER = "192.0.2.7"


def serving() -> Serving:
    return replace(worlds.serving(), keyring=Keyring(tsig=KEYS))


RESPONDER = Responder(serving(), node="x")


def query(name: str = NAME, kind: str = "TXT", use_edns: int | bool = False, payload: int = 1232) -> bytes:
    return dns.message.make_query(name, kind, id=4711, use_edns=use_edns, payload=payload).to_wire()


def asked(wire: bytes, transport: int = 0, by: Responder = RESPONDER) -> bytes:
    reply = by.respond(wire, PEER, transport)
    assert reply is not None
    return reply


def tsig_of(reply: bytes) -> tuple[dns.message.Message, dns.rdatatype.RdataType, object]:
    message = dns.message.from_wire(reply, keyring=False)
    assert message.tsig is not None
    return message, message.tsig[0].rdtype, message.tsig[0]


def error_of(reply: bytes) -> tuple[str, int, bytes]:
    """RCODE, TSIG error, MAC."""
    message, _, rdata = tsig_of(reply)
    return dns.rcode.to_text(message.rcode()), int(rdata.error), bytes(rdata.mac)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("transport", [0, 1, 2])
def test_the_answer_to_a_signed_query_is_signed_with_its_key_section_5_3(name: str, transport: int) -> None:
    signature = Signature(name, KEYS[name].algorithm, KEYS[name].secret)
    reply = asked(signature.on(query()), transport)
    answer = dns.message.from_wire(reply, keyring=dnspython_key(name), request_mac=signature.mac)
    assert answer.had_tsig
    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.answer[0].to_text() == f'{NAME}. 300 IN TXT "three regions"'


def test_what_dnspython_signs_is_believed() -> None:
    message = dns.message.make_query(NAME, "TXT")
    message.use_tsig(dnspython_key())
    reply = asked(message.to_wire())
    answer = dns.message.from_wire(reply, keyring=dnspython_key(), request_mac=message.mac)
    assert (answer.had_tsig, answer.rcode()) == (True, dns.rcode.NOERROR)


def test_the_answer_is_signed_as_section_4_has_it_written_by_hand() -> None:
    signature = Signature()
    reply = asked(signature.on(query()))
    bare = asked(query())
    message = dns.message.from_wire(reply, keyring=False)
    assert message.tsig is not None
    mine = Signature(time_s=message.tsig[0].time_signed)
    assert mine.on(bare, request_mac=signature.mac) == reply


def test_an_unsigned_query_gets_no_tsig() -> None:
    assert dns.message.from_wire(asked(query())).tsig is None


def test_names_of_keys_are_compared_without_case() -> None:
    signature = Signature("TRANSFER-Key")
    assert error_of(asked(signature.on(query())))[:2] == ("NOERROR", 0)


@pytest.mark.parametrize(
    ("signature", "error"),
    [
        (Signature("nobody"), 17),
        (Signature("transfer-key", "hmac-sha512", SECRET), 17),  # the name of a key is its with one algorithm
        (Signature("transfer-key", "hmac-sha256", b"another secret, as long as any.."), 16),
    ],
    ids=["unknown key", "other algorithm", "other secret"],
)
def test_who_has_not_the_key_hears_so_unsigned_section_5_2(signature: Signature, error: int) -> None:
    reply = asked(signature.on(query()))
    assert error_of(reply) == ("NOTAUTH", error, b"")
    message = dns.message.from_wire(reply, keyring=False)
    assert not message.answer
    assert message.question[0].name.to_text() == NAME + "."
    assert not message.flags & dns.flags.AA


@pytest.mark.parametrize("wrong_by_s", [-301, 301, -100_000])
def test_a_wrong_clock_is_told_signed_with_our_time_section_5_2_3(wrong_by_s: int) -> None:
    now_s = int(time.time())
    signature = Signature(time_s=now_s + wrong_by_s)
    reply = asked(signature.on(query()))
    rcode, error, mac = error_of(reply)
    assert (rcode, error, len(mac)) == ("NOTAUTH", 18, 32)
    message = dns.message.from_wire(reply, keyring=False)
    assert message.tsig is not None
    told = message.tsig[0]
    assert told.time_signed == signature.time_s
    assert abs(int.from_bytes(told.other, "big") - now_s) <= 2
    mine = replace(signature)
    bare = reply[:10] + b"\0\0" + query()[12:]
    assert mine.on(bare, 18, told.other, signature.mac) == reply


@pytest.mark.parametrize("off_s", [-299, 0, 299])
def test_a_clock_within_the_fudge_is_right(off_s: int) -> None:
    signature = Signature(time_s=int(time.time()) + off_s)
    assert error_of(asked(signature.on(query())))[:2] == ("NOERROR", 0)


@pytest.mark.parametrize("octets", [16, 31])
def test_a_truncated_mac_that_is_right_is_not_enough_section_5_2_4(octets: int) -> None:
    rcode, error, mac = error_of(asked(Signature(cut=octets).on(query())))
    assert (rcode, error, len(mac)) == ("NOTAUTH", 22, 32)


def test_a_truncated_mac_that_is_wrong_is_a_bad_signature() -> None:
    signature = Signature(secret=b"another secret, as long as any..", cut=16)
    assert error_of(asked(signature.on(query()))) == ("NOTAUTH", 16, b"")


@pytest.mark.parametrize("octets", [0, 9, 15])
def test_a_mac_shorter_than_half_is_a_format_error_section_5_2_2_1(octets: int) -> None:
    reply = asked(Signature(cut=octets).on(query()))
    assert reply[3] & 15 == dns.rcode.FORMERR
    assert dns.message.from_wire(reply).tsig is None


@pytest.mark.parametrize("signature", [Signature(klass=1), Signature(ttl=1)], ids=["class IN", "TTL 1"])
def test_a_tsig_that_is_none_by_class_or_ttl_is_a_format_error_section_4_2(signature: Signature) -> None:
    assert asked(signature.on(query()))[3] & 15 == dns.rcode.FORMERR


def test_a_tsig_that_is_not_the_last_record_is_a_format_error_section_5_1() -> None:
    wire = Signature().on(query())
    opt = bytes((0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0))
    assert asked(wire[:10] + b"\0\2" + wire[12:] + opt)[3] & 15 == dns.rcode.FORMERR
    twice = Signature().on(wire)
    assert asked(twice)[3] & 15 == dns.rcode.FORMERR


def test_a_tsig_among_the_answers_is_a_format_error() -> None:
    wire = Signature().on(query())
    moved = wire[:6] + b"\0\1\0\0\0\0" + wire[12:]
    assert asked(moved)[3] & 15 == dns.rcode.FORMERR


def test_a_tsig_after_an_opt_is_where_it_should_be() -> None:
    signature = Signature()
    reply = asked(signature.on(query(use_edns=0)))
    answer = dns.message.from_wire(reply, keyring=dnspython_key(), request_mac=signature.mac)
    assert (answer.had_tsig, answer.edns) == (True, 0)


def test_an_answer_that_does_not_fit_with_its_tsig_is_truncated_and_signed_section_5_3() -> None:
    size = len(asked(query(f"big.{worlds.ZONE}", use_edns=0)))
    signature = Signature()
    reply = asked(signature.on(query(f"big.{worlds.ZONE}", use_edns=0, payload=size + 20)))
    answer = dns.message.from_wire(reply, keyring=dnspython_key(), request_mac=signature.mac)
    assert answer.flags & dns.flags.TC
    assert not answer.answer
    assert len(reply) <= size + 20


def test_who_asks_for_a_cookie_alone_with_a_wrong_key_hears_so_without_a_question() -> None:
    """RFC 7873 section 5.4 lets queries have none: what is not there is not counted either."""
    cookie = bytes((0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 12, 0, 10, 0, 8)) + b"12345678"
    reply = asked(Signature("nobody").on(struct.pack("!6H", 4711, 0, 0, 0, 0, 1) + cookie))
    assert error_of(reply) == ("NOTAUTH", 17, b"")
    assert reply[4:6] == b"\0\0"


@pytest.mark.parametrize("opcode", [4, 5], ids=["NOTIFY", "UPDATE"])
def test_a_wrong_key_on_another_opcode_is_told_with_no_flag_and_no_question(opcode: int) -> None:
    wire = query(kind="SOA")
    reply = asked(Signature("nobody").on(wire[:2] + bytes((opcode << 3 | 1, 0x10)) + wire[4:]))
    assert struct.unpack("!HHHHH", reply[2:12]) == (0x8000 | opcode << 11 | dns.rcode.NOTAUTH, 0, 0, 0, 1)


def test_names_of_a_tsig_that_leave_no_room_in_512_octets_are_a_format_error() -> None:
    """RFC 1035 section 4.2.1: who sends no OPT reads no more, and the names of a TSIG are not compressed."""
    long = ".".join(["k" * 63] * 3 + ["k" * 61])
    asked_for = ".".join(["q" * 63] * 2 + ["q" * 61, NAME])
    reply = asked(Signature(long).on(query(asked_for)))
    assert (len(reply), reply[3] & 15) == (12, dns.rcode.FORMERR)


@pytest.mark.parametrize("opcode", [4, 5], ids=["NOTIFY", "UPDATE"])
def test_what_is_not_implemented_is_refused_signed(opcode: int) -> None:
    wire = query(kind="SOA")
    signature = Signature()
    reply = asked(signature.on(wire[:2] + bytes((opcode << 3, 0)) + wire[4:]))
    assert error_of(reply)[:2] == ("NOTIMP", 0)


def test_each_failure_is_counted_by_its_name() -> None:
    by = Responder(serving(), node="x")
    for signature in (Signature("nobody"), Signature(secret=b"x" * 32), Signature(time_s=0), Signature(cut=16)):
        asked(signature.on(query()), by=by)
    failures = {key[1]: count for key, count in by.counters.items() if key[0] == "gslb_dns_tsig_failures_total"}
    assert failures == {"BADKEY": 1, "BADSIG": 1, "BADTIME": 1, "BADTRUNC": 1}


def test_a_signed_answer_is_never_given_again() -> None:
    by = Responder(serving(), node="x")
    first, second = Signature(), Signature(time_s=int(time.time()) + 1)
    replies = [asked(signature.on(query()), by=by) for signature in (first, second)]
    for signature, reply in zip((first, second), replies, strict=True):
        dns.message.from_wire(reply, keyring=dnspython_key(), request_mac=signature.mac)


def test_a_name_that_is_compressed_is_read() -> None:
    """RFC 8945 section 4.2 forbids it for the algorithm, and some write it for the name of the key."""
    bare = query("transfer-key", "TXT")
    wire = Signature().on(bare)
    whole = wire_of("transfer-key")
    at = wire.rindex(whole)
    reply = asked(wire[:at] + b"\xc0\x0c" + wire[at + len(whole) :])
    assert error_of(reply)[:2] == ("REFUSED", 0)  # out of zone, and signed


SIGNED = Signature(time_s=1_800_000_000).on(query())


@given(st.binary(max_size=300), st.integers(0, len(SIGNED)), st.integers(0, 20))
@example(b"", 40, 0)
def test_no_octets_raise_anything_but_malformed(junk: bytes, at: int, cut: int) -> None:
    wire = SIGNED[:at] + junk + SIGNED[at + cut :]
    if len(wire) < 12:
        return
    try:
        found = read_query(wire)
        if found.tsig:
            verify(wire, found.tsig, KEYS, 1_800_000_000)
    except Malformed:
        return
    reply = RESPONDER.respond(wire, PEER)
    assert reply is None or not any(key[0] == "gslb_dns_failures_total" for key in RESPONDER.counters)


@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 7))
def test_one_bit_turned_is_never_believed(at: int, bit: int) -> None:
    """Except in the ID, which the original ID stands for (section 5.1), and in the case of names."""
    wire = bytearray(SIGNED)
    wire[at] ^= 1 << bit
    try:
        found = read_query(bytes(wire))
        transaction = verify(bytes(wire), found.tsig, KEYS, 1_800_000_000) if found.tsig else None
    except Malformed:
        return
    if transaction is None or transaction.error:
        return
    assert at < 2 or bytes(wire).lower() == SIGNED.lower()


def test_counts_of_the_query_stay_within_the_hot_path() -> None:
    """What is unsigned is told to be so by the one look at the additional records that finds the OPT."""
    assert read_query(query(use_edns=0)).tsig == 0
    assert read_query(Signature().on(query())).tsig == len(query())
    assert struct.unpack("!H", query()[10:12]) == (0,)
