"""Zone files as BIND reads them (RFC 1035 section 5): with `$INCLUDE` and `$GENERATE`, and TTLs from the line before.

What can't be taken is told and left out; reading goes on. Files, their depth and their size are bounded.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.SOA import SOA

from gslb.config.faults import quoted
from gslb.config.importers.generate import generated
from gslb.config.importers.notes import Notes, Place
from gslb.config.textfile import read_text
from gslb.config.tree import Unreadable
from gslb.config.values import HIGHEST_TTL_S
from gslb.config.zonetext import Misprint, entries, first_word, record_data, record_type, ttl_seconds

LARGEST = 4 * 1024 * 1024
MOST_OCTETS = 4 * LARGEST  # of all files together
MOST_RECORDS = 200_000
DEEPEST = 10

_CLASSES = ("CH", "HS", "CS", "CHAOS", "HESIOD")
# Made by signing; TYPE65534 is where BIND keeps how far it is with that.
_SIGNING = frozenset(
    map(
        int,
        (
            RdataType.RRSIG,
            RdataType.NSEC,
            RdataType.NSEC3,
            RdataType.NSEC3PARAM,
            RdataType.DNSKEY,
            RdataType.CDS,
            RdataType.CDNSKEY,
            RdataType.SIG,
            RdataType.NXT,
            65534,
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Found:
    """A record. `ttl_s` None: neither its line nor one before it gives a TTL."""

    owner: dns.name.Name
    ttl_s: int | None
    rdata: dns.rdata.Rdata
    place: Place

    @property
    def type(self) -> int:
        return int(self.rdata.rdtype)


class MasterFile:
    """Reads one zone. `found` are its records in the order of the files."""

    restores_ttl = False  # whether $TTL of an included file ends with it
    repeats_ttl = True  # whether a line without TTL has that of the line before

    def __init__(self, zone: dns.name.Name, notes: Notes) -> None:
        self.zone = zone
        self.notes = notes
        self.found: list[Found] = []
        self._origin = zone
        self._owner: dns.name.Name | None = None
        self._default_s: int | None = None  # of $TTL
        self._last_s: int | None = None  # of the line before (RFC 1035 section 5.1)
        self._octets = 0
        self._full = False

    def read(self, path: str) -> None:
        """Raises Unreadable where the first file can't be read."""
        self._lines(path, self._text(path), 0)

    def read_text(self, text: str, path: str) -> None:
        self._lines(path, text, 0)

    def _text(self, path: str) -> str:
        if os.path.exists(path) and not os.path.isfile(path):
            raise Unreadable(1, "is not a file")
        text = read_text(path, LARGEST, "divide it")
        self._octets += len(text)
        if self._octets > MOST_OCTETS:
            raise Unreadable(1, f"brings the zone over {MOST_OCTETS >> 20} MB; divide it")
        return text.replace("\r\n", "\n")

    def _lines(self, file: str, text: str, depth: int) -> None:
        wrong: list[Misprint] = []
        for line, entry in entries(text, wrong):
            if len(self.found) >= MOST_RECORDS:
                if not self._full:
                    self.notes.lost(Place(file, line + 1), f"the zone has over {MOST_RECORDS} records; the rest is left out")
                self._full = True
                break
            place = Place(file, line + 1)
            try:
                self._entry(entry, place, depth)
            except (ValueError, Unreadable) as error:
                self.notes.lost(place, f"{getattr(error, 'message', error)}; left out")
        for misprint in wrong:
            self.notes.lost(Place(file, misprint.line + 1), f"{misprint.message}; left out")

    def _entry(self, text: str, place: Place, depth: int) -> None:
        if text.startswith("$"):
            self._directive(text, place, depth)
            return
        if not re.sub(r'"(?:[^"\\]|\\.)*"', "", text).isascii():
            raise ValueError("has characters outside of ASCII")
        if text[0] not in " \t":
            word, text = first_word(text)
            self._owner = self.name(word)
        if self._owner is None:
            raise ValueError("begins with a blank, and there is no name before it")
        self._record(self._owner, text, place)

    def _directive(self, text: str, place: Place, depth: int) -> None:
        word, rest = first_word(text)
        match word.upper():
            case "$TTL":
                self._default_s = ttl_seconds(first_word(rest)[0])
            case "$ORIGIN":
                self._origin = self.name(first_word(rest)[0])
            case "$INCLUDE":
                self._include(rest, place, depth)
            case "$GENERATE":
                self._generate(rest, place)
            case _:
                raise ValueError(f"{quoted(word)} is not a directive that is known")

    def _include(self, text: str, place: Place, depth: int) -> None:
        name, origin = first_word(text)
        if depth >= DEEPEST:
            raise ValueError(f"is the {DEEPEST}th file within another; is it a circle?")
        path = os.path.join(os.path.dirname(place.file), name.strip('"'))
        try:
            included = self._text(path)
        except Unreadable as fault:
            raise ValueError(f"$INCLUDE: {quoted(name)} {fault.message}") from None
        before = self._origin, self._owner, self._default_s
        if origin:
            self._origin = self.name(first_word(origin)[0])
        self._begin(path)
        self._lines(path, included, depth + 1)
        self._origin, self._owner = before[:2]
        if self.restores_ttl:
            self._default_s = before[2]

    def _begin(self, path: str) -> None:
        """Another file begins."""

    def _generate(self, text: str, place: Place) -> None:
        for line in generated(text.replace("\t", " ")):
            if len(self.found) >= MOST_RECORDS:
                raise ValueError(f"the zone has over {MOST_RECORDS} records; the rest is")
            word, rest = first_word(line)
            self._record(self.name(word), rest, place)

    def name(self, text: str) -> dns.name.Name:
        try:
            return dns.name.from_text(text, self._origin)
        except (dns.exception.DNSException, ValueError) as error:
            reason = str(error).rstrip(".")
            raise ValueError(f"{quoted(text)} is not a name: {reason[:1].lower()}{reason[1:]}") from None

    def _record(self, owner: dns.name.Name, text: str, place: Place) -> None:
        ttl_s: int | None = None
        word, rest = first_word(text)
        for _ in range(2):
            if word[:1].isdigit() and ttl_s is None:
                ttl_s = self.ttl(word)
            elif word.upper() in _CLASSES:
                raise ValueError(f"class {word} is not served")
            elif word.upper() != "IN":
                break
            word, rest = first_word(rest)
        if ttl_s is not None and self.repeats_ttl:
            self._last_s = ttl_s
        effective_s = next((one for one in (ttl_s, self._default_s, self._last_s) if one is not None), None)
        if not owner.is_subdomain(self.zone):
            raise ValueError(f"{owner} lies outside of the zone {self.zone}")
        self.take(owner, effective_s, word, rest, place)

    def ttl(self, word: str) -> int:
        return ttl_seconds(word)

    def take(self, owner: dns.name.Name, ttl_s: int | None, kind: str, data: str, place: Place) -> None:
        """One record as it is written. Raises ValueError with what is wrong."""
        known = _known(kind)
        if known in _SIGNING:
            raise ValueError(f"{kind.upper()} of {owner} is made by signing (`dnssec` of the zone)")
        if known is RdataType.DNAME:
            raise ValueError(f"DNAME of {owner} has no counterpart; write the names below it one by one")
        rdtype = record_type(kind)
        rdata, _ = record_data(rdtype, data, self._origin)
        if ttl_s is None and isinstance(rdata, SOA):
            ttl_s = self._default_s = min(rdata.minimum, HIGHEST_TTL_S)  # as BIND does where nothing gives a TTL
        self.found.append(Found(owner, ttl_s, rdata, place))


def _known(kind: str) -> RdataType | None:
    try:
        return dns.rdatatype.from_text(kind)
    except (dns.exception.DNSException, ValueError):
        return None
