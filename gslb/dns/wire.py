"""Reads a query. Whoever calls has dropped what is under 12 octets or is a response."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from gslb.dns.codes import OPT, TSIG
from gslb.dns.cursor import Cursor, Malformed
from gslb.dns.edns import BadOption, Edns, read_opt

HEADER_OCTETS = 12
RECORDS_MAX = 16  # questions too. Nobody asks with more than four; 64 KB of them would take 20 ms to pass
_COUNTS = Struct("!HHHH")
_TYPE_CLASS = Struct("!HH")
_RECORD = Struct("!HH4sH")


class Query(NamedTuple):
    """`name` is lower case; `question` is what came, to be echoed octet by octet, empty if only a cookie is asked for.

    `tsig` is where a TSIG record starts.
    """

    name: bytes
    type: int
    klass: int
    question: bytes
    edns: Edns | None
    tsig: int = 0


def read_query(wire: bytes) -> Query:
    """Reads question and OPT. Malformed: FORMERR. What follows the counted records is ignored."""
    questions, answers, authorities, additionals = _COUNTS.unpack_from(wire, 4)
    if questions + answers + authorities + additionals > RECORDS_MAX:
        raise Malformed("more records than a query has")
    cursor = Cursor(wire, HEADER_OCTETS)
    name, kind, klass = b"", 0, 0
    if questions:
        name = cursor.question_name()
        kind, klass = _TYPE_CLASS.unpack_from(wire, cursor.skip(4))
    question = wire[HEADER_OCTETS : cursor.at]
    for _ in range(questions - 1):
        cursor.skip_name()
        cursor.skip(4)
    for _ in range(answers + authorities):
        _skip_record(cursor)
    edns, tsig = _find_additional(cursor, additionals) if additionals else (None, 0)
    if not questions and (edns is None or edns.cookie is None):  # RFC 7873 section 5.4: a meaning with a cookie alone
        raise _unfit("no question, and no cookie", edns)
    if questions > 1:  # RFC 9619 section 4
        raise _unfit("more than one question", edns)
    return Query(name.lower(), kind, klass, question, edns, tsig)


def _unfit(why: str, edns: Edns | None) -> Malformed:
    """RFC 6891 section 6.1.1: who sent an OPT gets one, FORMERR or not."""
    return Malformed(why) if edns is None else BadOption(why, edns.do)


def _skip_record(cursor: Cursor) -> None:
    cursor.skip_name()
    if cursor.u16() == TSIG:
        raise Malformed("TSIG before the last record")
    cursor.skip(6)
    cursor.skip(cursor.u16())


def _find_additional(cursor: Cursor, records: int) -> tuple[Edns | None, int]:
    """The OPT of the additional records: one at most, its owner the root (RFC 6891 section 6.1.1). And where the TSIG
    starts: it is the last record, or none (RFC 8945 section 5.1)."""
    found: tuple[int, bytes, bytes, bool] | None = None
    tsig = 0
    for left in range(records, 0, -1):
        start = cursor.at
        root = cursor.skip_name()
        kind, klass, ttl, size = _RECORD.unpack_from(cursor.data, cursor.skip(10))
        rdata = cursor.take(size)
        if kind != OPT:
            if kind == TSIG:
                if left > 1:
                    raise Malformed("TSIG before the last record")
                tsig = start
            continue
        if found is not None or not root:
            raise Malformed("two OPT records, or one that is not at the root")
        found = (klass, ttl, rdata, cursor.at == cursor.end)
    return None if found is None else read_opt(*found), tsig
