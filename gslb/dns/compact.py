"""Compact denial of existence (RFC 9824): of a name that is not there it is said that it has no types but NXNAME.

One NSEC at the very name, in place of two that cover it and its wildcard. It needs a signature for every such name, and
nothing is signed while a query waits: so the first who asks for a name gets the chain of NSEC, which proves it as
well, and control, which is told, signs the compact form for those who come after, so many a second and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from gslb.dns.answer import Answer, Rrset
from gslb.dns.codes import ANY, NOERROR, NSEC, NXDOMAIN, RRSIG
from gslb.dns.denial import nsec
from gslb.dns.sealing import Denial
from gslb.dns.zone import WILDCARD

NXNAME: Final = 128
EDE_INVALID_TYPE: Final = 30
LONGEST: Final = 253  # octets of a name below which there is room for another
# Who asks for these is told of the chain: such an NSEC would deny itself, or what ANY asks for.
NOT_FOR: Final = frozenset((NSEC, RRSIG, ANY))


def compact_nsec(name: bytes, ttl_s: int) -> Rrset:
    """The next name is the first that could be below it (RFC 9824 section 3.1)."""
    return nsec(name, b"\x01\x00" + name, (NXNAME,), ttl_s)


def deniable(name: bytes, plain: Answer) -> Denial | None:
    """How the zone denies this name, if it is one that a compact denial can be made for."""
    denial = plain.sealing
    if plain.rcode != NXDOMAIN or not isinstance(denial, Denial):
        return None
    return None if len(name) > LONGEST or name.startswith(WILDCARD) else denial


@dataclass(frozen=True, slots=True)
class CompactDenials:
    """What control has signed so far: RDATA of the signatures, by name."""

    signatures: Mapping[bytes, tuple[bytes, ...]]

    def answer(self, name: bytes, plain: Answer) -> Answer | None:
        """`plain` is what the tree says without signatures. None if nobody has signed it."""
        signatures = self.signatures.get(name)
        denial = None if signatures is None else deniable(name, plain)
        if signatures is None or denial is None:
            return None
        record = replace(compact_nsec(name, denial.chain.ttl_s), owner=None)
        proof = record, Rrset(None, RRSIG, record.ttl_s, signatures)
        return replace(denial, rcode=NOERROR).proved([proof], seal="compact")
