"""Answers written ahead: compression, and that they fit a longer name."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rrset
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.answer import Rrset, write
from gslb.dns.codes import MX, NS, SOA, TXT
from gslb.dns.names import mailbox_name, wire_name
from gslb.dns.reply import whole

ZONE = wire_name("inetboot.test")
SOA_DATA = wire_name("ns1.inetboot.test") + mailbox_name("a.b@inetboot.test") + bytes(20)


def parsed(wire: bytes) -> dns.message.Message:
    return dns.message.from_wire(b"\0\0" + wire)


def test_pointers_follow_the_question_to_a_longer_name() -> None:
    denial = write(ZONE, authority=(Rrset(ZONE, SOA, 30, (SOA_DATA,)),))
    for name in ("inetboot.test", "x.inetboot.test", f"{'a' * 63}.{'b' * 63}.{'c' * 63}.inetboot.test"):
        wire = wire_name(name)
        message = parsed(whole(denial, wire + b"\0\x01\0\x01", len(wire), 0, b""))
        soa = message.authority[0]
        assert str(soa.name) == "inetboot.test."
        assert str(soa[0]).startswith("ns1.inetboot.test. a\\.b.inetboot.test. ")


def test_names_share_their_endings_with_the_question_and_each_other() -> None:
    servers = tuple(map(wire_name, ("ns1.example.net", "ns2.example.net", "ns1.inetboot.test")))
    answer = write(ZONE, (Rrset(None, NS, 60, servers),))
    # 3 × (pointer, type, class, TTL, length), then the names: whole, label and pointer, label and pointer.
    assert len(answer.body) == 3 * 12 + 17 + 6 + 6
    message = parsed(whole(answer, ZONE + b"\0\x02\0\x01", len(ZONE), 0, b""))
    assert {str(server) for server in message.answer[0]} == {
        "ns1.example.net.",
        "ns2.example.net.",
        "ns1.inetboot.test.",
    }


def test_types_newer_than_rfc_1035_are_not_compressed_rfc_3597_section_4() -> None:
    target = wire_name("go.inetboot.test")
    service = write(ZONE, (Rrset(None, 33, 60, (bytes(6) + target,)),))
    assert service.body.endswith(target)
    exchange = write(ZONE, (Rrset(None, MX, 60, (b"\0\x05" + target,)),))
    assert not exchange.body.endswith(target)


def test_nothing_points_further_than_a_pointer_can() -> None:
    big = tuple(bytes((250,)) + number.to_bytes(250, "big") for number in range(80))
    late = (
        Rrset(wire_name("late.example"), TXT, 60, (b"\x01a",)),
        Rrset(wire_name("late.example"), TXT, 60, (b"\x01b",)),
    )
    answer = write(ZONE, (Rrset(None, TXT, 60, big), *late))
    message = parsed(whole(answer, ZONE + b"\0\x10\0\x01", len(ZONE), 0, b""))
    assert len(message.answer[0]) == 80
    assert str(message.answer[1].name) == "late.example."


LABELS = st.text(st.characters(codec="ascii", exclude_characters=".\\@"), min_size=1, max_size=20)
NAMES = st.lists(LABELS, min_size=0, max_size=5).map(
    lambda labels: b"".join(bytes((len(x),)) + x.encode() for x in labels) + b"\0"
)


@given(st.lists(NAMES, min_size=1, max_size=8, unique_by=bytes.lower), NAMES, st.integers(0, 3))
def test_dnspython_reads_back_what_was_written(targets: list[bytes], prefix: bytes, cut: int) -> None:
    answer = write(ZONE, (Rrset(None, NS, 60, tuple(targets)),), (Rrset(ZONE, SOA, 30, (SOA_DATA,)),))
    name = prefix[:-1] + ZONE
    message = parsed(whole(answer, name + b"\0\x02\0\x01", len(name), 1, b""))
    assert {server.target.to_wire().lower() for server in message.answer[0]} == {target.lower() for target in targets}
    assert message.answer[0].name == dns.name.from_wire(name, 0)[0]
    assert message.authority[0].name == dns.name.from_text("inetboot.test.")


class TestNames:
    def test_text_becomes_labels(self) -> None:
        assert wire_name("A.bc") == b"\x01a\x02bc\0"
        assert wire_name("") == wire_name(".") == b"\0"
        assert wire_name(r"a\.b.c\046d\\") == b"\x03a.b\x04c.d\\\0"

    def test_the_local_part_of_a_mailbox_is_one_label_rfc_1035_section_8(self) -> None:
        assert mailbox_name("Host.Master@a.b") == b"\x0bhost.master\x01a\x01b\0"
        assert mailbox_name("hostmaster.a.b.") == b"\x0ahostmaster\x01a\x01b\0"
