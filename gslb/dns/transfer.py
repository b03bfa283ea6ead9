"""Zone transfer out (RFC 5936), and IXFR answered with the whole zone (RFC 1995 section 4).

Only over streams, only to addresses that the zone's `transfer` allows, and where it names a key, only to who has it. Each
message is written when it is the turn of its connection and the peer has read those before: a slow secondary costs what
its connection costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Final

from gslb.dns.answer import Answer, empty
from gslb.dns.codes import (
    AXFR,
    EDE_OTHER,
    EDE_PROHIBITED,
    IN,
    IXFR,
    NOTAUTH,
    OPCODE_BITS,
    RCODE_NAMES,
    REFUSED,
    SERVFAIL,
    SOA,
    TRANSPORT_NAMES,
    TYPE_NAMES,
)
from gslb.dns.cursor import Cursor, Malformed
from gslb.dns.edns import error_option, opt_record
from gslb.dns.reply import whole
from gslb.dns.responder import Responder
from gslb.dns.tsig import Transaction, verify
from gslb.dns.wire import HEADER_OCTETS, Query, read_query
from gslb.dns.zonecopy import ZoneCopy
from gslb.model import Limits
from gslb.model.counting import Counters, add

TRANSFERS: Final = frozenset((AXFR, IXFR))
_MARKS: Final = (b"\0\xfc\0\x01", b"\0\xfb\0\x01")

_NO_ZONE: Final = empty(NOTAUTH, error_option(EDE_OTHER, "no zone of ours that is transferred"))
_NOT_ALLOWED: Final = empty(REFUSED, error_option(EDE_PROHIBITED, "no transfer to this address"))
_NOT_SIGNED: Final = empty(REFUSED, error_option(EDE_PROHIBITED, "a transfer takes the key of the zone"))
_BUSY: Final = empty(SERVFAIL, error_option(EDE_OTHER, "too many transfers at a time; try again"))


def may_be_transfer(wire: bytes) -> bool:
    """Cheap, and right whenever it says no."""
    return _MARKS[0] in wire or _MARKS[1] in wire


class Outgoing:
    """A transfer under way. It ends with the zone that it began with, whatever changes meanwhile."""

    def __init__(self, messages: Iterator[bytes], ended: Callable[[bool], None]) -> None:
        self._messages: Iterator[bytes] | None = messages
        self._ended = ended

    def message(self) -> bytes | None:
        """The next one; None after the last, and octets none if there is no going on."""
        found = None if self._messages is None else next(self._messages, None)
        if found is None:
            self._end(True)
        return found

    def abandon(self) -> None:
        """The peer is gone."""
        self._end(False)

    def _end(self, whole: bool) -> None:
        if self._messages is not None:
            self._messages = None
            self._ended(whole)


class Transfers:
    """Those of one worker. `limits` may be replaced; those under way go on."""

    def __init__(
        self, responder: Responder, limits: Limits, counters: Counters | None = None, wall: Callable[[], float] = time.time
    ) -> None:
        self.limits = limits
        self.running = 0
        self._responder = responder
        self._counters = responder.counters if counters is None else counters
        self._wall = wall

    def begin(self, wire: bytes, peer: str, transport: int) -> Outgoing | bytes | None:
        """A transfer, or one message that is the whole answer; None: not a request for one, or not a sound one."""
        try:
            return self._begin(wire, peer, transport)
        except Exception as error:  # as at the edge of the responder: a bug costs one answer, and is counted
            self._failed(error)
            return None

    def _begin(self, wire: bytes, peer: str, transport: int) -> Outgoing | bytes | None:
        asked = self._asked(wire)
        if asked is None:
            return None
        query, transaction, serial = asked
        copy = self._responder.serving.copies.get(query.name)
        kind, zone = TYPE_NAMES[query.type], "" if copy is None else copy.name
        answer, result = self._judged(copy, peer, transaction, serial)
        if result:
            add(self._counters, "gslb_dns_transfers_total", zone, kind, result)
        rcode = RCODE_NAMES[0 if answer is None else answer.rcode]
        add(self._counters, "gslb_dns_answers_total", TRANSPORT_NAMES[transport], kind, rcode)
        if copy is None or answer is not None:
            return self._one(wire, query, transaction, answer or _NO_ZONE)
        self.running += 1
        return Outgoing(self._messages(wire, query, transaction, copy), lambda sent: self._over(zone, kind, sent))

    def _asked(self, wire: bytes) -> tuple[Query, Transaction | None, int | None] | None:
        """What is asked, by whom it is signed, and which serial he has. What is wrong with it, the responder tells."""
        if len(wire) < HEADER_OCTETS or wire[2] & (0x80 | OPCODE_BITS):
            return None
        try:
            query = read_query(wire)
            if query.type not in TRANSFERS or query.klass != IN or (query.edns is not None and query.edns.version):
                return None
            serial = _serial_of(wire) if query.type == IXFR else None
            keys = self._responder.serving.keyring.tsig
            transaction = verify(wire, query.tsig, keys, int(self._wall())) if query.tsig else None
        except Malformed:
            return None
        return None if transaction is not None and transaction.error else (query, transaction, serial)

    def _judged(
        self, copy: ZoneCopy | None, peer: str, transaction: Transaction | None, serial: int | None
    ) -> tuple[Answer | None, str]:
        """The answer that is instead of the zone, and the word for it in the metrics."""
        if copy is None:
            return _NO_ZONE, "refused"
        address = ip_address(peer.partition("%")[0])
        if not any(address in network for network in copy.transfer.allow):
            return _NOT_ALLOWED, "refused"
        if copy.transfer.tsig is not None and (transaction is None or transaction.key != copy.transfer.tsig):
            return _NOT_SIGNED, "unsigned"
        if serial is not None and not _is_newer(copy.serial, serial):
            return copy.soa, "current"
        if self.running >= self.limits.transfers:
            return _BUSY, "busy"
        return None, ""

    def _one(self, wire: bytes, query: Query, transaction: Transaction | None, answer: Answer) -> bytes:
        reply = _message(wire, query, answer, first=True)
        return reply if transaction is None else transaction.sign(reply, int(self._wall()))

    def _messages(self, wire: bytes, query: Query, transaction: Transaction | None, copy: ZoneCopy) -> Iterator[bytes]:
        sequence = None if transaction is None else transaction.sequence()
        try:
            for number, answer in enumerate(copy.messages):
                message = _message(wire, query, answer, first=not number)
                yield message if sequence is None else sequence.sign(message, int(self._wall()))
        except Exception as error:
            self._failed(error)
            yield b""

    def _failed(self, error: Exception) -> None:
        add(self._counters, "gslb_dns_failures_total", type(error).__name__)

    def _over(self, zone: str, kind: str, sent: bool) -> None:
        self.running -= 1
        add(self._counters, "gslb_dns_transfers_total", zone, kind, "sent" if sent else "aborted")


def _message(wire: bytes, query: Query, answer: Answer, *, first: bool) -> bytes:
    """RFC 5936 section 2.2: each has the question; the OPT goes with the first."""
    opt = opt_record(query.edns.do, answer.error) if query.edns is not None and first else b""
    return wire[:2] + whole(answer, query.question, len(query.name), wire[2] & 1, opt)


def _serial_of(wire: bytes) -> int:
    """Of the SOA in the authority section (RFC 1995 section 3)."""
    cursor = Cursor(wire, HEADER_OCTETS)
    cursor.question_name()
    cursor.skip(4)
    answers, authorities = int.from_bytes(wire[6:8], "big"), int.from_bytes(wire[8:10], "big")
    for left in range(answers + authorities, 0, -1):
        cursor.skip_name()
        kind = cursor.u16()
        cursor.skip(6)
        size = cursor.u16()
        start = cursor.skip(size)
        if kind == SOA and left <= authorities:
            return _serial_in(Cursor(wire, start), start + size)
    raise Malformed("IXFR without an SOA")


def _serial_in(cursor: Cursor, end: int) -> int:
    cursor.skip_name()
    cursor.skip_name()
    serial = cursor.take(4)
    if cursor.at + 16 != end:
        raise Malformed("an SOA of no sound length")
    return int.from_bytes(serial, "big")


def _is_newer(ours: int, theirs: int) -> bool:
    """RFC 1982 section 3.2."""
    return 0 < (ours - theirs) & 0xFFFFFFFF < 1 << 31
