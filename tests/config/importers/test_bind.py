"""`gslb import bind`: what becomes of a zone file, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from gslb.config import parse
from gslb.config.importers import import_bind
from gslb.errors import UsageError
from gslb.model import Zone
from tests.config.base import changed

HEAD = """\
$ORIGIN example.net.
$TTL 1h
@ SOA ns1 host\\.master 2026112301 2h 30m 2w 15m
  NS ns1
ns1 A 192.0.2.53
"""


def imported(folder: Path, text: str, *, keep_soa: bool = False) -> tuple[str, list[str]]:
    file = folder / "example.net.zone"
    file.write_text(text)
    found = import_bind(str(file), keep_soa=keep_soa)
    return found.text, [str(note).replace(f"{folder}/", "") for note in found.notes]


def zone(text: str) -> Zone:
    """As our own configuration has it: the piece is valid where it is put."""
    before, _, after = changed().partition("zones:\n")
    rest = after[after.index("sites:\n") :].replace("boot.example.net", "www.boot.example.org").replace("via", "via")
    services = rest.replace("    http_hosts:", "    via: [http]\n    http_hosts:")
    return parse(f"{before}{text}{services}", "gslb.yaml").zones[0]


def records(text: str) -> list[tuple[str, int, int]]:
    return [(record.owner, record.ttl_s, record.type) for record in zone(text).records]


def test_soa_and_ns_become_keys_and_the_rest_records(tmp_path):
    text, notes = imported(tmp_path, HEAD + "www A 192.0.2.1\n")
    assert notes == []
    assert text == (
        "# Imported from example.net.zone by `gslb import bind`. Put it in the place of `zones`, or its entry among them.\n"
        "zones:\n"
        "  # The serial was 2026112301. This node makes it from the time of the last change; if that is lower,\n"
        "  # tell secondaries to take the zone anew, or import with --soa.\n"
        "  - name: example.net\n"
        "    nameservers:\n"
        "      ns1.example.net: [192.0.2.53]\n"
        "    contact: host.master@example.net\n"
        "    ttl: 3600s\n"
        "    negative_ttl: 900s\n"
        "    records: |\n"
        "      www A 192.0.2.1\n"
    )
    assert zone(text).contact == "host.master@example.net"


def test_a_file_of_windows_says_which_zone_it_is_of(tmp_path):
    file = tmp_path / "export"
    file.write_bytes(HEAD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert import_bind(str(file)).text.replace("export", "example.net.zone") == imported(tmp_path, HEAD)[0]


def test_the_soa_can_be_kept(tmp_path):
    text, notes = imported(tmp_path, HEAD, keep_soa=True)
    assert notes == []
    [record] = zone(text).records
    assert record.rdata.endswith((2026112301).to_bytes(4, "big") + bytes.fromhex("00001c20 00000708 00127500 00000384"))


def test_the_primary_comes_first(tmp_path):
    text, _ = imported(tmp_path, HEAD.replace("  NS ns1\n", "  NS ns.example.org.\n  NS ns1\n"))
    assert list(zone(text).nameservers) == ["ns1.example.net", "ns.example.org"]


def test_other_ttls_of_ns_and_addresses_are_kept(tmp_path):
    text, notes = imported(tmp_path, HEAD.replace("  NS", "  1d NS").replace("ns1 A", "ns1 5m A"))
    assert notes == []
    assert records(text) == [("example.net", 86400, 2), ("ns1.example.net", 300, 1)]


def test_without_any_ttl_it_is_the_minimum_of_the_soa(tmp_path):
    text, _ = imported(tmp_path, HEAD.replace("$TTL 1h\n", "") + "a A 192.0.2.1\nb 60 A 192.0.2.1\nc A 192.0.2.1\n")
    assert records(text) == [("a.example.net", 900, 1), ("b.example.net", 60, 1), ("c.example.net", 900, 1)]


def test_without_a_default_it_is_the_ttl_of_the_line_before(tmp_path):
    head = HEAD.replace("$TTL 1h\n", "").replace("@ SOA", "@ 77 SOA")
    text, _ = imported(tmp_path, head + "a A 192.0.2.1\nb 60 A 192.0.2.1\nc A 192.0.2.1\n")
    assert [ttl_s for _, ttl_s, _ in records(text)] == [77, 60, 60]


def test_files_are_included_from_the_directory_of_the_file(tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "inner.zone").write_text("a A 192.0.2.1\n$ORIGIN deep\n$INCLUDE last.zone\n")
    (tmp_path / "more" / "last.zone").write_text("b A 192.0.2.2\nc A wrong\n")
    text, notes = imported(tmp_path, HEAD + "$INCLUDE more/inner.zone sub ; with an origin\nd A 192.0.2.3\n")
    assert [owner for owner, _, _ in records(text)] == ["a.sub.example.net", "b.deep.sub.example.net", "d.example.net"]
    assert notes == [
        'more/last.zone:2: "wrong" is not the data of A (Text input is malformed); write an IPv4 address, as 192.0.2.1; left out'
    ]


def test_a_file_that_includes_itself_ends(tmp_path):
    _, notes = imported(tmp_path, HEAD + "$INCLUDE example.net.zone\n")
    assert notes[-1] == "example.net.zone:6: is the 10th file within another; is it a circle?; left out"


def test_lines_are_generated(tmp_path):
    text, _ = imported(tmp_path, HEAD + "$GENERATE 1-3 host$ 60 IN A 192.0.2.$\n")
    assert records(text) == [(f"host{number}.example.net", 60, 1) for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("a RRSIG A 13 3 60 2027 2026 1 a. abcd", "RRSIG of a.example.net. is made by signing (`dnssec` of the zone); left out"),
        ("@ NSEC a.example.net. A", "NSEC of example.net. is made by signing (`dnssec` of the zone); left out"),
        ("a DNAME b", "DNAME of a.example.net. has no counterpart; write the names below it one by one; left out"),
        ("a CH TXT b", "class CH is not served; left out"),
        ("a.example.org. A 192.0.2.1", "a.example.org. lies outside of the zone example.net.; left out"),
        ("a\\.b A 192.0.2.1", "a\\.b.example.net. has signs that no name here can have; left out"),
        ("a MX 1 b\nb CNAME ns1", "a.example.net MX: b.example.net is an alias (CNAME); name the host itself "
         "(RFC 2181 section 10.3) (left out)"),
        ("a ( A", "has a ( that is never closed; left out"),
        ("$INCLUDE nothing", '$INCLUDE: "nothing" can\'t be read: No such file or directory; left out'),
        ("$INCLUDE .", '$INCLUDE: "." is not a file; left out'),
        ("$UNKNOWN", '"$UNKNOWN" is not a directive that is known; left out'),
        ("@ NS ns9", "the server ns9.example.net. has no address in the zone; left out"),
        ("sub SOA a b 1 2 3 4 5", "a zone has one SOA, at its own name; left out"),
    ],
)  # fmt: skip
def test_what_has_no_counterpart_is_told_with_its_line(tmp_path, line, note):
    text, notes = imported(tmp_path, f"{HEAD}{line}\nlast A 192.0.2.9\n")
    assert notes == [f"example.net.zone:6: {note}"]
    assert "last.example.net" in {owner for owner, _, _ in records(text)} or "(" in line
    assert not import_bind(str(tmp_path / "example.net.zone")).whole


def test_what_is_written_otherwise_is_told_and_not_lost(tmp_path):
    text, notes = imported(tmp_path, HEAD + "a A 192.0.2.1\na 60 A 192.0.2.2\n")
    assert notes == ["example.net.zone:7: TTL 60 is written as 3600, that of the set's first record"]
    assert import_bind(str(tmp_path / "example.net.zone")).whole
    assert len(records(text)) == 2


def test_every_type_is_read_back_as_it_was(tmp_path):
    lines = """\
t TXT "a;b" "q\\"uote" \\255x
caa CAA 0 issue "ca.example.org"
svc HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1
svc2 SVCB 0 svc
odd TYPE65280 \\# 3 010203
uri URI 10 1 "ftp://ftp.example.org/"
loc LOC 35 40 48.000 N 139 46 12.000 E 40m
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@example.net!" .
_s._tcp SRV 0 5 80 t
*.wild A 192.0.2.7
sub NS ns.sub
sub DS 1 13 2 0000000000000000000000000000000000000000000000000000000000000000
ns.sub A 192.0.2.8
"""
    text, notes = imported(tmp_path, HEAD + lines)
    assert notes == []
    assert len(records(text)) == 13


@pytest.mark.parametrize(
    ("name", "text", "zone_name"),
    [
        ("a.zone", "$ORIGIN example.org.\n", "example.org"),
        ("a.zone", "example.com. SOA a b 1 2 3 4 5\n", "example.com"),
        ("db.example.net", "@ SOA a b 1 2 3 4 5\n", "example.net"),
        ("example.net.zone", "@ SOA a b 1 2 3 4 5\n", "example.net"),
    ],
)
def test_the_zone_is_found_out(tmp_path, name, text, zone_name):
    (tmp_path / name).write_text(text)
    assert f"name: {zone_name}\n" in import_bind(str(tmp_path / name)).text


def test_a_file_that_can_not_be_read_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="can't be read: No such file"):
        import_bind(str(tmp_path / "none.zone"), "example.net")
    (tmp_path / "local").write_text("a A 192.0.2.1\n")
    with pytest.raises(UsageError, match="does not tell which zone it is of; write --origin NAME"):
        import_bind(str(tmp_path / "local"))
