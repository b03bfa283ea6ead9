"""Finds the OPT records of a message, for those who look at what others ask and answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gslb.dns import edns
from gslb.dns.codes import OPT
from gslb.dns.cursor import Cursor, Malformed
from gslb.dns.wire import HEADER_OCTETS, RECORDS_MAX


class Walked(NamedTuple):
    """`opts`: from where to where the RDATA of each OPT goes. `end`: of the last record that could be read."""

    opts: tuple[tuple[int, int], ...]
    end: int


class Option(NamedTuple):
    code: int
    data: bytes


def walk(wire: bytes) -> Walked:
    """Through a message of at least 12 octets, as far as it can be read. A query is read no further than we do to answer it:
    walking through 64 KB of tiny records takes the time that answers need."""
    cursor, end = Cursor(wire, HEADER_OCTETS), HEADER_OCTETS
    opts: list[tuple[int, int]] = []
    most = 4 * 0xFFFF if wire[2] & 0x80 else RECORDS_MAX
    questions = wire[4] << 8 | wire[5]
    records = (wire[6] << 8 | wire[7]) + (wire[8] << 8 | wire[9]) + (wire[10] << 8 | wire[11])
    try:
        for _ in range(min(questions, most)):
            cursor.skip_name()
            cursor.skip(4)
        end = cursor.at
        for _ in range(min(records, most - questions)):
            cursor.skip_name()
            at = cursor.skip(10)
            rdata = cursor.skip(wire[at + 8] << 8 | wire[at + 9])
            end = cursor.at
            if wire[at] << 8 | wire[at + 1] == OPT:
                opts.append((rdata, end))
    except Malformed:
        pass
    return Walked(tuple(opts), end)


def options(rdata: bytes) -> Iterator[Option]:
    """Of an OPT record (RFC 6891 section 6.1.2). Raises Malformed, also for more of them than are read in a query."""
    return map(Option._make, edns.options(Cursor(rdata)))
