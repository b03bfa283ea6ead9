"""Zone text as it stands in zone files, read against dnspython's own reader."""

import dns.rdatatype
import dns.zone
import pytest

from gslb.config import parse
from gslb.config.zonetext import parse_records
from gslb.errors import ConfigurationError
from gslb.model import Record
from tests.config.base import FILE, changed

ZONE = "example.net"
A = int(dns.rdatatype.A)
TXT = int(dns.rdatatype.TXT)


def records(text: str, ttl_s: int = 300) -> list[Record]:
    written, wrong = parse_records(text, ZONE, ttl_s)
    assert not wrong
    return [each.record for each in written]


def wrong(text: str) -> list[tuple[int, str]]:
    return [(misprint.line, misprint.message) for misprint in parse_records(text, ZONE, 300)[1]]


def test_ttl_and_class_are_optional_in_either_order():
    lines = ["a A 192.0.2.1", "a 60 A 192.0.2.1", "a IN A 192.0.2.1", "a 60 IN A 192.0.2.1", "a in 1m a 192.0.2.1"]
    assert [each.ttl_s for each in records("\n".join(lines))] == [300, 60, 300, 60, 60]
    assert {(each.owner, each.type, each.rdata) for each in records("\n".join(lines))} == {
        ("a.example.net", A, bytes([192, 0, 2, 1]))
    }


def test_owners_are_relative_absolute_the_apex_or_the_one_before():
    text = "@ TXT a\n  TXT b\nwww TXT c\n\tTXT d\n; a comment\n\n TXT e\nabs.example.net. TXT f\n*.W TXT g\n"
    assert [each.owner for each in records(text)] == [
        "example.net",
        "example.net",
        "www.example.net",
        "www.example.net",
        "www.example.net",
        "abs.example.net",
        "*.w.example.net",
    ]


def test_ttls_have_units():
    assert [each.ttl_s for each in records("a 1h30m TXT x\na 1W TXT y\na 0 TXT z")] == [5400, 604800, 0]


def test_ttl_and_origin_hold_from_their_line_on():
    text = "a TXT x\n$TTL 1h\n$ORIGIN sub\nb TXT y\n$ORIGIN other.example.net.\nc 5 TXT z\n"
    assert [(each.owner, each.ttl_s) for each in records(text)] == [
        ("a.example.net", 300),
        ("b.sub.example.net", 3600),
        ("c.other.example.net", 5),
    ]


def test_parentheses_join_lines_and_quotes_keep_their_signs():
    text = 'a TXT ( "one; (two)" ; a comment (\n   three\n ) "\\"4\\""\nb TXT five\n'
    assert [each.rdata for each in records(text)] == [b'\x0aone; (two)\x05three\x03"4"', b"\x04five"]


def test_names_in_data_are_absolute_and_uncompressed():
    [record] = records("a MX 10 mail")
    assert record.rdata == b"\x00\x0a\x04mail\x07example\x03net\x00"


def test_unknown_types_are_written_as_in_rfc_3597():
    assert records("a TYPE65280 \\# 2 abcd") == [Record("a.example.net", 300, 65280, b"\xab\xcd")]
    assert records("a TYPE1 \\# 4 c0000201") == records("a A 192.0.2.1")


def test_text_outside_of_ascii_is_kept_in_quotes():
    assert records('a TXT "三つ"')[0].rdata == b"\x06" + "三つ".encode()


def test_what_dnspython_reads_is_read_alike():
    text = """\
www 60 IN A 192.0.2.1
       IN AAAA 2001:db8::1
@ 300 IN CAA 0 issue "ca.example.org"
_http._tcp 300 IN SRV 0 5 80 www
svc 300 IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1
key 300 IN SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
tlsa 300 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
loc 300 IN LOC 35 40 48.000 N 139 46 12.000 E 40m
naptr 300 IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@example.net!" .
"""
    zone = dns.zone.from_text(text, ZONE, relativize=False, check_origin=False)
    expected = {(name.to_text(omit_final_dot=True), rdata.rdtype, rdata.to_wire()) for name, _, rdata in zone.iterate_rdatas()}
    assert {(each.owner, each.type, each.rdata) for each in records(text)} == expected
    assert len(expected) == 9


@pytest.mark.parametrize(
    ("text", "misprint"),
    [
        ("a A ; nothing", "is not the data of A"),
        ("a", "has no type; write name, type and data, as: www A 192.0.2.1"),
        ("a IN 60 60 A 192.0.2.1", '"60" is not a type of record, TTL or class'),
        ("a TYPE99999 x", '"TYPE99999" is not a type of record, TTL or class'),
        ("a A 192.0.2.1 192.0.2.2", "is not the data of A"),
        ("a LOC 1 N 1 E 999999999999999999999999999999m", "is not the data of LOC"),
        ("a )", "has a ) without a ("),
        ("a TXT \\", "ends with \\"),
        ("$TTL often", '"often" is not a TTL; write seconds, as 300, or 1h30m'),
        ("$GENERATE 1-9 a$ A 192.0.2.$", "$GENERATE is not read here; write the records out, as `gslb import bind` does"),
        ("$FOO", '"$FOO" is not a directive; there is $TTL and $ORIGIN'),
        ("a..b A 192.0.2.1", '"a..b" is not a name: a DNS label is empty'),
        (f"{'a' * 64} A 192.0.2.1", "is not a name: a DNS label is > 63 octets long"),
        (f"{'a.' * 127}a A 192.0.2.1", "is not a name: a DNS name is > 255 octets long"),
        ("a DNAME b", "DNAME is not available in this version; write the names one by one"),
        ("a RRSIG A 8 3 60 2027 2026 1 a. abcd", "records of this type are made by signing"),
        ("a TSIG x", "TSIG is a type for questions, not for data; leave it out"),
        ("a TYPE0 \\# 0", "TYPE0 is a type for questions, not for data; leave it out"),
    ],
)
def test_what_is_wrong_is_told(text, misprint):
    [(line, message)] = wrong(text)
    assert line == 0
    assert misprint in message


def test_reading_goes_on_after_a_wrong_line():
    text = "a A x\nb A 192.0.2.1\nc ( A\n y )\nd A z\n"
    assert [line for line, _ in wrong(text)] == [0, 2, 4]
    assert [each.record.owner for each in parse_records(text, ZONE, 300)[0]] == ["b.example.net"]


@pytest.mark.parametrize(
    ("style", "line"), [("|", 2), ("|-", 2), ("|  # what is static\n\n", 3)], ids=["plain", "strip", "comment"]
)
def test_a_fault_is_at_the_line_of_the_block(style, line):
    block = style if style.endswith("\n") else style + "\n"
    text = changed(("    records: |\n", f"    records: {block}"), ("300 IN A 192.0.2.80", "300 IN A here"))
    with pytest.raises(ConfigurationError) as caught:
        parse(text, FILE)
    [fault] = caught.value.faults
    assert text.split("\n")[fault.line - 1].strip() == "go   300 IN A here"
    assert fault.line == 16 + line


def test_text_of_another_style_is_told_at_its_key():
    text = changed(
        ("    ttl: 300s\n", '    ttl: 300s\n    records: "a A 192.0.2.1\\nb A here"\n'), ("    records: |\n", "    contact2: |\n")
    )
    with pytest.raises(ConfigurationError) as caught:
        parse(text, FILE)
    assert (17, "zones[0].records") in [(fault.line, fault.key) for fault in caught.value.faults]
