"""A whole zone as it goes to a secondary (RFC 5936), written ahead in control: workers only put a head and a TSIG to it.

A secondary knows neither clients nor health. So a steered name goes out with every address that it could answer if nothing
were known: those of all sites but the drained, the wrong and those that serve some clients alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import DS, RRSIG, SOA
from gslb.dns.denial import canonical_key
from gslb.dns.secure import Seal
from gslb.dns.zone import ZoneData
from gslb.model import Transfer, Zone

MESSAGE_OCTETS: Final = 16 * 1024  # of which the last pointer of compression reaches any
ROOM_OCTETS: Final = 1024  # for header, question, OPT and TSIG, all with names as long as can be
_RECORD_OCTETS: Final = 10


class TooLong(Exception):
    """A record that fits no message of a transfer."""


@dataclass(frozen=True, slots=True, eq=False)
class ZoneCopy:
    """`messages` are the answers of one transfer, in order; `soa` is what alone goes to who has this serial."""

    name: str
    apex: bytes
    serial: int
    transfer: Transfer
    soa: Answer
    messages: tuple[Answer, ...]
    records: int


def write_copy(zone: Zone, data: ZoneData, seal: Seal | None = None) -> ZoneCopy:
    """`data` has all that the zone holds, steered names as well. Raises TooLong."""
    soa = data.names[data.apex][SOA]
    sets = [soa, *_sets(data, seal), soa]
    messages = tuple(write(data.apex, tuple(part)) for part in _cut(sets))
    return ZoneCopy(
        name=zone.name,
        apex=data.apex,
        serial=int.from_bytes(soa.rdatas[0][-20:-16], "big"),
        transfer=zone.transfer or Transfer(),
        soa=write(data.apex, (soa,)),
        messages=messages,
        records=sum(len(rrset.rdatas) for rrset in sets),
    )


def _sets(data: ZoneData, seal: Seal | None) -> Iterator[Rrset]:
    """Everything but the SOA itself, in canonical order; of a signed zone with signatures and the chain of NSEC."""
    for name in sorted(data.names, key=canonical_key):
        for kind, rrset in sorted(data.names[name].items()):
            if kind != SOA:
                yield rrset
            if seal is not None and _is_ours(data, name, kind):
                yield seal.signature(rrset)
    for denial, signatures in seal.chain.records if seal is not None else ():
        yield denial
        yield signatures


def _is_ours(data: ZoneData, name: bytes, kind: int) -> bool:
    """Whether it is signed: what is at or below a delegation is not, but for its DS (RFC 4035 section 2.2)."""
    if kind == RRSIG:
        return False
    cut = data.cut(name)
    return cut is None or (cut == name and kind == DS)


def _cut(sets: Iterable[Rrset]) -> Iterator[Sequence[Rrset]]:
    """Parts that each fit a message, however badly names are compressed. A set may go on in the next one."""
    part: list[Rrset] = []
    left = MESSAGE_OCTETS - ROOM_OCTETS
    for rrset in sets:
        for piece, octets in _pieces(rrset):
            if octets > left and part:
                yield part
                part, left = [], MESSAGE_OCTETS - ROOM_OCTETS
            part.append(piece)
            left -= octets
    yield part


def _pieces(rrset: Rrset) -> Iterator[tuple[Rrset, int]]:
    """The set, or if it is longer than a message each of its records."""
    owner = len(rrset.owner or b"") + _RECORD_OCTETS
    octets = sum(owner + len(rdata) for rdata in rrset.rdatas)
    if octets <= MESSAGE_OCTETS - ROOM_OCTETS:
        yield rrset, octets
        return
    for rdata in rrset.rdatas:
        if owner + len(rdata) > 0xFFFF - ROOM_OCTETS:
            raise TooLong(f"a record of {len(rdata)} octets fits no message")
        yield Rrset(rrset.owner, rrset.type, rrset.ttl_s, (rdata,)), owner + len(rdata)
