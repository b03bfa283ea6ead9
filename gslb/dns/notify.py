"""NOTIFY out (RFC 1996): the message that tells a secondary of a change, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig

from gslb.dns.codes import AA, IN, SOA
from gslb.dns.keyring import TsigSecret
from gslb.dns.tsig import sign_request
from gslb.dns.zonecopy import ZoneCopy

_HEADER = Struct("!HHHHHH")
_TYPE_CLASS = Struct("!HH")
_NOTIFY: Final = 4 << 11


@dataclass(frozen=True, slots=True)
class Notice:
    """A NOTIFY as it is sent, and what is needed to know its answer. `mac` is empty for one without TSIG."""

    wire: bytes
    apex: bytes
    mac: bytes = b""
    key: dns.tsig.Key | None = None


def write_notice(copy: ZoneCopy, message_id: int, key: str | None, secret: TsigSecret | None, now_s: int) -> Notice:
    """With the new SOA in it, so that a secondary that has it need not ask (RFC 1996 section 3.7)."""
    question = copy.apex + _TYPE_CLASS.pack(SOA, IN)
    wire = _HEADER.pack(message_id, _NOTIFY | AA, 1, 1, 0, 0) + question + copy.soa.body_for(len(copy.apex))
    if key is None or secret is None:
        return Notice(wire, copy.apex)
    signer = dns.tsig.Key(dns.name.from_text(key), secret.secret, dns.name.from_text(secret.algorithm))
    signed, mac = sign_request(wire, signer, now_s)
    return Notice(signed, copy.apex, mac, signer)


def read_answer(notice: Notice, reply: bytes) -> str | None:
    """The RCODE of the answer to this notice; None for anything that is not one, or that nobody with the key has signed."""
    try:
        answer = dns.message.from_wire(reply, keyring=notice.key or False, request_mac=notice.mac, ignore_trailing=True)
    except dns.tsig.PeerError:  # it can't sign with a key that it does not have, or does not believe
        return "NOTAUTH" if reply[:2] == notice.wire[:2] else None
    except (dns.exception.DNSException, ValueError):
        return None
    is_answer = answer.id == int.from_bytes(notice.wire[:2], "big") and answer.flags & dns.flags.QR
    if not is_answer or answer.opcode() != dns.opcode.NOTIFY or (notice.key is not None and not answer.had_tsig):
        return None
    if answer.question and answer.question[0].name.to_digestable() != notice.apex:
        return None
    return dns.rcode.to_text(answer.rcode())
