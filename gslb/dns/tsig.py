"""Signed messages (RFC 8945): a request is verified, and its answer is signed with the same key.

Nothing of this is on the way of an unsigned query: `read_query` tells where a TSIG starts, and only then are we asked.
The MAC is computed by dnspython.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from struct import Struct
from typing import Any, Final

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.tsig
import dns.wire

from gslb.dns.codes import TSIG
from gslb.dns.cursor import Malformed
from gslb.dns.keyring import TsigSecret

Rdata = dns.rdtypes.ANY.TSIG.TSIG

BADSIG: Final = 16
BADKEY: Final = 17
BADTIME: Final = 18
BADTRUNC: Final = 22
ERROR_NAMES: Final = {BADSIG: "BADSIG", BADKEY: "BADKEY", BADTIME: "BADTIME", BADTRUNC: "BADTRUNC"}

FUDGE_S: Final = 300  # RFC 8945 section 10
_MAC_OCTETS: Final = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}
_MAC_LEAST: Final = 10  # RFC 8945 section 5.2.2.1; and half of what the algorithm gives
_RECORD = Struct("!HHIH")
_FIXED_OCTETS: Final = 10 + 16  # of the record and of its data, without names, MAC and other data


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed request. `wire` is it without its TSIG, `key` the name of the key as the configuration has it, `error` what is
    wrong with the signature, 0 if nothing is."""

    wire: bytes
    key: str
    error: int
    owner: dns.name.Name
    rdata: Rdata
    secret: dns.tsig.Key | None

    @property
    def room(self) -> int:
        """Octets that the TSIG adds to an answer."""
        names = len(self.owner.to_digestable()) + len(self.rdata.algorithm.to_digestable())
        mac = _MAC_OCTETS.get(self.rdata.algorithm.to_text(omit_final_dot=True).lower(), 0)
        return names + _FIXED_OCTETS + mac + (6 if self.error == BADTIME else 0)

    def sign(self, reply: bytes, now_s: int) -> bytes:
        """The answer with its TSIG. Who could not prove to have the key gets an empty one (RFC 8945 section 5.3.2)."""
        if self.secret is None or self.error in (BADKEY, BADSIG):
            return _with_record(reply, self.owner, self.blank(self.rdata.time_signed))
        if self.error == BADTIME:  # section 5.2.3: the client's time, and ours beside it
            mine = self.blank(self.rdata.time_signed, now_s.to_bytes(6, "big"))
            signed, _ = _signed(reply, self.secret, mine, self.rdata.time_signed, self.rdata.mac)
        else:
            signed, _ = _signed(reply, self.secret, self.blank(now_s), now_s, self.rdata.mac)
        return _with_record(reply, self.owner, signed)

    def blank(self, time_s: int, other: bytes = b"") -> Rdata:
        """The TSIG of an answer, without its MAC."""
        return _tsig(self.rdata.replace(time_signed=time_s, fudge=FUDGE_S, mac=b"", error=self.error, other=other))

    def sequence(self) -> Sequence:
        """Signs the messages of one answer, of which there are many."""
        return Sequence(self)


class Sequence:
    """Each message is signed, over the MAC of the one before (RFC 8945 section 5.3.1)."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._context: Any = None

    def sign(self, message: bytes, now_s: int) -> bytes:
        transaction = self._transaction
        first = transaction.rdata.mac if self._context is None else b""
        signed, self._context = _signed(
            message, transaction.secret, transaction.blank(now_s), now_s, first, self._context, multi=True
        )
        return _with_record(message, transaction.owner, signed)


def sign_request(message: bytes, secret: dns.tsig.Key, now_s: int) -> tuple[bytes, bytes]:
    """A request with its TSIG, and the MAC that the answer goes on from."""
    original_id = int.from_bytes(message[:2], "big")
    blank = Rdata(  # type: ignore[no-untyped-call]
        dns.rdataclass.ANY, dns.rdatatype.TSIG, secret.algorithm, now_s, FUDGE_S, b"", original_id, 0, b""
    )
    signed, _ = _signed(message, secret, blank, now_s)
    return _with_record(message, secret.name, signed), signed.mac


def verify(wire: bytes, start: int, keys: Mapping[str, TsigSecret], now_s: int) -> Transaction:
    """Judges the TSIG that starts at `start`, in the order of RFC 8945 section 5.2: key, MAC, time, length of the MAC.
    Malformed: FORMERR."""
    owner, rdata = _read(wire, start)
    bare = wire[:10] + (int.from_bytes(wire[10:12], "big") - 1).to_bytes(2, "big") + wire[12:start]
    name = owner.to_text(omit_final_dot=True).lower()
    known = keys.get(name)
    if known is None or rdata.algorithm != _algorithm(known.algorithm):
        return Transaction(bare, name, BADKEY, owner, rdata, None)
    secret = dns.tsig.Key(owner, known.secret, _algorithm(known.algorithm))
    error = _judged(bare, rdata, secret, _MAC_OCTETS[known.algorithm], now_s)
    return Transaction(bare, name, error, owner, rdata, secret)


def _read(wire: bytes, start: int) -> tuple[dns.name.Name, Rdata]:
    try:
        parser = dns.wire.Parser(wire, start)
        owner = parser.get_name(decompress=True)
        kind, klass, ttl, size = parser.get_struct("!HHIH")
        with parser.restrict_to(size):
            rdata = dns.rdata.from_wire_parser(klass, kind, parser)
    except (dns.exception.DNSException, ValueError) as error:
        raise Malformed(f"TSIG: {type(error).__name__}") from None
    if klass != dns.rdataclass.ANY or ttl or not isinstance(rdata, Rdata):  # RFC 8945 section 4.2
        raise Malformed("TSIG of another class, or with a TTL")
    return owner, rdata


def _judged(bare: bytes, rdata: Rdata, secret: dns.tsig.Key, whole: int, now_s: int) -> int:
    mac = rdata.mac
    if not max(_MAC_LEAST, whole // 2) <= len(mac) <= whole:  # section 5.2.2.1
        raise Malformed("TSIG with a MAC of no allowed length")
    ours, _ = _signed(bare, secret, rdata, rdata.time_signed)
    if not hmac.compare_digest(ours.mac[: len(mac)], mac):
        return BADSIG
    if abs(rdata.time_signed - now_s) > rdata.fudge:
        return BADTIME
    return BADTRUNC if len(mac) < whole else 0


def _with_record(message: bytes, owner: dns.name.Name, rdata: Rdata) -> bytes:
    """RFC 8945 section 5.3: the TSIG is the last record. Its names are not compressed."""
    data = rdata.to_digestable()
    additional = (int.from_bytes(message[10:12], "big") + 1).to_bytes(2, "big")
    head = _RECORD.pack(TSIG, dns.rdataclass.ANY, 0, len(data))
    return b"".join((message[:10], additional, message[12:], owner.to_digestable(), head, data))


def _signed(
    message: bytes,
    secret: dns.tsig.Key | None,
    blank: Rdata,
    time_s: int,
    request_mac: bytes = b"",
    context: Any = None,
    multi: bool = False,
) -> tuple[Rdata, Any]:
    """The same TSIG with its MAC, and of many messages what the next one goes on from."""
    signed, after = dns.tsig.sign(message, secret, blank, time_s, request_mac, context, multi)  # type: ignore[no-untyped-call]
    return _tsig(signed), after


def _tsig(rdata: object) -> Rdata:
    assert isinstance(rdata, Rdata)  # noqa: S101 - dnspython says no more than that it is some record
    return rdata


@cache
def _algorithm(name: str) -> dns.name.Name:
    return dns.name.from_text(name)
