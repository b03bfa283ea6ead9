"""An answer in bytes, written once and sent many times.

All that is written ahead is what follows the question. Its compression pointers are relative to a question
for one name, the anchor (a zone, a cut, the parent of a wildcard). A query for a longer name under the anchor
moves everything behind the question by the difference, and the anchor's own labels within the question by as
much: so adding the difference to each pointer makes the answer fit. Pointers to the whole of the question's
name stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Final

from gslb.dns.codes import AA, CNAME, IN, MB, MD, MF, MG, MINFO, MR, MX, NOERROR, NS, PTR, QR, RD, SOA, TC
from gslb.dns.names import ROOT, name_length, suffixes

if TYPE_CHECKING:
    from gslb.dns.sealing import Sealing

_HEAD = Struct("!HHHHH")
_POINTER = Struct("!H")
_RECORD = Struct("!HHIH")

QUESTION_AT: Final = 12
# The last place a pointer can point to, less what the longest name can move it.
POINTER_MAX: Final = 0x3FFF - 255

# RDATA that RFC 1035 defines with names in it: octets before the first name, and how many names. RFC 3597
# section 4 allows compression in these alone.
COMPRESSED: Final = {
    **dict.fromkeys((NS, CNAME, PTR, MB, MD, MF, MG, MR), (0, 1)),
    MX: (2, 1),
    SOA: (0, 2),
    MINFO: (0, 2),
}


@dataclass(frozen=True, slots=True)
class Rrset:
    """Records of one type with one TTL. `owner` None is the name of the question."""

    owner: bytes | None
    type: int
    ttl_s: int
    rdatas: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`heads` are the ten octets after the ID: by RD, and by 2 with an OPT. `anchor` is a length in octets.

    `error` is an extended DNS error as an option, for queries that have an OPT. For who asks for signatures (RFC 4035
    section 3.1) there is the same with them: `secure`, or `sealing` to join it. `seal` of such a one is "signed", or
    "reduced" where it tells less, as the signature over all is not there.
    """

    rcode: int
    heads: tuple[bytes, bytes, bytes, bytes]
    body: bytes
    anchor: int
    pointers: tuple[int, ...] = ()
    error: bytes = b""
    secure: Answer | None = None
    sealing: Sealing | None = None
    seal: str = ""

    def body_for(self, name_octets: int) -> bytes:
        """The body behind a question whose name has so many octets."""
        shift = name_octets - self.anchor
        if not shift or not self.pointers:
            return self.body
        body = bytearray(self.body)
        for at in self.pointers:
            _POINTER.pack_into(body, at, (body[at] << 8 | body[at + 1]) + shift)
        return bytes(body)


def heads(flags: int, answers: int = 0, authority: int = 0, additional: int = 0) -> tuple[bytes, bytes, bytes, bytes]:
    pack = _HEAD.pack
    return (
        pack(flags, 1, answers, authority, additional),
        pack(flags | RD, 1, answers, authority, additional),
        pack(flags, 1, answers, authority, additional + 1),
        pack(flags | RD, 1, answers, authority, additional + 1),
    )


TRUNCATED: Final = heads(QR | AA | TC)


def empty(rcode: int, error: bytes = b"") -> Answer:
    """An answer without records and without authority."""
    return Answer(rcode, heads(QR | rcode), b"", 0, (), error)


def write(
    anchor: bytes,
    answers: tuple[Rrset, ...] = (),
    authority: tuple[Rrset, ...] = (),
    additional: tuple[Rrset, ...] = (),
    *,
    rcode: int = NOERROR,
    authoritative: bool = True,
    klass: int = IN,
    error: bytes = b"",
) -> Answer:
    """Writes the three sections down, names compressed, for a question about `anchor` or a name under it."""
    writer = _Writer(anchor, klass)
    counts = [sum(map(writer.rrset, section)) for section in (answers, authority, additional)]
    flags = QR | rcode | (AA if authoritative else 0)
    return Answer(rcode, heads(flags, *counts), bytes(writer.body), len(anchor), tuple(writer.pointers), error)


class _Writer:
    def __init__(self, anchor: bytes, klass: int) -> None:
        self.klass = klass
        self.body = bytearray()
        self.start = QUESTION_AT + len(anchor) + 4
        self.pointers: list[int] = []
        self.places = {suffix: QUESTION_AT + len(anchor) - len(suffix) for suffix in suffixes(anchor) if suffix != ROOT}

    def rrset(self, rrset: Rrset) -> int:
        for rdata in rrset.rdatas:
            if rrset.owner is None:
                self.body += b"\xc0\x0c"
            else:
                self.name(rrset.owner)
            self.record(rrset.type, rrset.ttl_s, rdata)
        return len(rrset.rdatas)

    def record(self, kind: int, ttl_s: int, rdata: bytes) -> None:
        self.body += _RECORD.pack(kind, self.klass, ttl_s, len(rdata))
        start = len(self.body)
        prefix, names = COMPRESSED.get(kind, (len(rdata), 0))
        self.body += rdata[:prefix]
        at = prefix
        for _ in range(names):
            length = name_length(rdata, at)
            self.name(rdata[at : at + length])
            at += length
        self.body += rdata[at:]
        _POINTER.pack_into(self.body, start - 2, len(self.body) - start)

    def name(self, name: bytes) -> None:
        """Writes a name: labels until a suffix is found that the message has already."""
        for suffix in suffixes(name):
            key = suffix.lower()
            place = self.places.get(key)
            if place is not None:
                self.pointers.append(len(self.body))
                self.body += _POINTER.pack(0xC000 | place)
                return
            here = self.start + len(self.body)
            if suffix != ROOT and here <= POINTER_MAX:
                self.places[key] = here
            self.body += suffix[: 1 + suffix[0]]
