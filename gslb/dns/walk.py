"""Goes through a message record by record, for those who look at what others have answered."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from gslb.dns.cursor import Cursor
from gslb.dns.wire import HEADER_OCTETS

_COUNTS = Struct("!HHHH")
_RECORD = Struct("!HHIH")


class Record(NamedTuple):
    """Where a record is: `start` of its owner, its RDATA from `rdata` to `end`."""

    start: int
    type: int
    klass: int
    ttl: int
    rdata: int
    end: int


class Option(NamedTuple):
    code: int
    data: bytes


def after_questions(wire: bytes) -> Cursor:
    """Behind the header and the questions of a message of at least 12 octets. Raises Malformed."""
    cursor = Cursor(wire, HEADER_OCTETS)
    for _ in range(int.from_bytes(wire[4:6], "big")):
        cursor.skip_name()
        cursor.skip(4)
    return cursor


def records(wire: bytes, cursor: Cursor) -> Iterator[Record]:
    """Those that the header counts, of all sections. Raises Malformed where the octets don't fit."""
    _, answers, authorities, additionals = _COUNTS.unpack_from(wire, 4)
    for _ in range(answers + authorities + additionals):
        start = cursor.at
        cursor.skip_name()
        kind, klass, ttl, size = _RECORD.unpack_from(wire, cursor.skip(10))
        rdata = cursor.skip(size)
        yield Record(start, kind, klass, ttl, rdata, cursor.at)


def options(rdata: bytes) -> Iterator[Option]:
    """Of an OPT record (RFC 6891 section 6.1.2). Raises Malformed."""
    cursor = Cursor(rdata)
    while cursor.at < cursor.end:
        code = cursor.u16()
        yield Option(code, cursor.take(cursor.u16()))
