"""Puts an answer together for one query: header, question as it came, body, OPT."""

from __future__ import annotations

from struct import Struct
from typing import Final

from gslb.dns.answer import Answer
from gslb.dns.codes import AA, BADCOOKIE, BADVERS, NOERROR, NOTIMP, OPCODE, QR, RD, TC
from gslb.dns.edns import Edns, opt_record
from gslb.dns.wire import Query

_COUNTS = Struct("!HHHHH")
_ALL_BUT_AA: Final = 0xFFFF ^ AA


def whole(answer: Answer, question: bytes, name_octets: int, rd: int, opt: bytes) -> bytes:
    """What follows the ID. `opt` is empty for a query without one."""
    return b"".join((answer.heads[rd | 2 if opt else rd], question, answer.body_for(name_octets), opt))


def truncated(reply: bytes, question: bytes, edns: Edns | None, opt: bytes, limit: int, cookie: bytes = b"") -> bytes:
    """TC and no records, so that nobody takes a part for the whole (RFC 2181 section 9). The OPT stays
    (RFC 6891 section 7)."""
    flags = int.from_bytes(reply[:2], "big") | TC
    if edns is not None and 12 + len(question) + len(opt) > limit:
        opt = opt_record(edns.do, cookie=cookie)
    return _COUNTS.pack(flags, 1, 0, 0, 1 if opt else 0) + question + opt


def without_authority(reply: bytes) -> bytes:
    """RFC 1035 section 6.2: an answer to QCLASS * is not authoritative, as it does not cover all classes."""
    return (int.from_bytes(reply[:2], "big") & _ALL_BUT_AA).to_bytes(2, "big") + reply[2:]


def bad_version(query: Query, edns: Edns, rd: int) -> bytes:
    """RFC 6891 section 6.1.3: the version we speak, and nothing else."""
    flags = QR | (RD if rd else 0) | (BADVERS & 0xF)
    return _COUNTS.pack(flags, 1, 0, 0, 1) + query.question + opt_record(edns.do, extended_rcode=BADVERS >> 4)


def brief(query: Query, rd: int, cookie: bytes) -> bytes:
    """For who asks too often. RFC 7873 section 5.2.3: BADCOOKIE with the cookie to come back with; else TC, so that whoever
    is there comes back over TCP."""
    flags = QR | (RD if rd else 0) | (BADCOOKIE & 0xF if cookie else TC)
    edns, question = query.edns, query.question
    opt = b"" if edns is None else opt_record(edns.do, b"", BADCOOKIE >> 4 if cookie else 0, cookie)
    return _COUNTS.pack(flags, 1, 0, 0, 1 if opt else 0) + question + opt


def cookie_alone(rd: int, do: bool, cookie: bytes, valid: bool) -> bytes:
    """RFC 7873 section 5.4: nothing was asked but a server cookie, or whether one is still good."""
    rcode = NOERROR if valid else BADCOOKIE
    flags = QR | (RD if rd else 0) | rcode & 0xF
    return _COUNTS.pack(flags, 0, 0, 0, 1) + opt_record(do, b"", rcode >> 4, cookie)


def not_implemented(wire: bytes, opt: bytes = b"") -> bytes:
    """RFC 8906 section 3.1.4: the opcode as it came, and no flag but QR."""
    flags = QR | int.from_bytes(wire[2:4], "big") & OPCODE | NOTIMP
    return _COUNTS.pack(flags, 0, 0, 0, 1 if opt else 0) + opt


def failed(wire: bytes, rcode: int, question: bytes, opt: bytes = b"") -> bytes:
    """An error with the question as it came, if there was one, and no authority. Of other opcodes nothing is told back (RFC
    8906 section 3.1.4)."""
    opcode = int.from_bytes(wire[2:4], "big") & OPCODE
    flags = QR | opcode | rcode | (0 if opcode else int.from_bytes(wire[2:4], "big") & RD)
    question = b"" if opcode else question
    return _COUNTS.pack(flags, 1 if question else 0, 0, 0, 1 if opt else 0) + question + opt


def header_only(wire: bytes, rcode: int, opt: bytes = b"") -> bytes:
    """FORMERR, SERVFAIL: nothing of the query can be trusted but its OPT, where that could be read."""
    flags = QR | int.from_bytes(wire[2:4], "big") & (OPCODE | RD) | rcode
    return _COUNTS.pack(flags, 0, 0, 0, 1 if opt else 0) + opt
