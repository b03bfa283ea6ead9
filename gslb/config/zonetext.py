"""Zone-file text (RFC 1035 section 5) to records: absolute owners, uncompressed wire rdata, the line of each.

Allowed: relative names, `@`, a blank owner for the one before, TTL and class in either order or absent, TTLs
as `300` or `1h30m`, quotes, parentheses, comments, `$TTL`, `$ORIGIN`, every type that dnspython knows, and
RFC 3597's `TYPE65280 \\# 2 abcd`. Refused: `$INCLUDE` and `$GENERATE`, which `gslb import bind` writes out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from gslb.config.faults import quoted
from gslb.config.values import HIGHEST_TTL_S
from gslb.model import Record

_TTL = re.compile(r"(?:[0-9]{1,10}|(?:[0-9]{1,9}[smhdw])+)", re.IGNORECASE)
_TTL_PART = re.compile(r"([0-9]+)([smhdw]?)", re.IGNORECASE)
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_CLASSES = ("IN", "CH", "HS", "CS")

_MADE_HERE = {
    dns.rdatatype.DNAME: "DNAME is not available in this version; write the names one by one",
} | dict.fromkeys(
    (
        dns.rdatatype.RRSIG,
        dns.rdatatype.NSEC,
        dns.rdatatype.NSEC3,
        dns.rdatatype.NSEC3PARAM,
        dns.rdatatype.DNSKEY,
    ),
    "records of this type are made by signing, never written by hand; leave it out",
)
_EXAMPLES = {
    dns.rdatatype.A: "an IPv4 address, as 192.0.2.1",
    dns.rdatatype.AAAA: "an IPv6 address, as 2001:db8::1",
    dns.rdatatype.MX: "preference and host, as 10 mail.example.net.",
    dns.rdatatype.SRV: "priority, weight, port and host, as 0 0 80 www.example.net.",
    dns.rdatatype.CNAME: "one name, as www.example.net.",
    dns.rdatatype.NS: "one name, as ns1.example.net.",
    dns.rdatatype.TXT: 'text in quotes, at most 255 octets in each pair of quotes, as "one" "two"',
    dns.rdatatype.SOA: "primary, mailbox and five numbers, as ns1 hostmaster 2027010100 3600 600 1209600 300",
    dns.rdatatype.CAA: 'flags, tag and value, as 0 issue "ca.example.net"',
    dns.rdatatype.TLSA: "usage, selector, matching type and hexadecimal digits, as 3 1 1 d2abde…",
    dns.rdatatype.HTTPS: "priority, target and parameters, as 1 . alpn=h2",
    dns.rdatatype.SVCB: "priority, target and parameters, as 1 dns.example.net. alpn=dot",
}


class Written(NamedTuple):
    """A record, the line of the text it begins on (from 0), its data as dnspython has it, and the zone file that it
    is from: none where it is written in the configuration itself."""

    record: Record
    line: int
    rdata: dns.rdata.Rdata
    file: str = ""

    @property
    def type(self) -> str:
        return dns.rdatatype.to_text(self.rdata.rdtype)


class Misprint(NamedTuple):
    line: int
    message: str


def parse_records(text: str, zone: str, ttl_s: int, file: str = "") -> tuple[list[Written], list[Misprint]]:
    """All records, and everything that is wrong. A line that is wrong gives no record; reading goes on."""
    reader = _Reader(dns.name.from_text(zone + "."), ttl_s)
    written: list[Written] = []
    wrong: list[Misprint] = []
    for line, entry in entries(text, wrong):
        try:
            record = reader.entry(entry)
        except (ValueError, dns.exception.DNSException) as error:
            wrong.append(Misprint(line, str(error) or type(error).__name__))
            continue
        if record is not None:
            written.append(Written(record[0], line, record[1], file))
    return written, wrong


def entries(text: str, wrong: list[Misprint]) -> Iterator[tuple[int, str]]:
    """Logical lines: comments gone, what stands in parentheses joined, empty ones left out."""
    entry = ""
    start = depth = 0
    for number, line in enumerate(text.split("\n")):
        if not depth:
            entry, start = "", number
        try:
            part, depth = _uncommented(line, depth)
        except ValueError as error:
            wrong.append(Misprint(number, str(error)))
            depth, entry = 0, ""
            continue
        entry += part
        if not depth and entry.strip(" \t"):
            yield start, entry.rstrip(" \t")
    if depth:
        wrong.append(Misprint(start, "has a ( that is never closed"))


_PIECES = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[();]|[^"\\();]+|.')


def _uncommented(line: str, depth: int) -> tuple[str, int]:
    kept: list[str] = []
    for piece in _PIECES.findall(line):
        if piece == ";":
            break
        if piece in ('"', "\\"):
            raise ValueError("has a quoted string that is not closed on its line" if piece == '"' else "ends with \\")
        depth += (piece == "(") - (piece == ")")
        if depth < 0:
            raise ValueError("has a ) without a (")
        kept.append(" " if piece in "()" else piece)
    return "".join(kept) + (" " if depth else ""), depth


class _Reader:
    def __init__(self, zone: dns.name.Name, ttl_s: int) -> None:
        self._origin = zone
        self._ttl_s = ttl_s
        self._owner: dns.name.Name | None = None

    def entry(self, text: str) -> tuple[Record, dns.rdata.Rdata] | None:
        if not re.sub(r'"(?:[^"\\]|\\.)*"', "", text).isascii():
            raise ValueError("has characters outside of ASCII; write names in their xn-- form")
        if text.startswith("$"):
            self._directive(text)
            return None
        if text[0] not in " \t":
            owner, text = first_word(text)
            self._owner = self._name(owner)
            if "\\" in self._owner.to_text():
                raise ValueError(f"{quoted(owner)} has signs that need a \\; write letters, digits, -, _ and *")
        if self._owner is None:
            raise ValueError("begins with a blank, which repeats the name before, and there is none; write the name")
        return self._record(self._owner, text)

    def _directive(self, text: str) -> None:
        word, rest = first_word(text)
        match word.upper():
            case "$TTL":
                self._ttl_s = ttl_seconds(rest)
            case "$ORIGIN":
                self._origin = self._name(rest)
            case "$INCLUDE" | "$GENERATE":
                raise ValueError(f"{word} is not read here; write the records out, as `gslb import bind` does")
            case _:
                raise ValueError(f"{quoted(word)} is not a directive; there is $TTL and $ORIGIN")

    def _name(self, text: str) -> dns.name.Name:
        try:
            return dns.name.from_text(text, self._origin)
        except (dns.exception.DNSException, ValueError) as error:
            reason = str(error).rstrip(".")
            raise ValueError(f"{quoted(text)} is not a name: {reason[:1].lower()}{reason[1:]}") from None

    def _record(self, owner: dns.name.Name, text: str) -> tuple[Record, dns.rdata.Rdata]:
        ttl_s = self._ttl_s
        word, rest = first_word(text)
        for _ in range(2):
            if word.upper() in _CLASSES:
                if word.upper() != "IN":
                    raise ValueError(f"class {word} is not served; leave it out, or write IN")
            elif word[:1].isdigit():
                ttl_s = ttl_seconds(word)
            else:
                break
            word, rest = first_word(rest)
        rdtype = record_type(word)
        rdata, wire = record_data(rdtype, rest, self._origin)
        name = owner.to_text(omit_final_dot=True).lower()
        return Record(name, ttl_s, int(rdtype), wire), rdata


def first_word(text: str) -> tuple[str, str]:
    """The first word, and what follows it."""
    words = re.split(r"[ \t]+", text.strip(" \t"), maxsplit=1)
    return words[0], words[1] if len(words) > 1 else ""


def ttl_seconds(text: str) -> int:
    if not _TTL.fullmatch(text):
        raise ValueError(f"{quoted(text)} is not a TTL; write seconds, as 300, or 1h30m")
    seconds = sum(int(count) * _UNITS_S[unit.lower()] for count, unit in _TTL_PART.findall(text))
    if seconds > HIGHEST_TTL_S:
        raise ValueError(f"{quoted(text)} is above {HIGHEST_TTL_S} seconds, the highest TTL there is")
    return seconds


def record_type(word: str) -> dns.rdatatype.RdataType:
    if not word:
        raise ValueError("has no type; write name, type and data, as: www A 192.0.2.1")
    try:
        rdtype = dns.rdatatype.from_text(word)
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{quoted(word)} is not a type of record, TTL or class") from None
    if rdtype in _MADE_HERE:
        raise ValueError(_MADE_HERE[rdtype])
    # RFC 6895 section 3.1: 0 and 128 to 255 are for questions and for what is made for one message.
    if rdtype in (0, dns.rdatatype.OPT) or 128 <= rdtype <= 255:
        raise ValueError(f"{word} is a type for questions, not for data; leave it out")
    return rdtype


def record_data(rdtype: dns.rdatatype.RdataType, text: str, origin: dns.name.Name) -> tuple[dns.rdata.Rdata, bytes]:
    """The data, and its wire format without compression."""
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, origin, relativize=False)
        wire = rdata.to_wire()
    except Exception as error:
        # The parsers of rare types let all kinds out, as struct.error for a LOC of 10^30 m.
        kind = dns.rdatatype.to_text(rdtype)
        reason = str(error).rstrip(".")
        hint = f"; write {_EXAMPLES[rdtype]}" if rdtype in _EXAMPLES else ""
        raise ValueError(f"{quoted(text)} is not the data of {kind} ({reason}){hint}") from None
    if wire is None or len(wire) > 65535:
        raise ValueError("has more than 65535 octets of data")
    return rdata, wire
