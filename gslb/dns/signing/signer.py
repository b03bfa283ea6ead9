"""Signatures, made in control and ahead of need.

Time is cut into periods of a quarter of the signatures' validity. All signatures of one period have the same inception
and expiration, so that nodes that share keys make the same ones, a restart makes them again as they were, and no
signature is ever older than a quarter of its life. Zones change periods at seconds of their own, which spreads the work.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from gslb.dns.answer import Rrset
from gslb.dns.codes import CDNSKEY, CDS, DNSKEY, RRSIG
from gslb.dns.names import wire_name
from gslb.dns.signing.canonical import canonical_rrset, count_labels, wildcard_of
from gslb.dns.signing.ds import ds_rdata
from gslb.dns.signing.keys import Key, KeySet, ZoneKeys
from gslb.model import Zone

EARLIER_S: Final = 3600  # of the inception: clocks of resolvers go wrong
PERIODS: Final = 4  # to a validity
MOST_KEPT: Final = 200_000  # sets of a zone whose signatures are remembered
_SET_TYPES: Final = frozenset((DNSKEY, CDS, CDNSKEY))


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when a zone is signed as it is: `inception` and `expiration` of its signatures, `ends` is the next period."""

    inception: int
    expiration: int
    starts: int
    ends: int

    @classmethod
    def of(cls, zone_name: str, validity_s: int, utc_s: float) -> Period:
        length_s = max(1, validity_s // PERIODS)
        offset_s = zlib.crc32(zone_name.encode()) % length_s
        starts = (int(utc_s) - offset_s) // length_s * length_s + offset_s
        return cls(starts - EARLIER_S, starts + validity_s, starts, starts + length_s)


@dataclass(frozen=True, slots=True, eq=False)
class SignedZone:
    """How one zone is signed in one period. `generation` is another text when it is signed otherwise; `since` is the second at
    which that began, on every node that shares the keys; `until` that at which it ends."""

    apex: bytes
    keys: KeySet
    period: Period
    ttl_s: int
    generation: str
    since: int
    until: int
    made: dict[tuple[bytes, int, int, tuple[bytes, ...]], tuple[bytes, ...]] = field(default_factory=dict)


class Signer:
    """The signed zones as they are at `utc_s`. `former` lends the signatures of zones that are signed as before.

    Used by one thread at a time. `signatures` counts those made, `former`'s included; `seconds` is what its own took so far.
    """

    def __init__(self, keys: Mapping[str, ZoneKeys], zones: Sequence[Zone], utc_s: float, former: Signer | None = None) -> None:
        self.signatures: int = former.signatures if former is not None else 0
        self.seconds = 0.0
        lent = former.zones if former is not None else {}
        self.zones: Mapping[str, SignedZone] = {
            zone.name: _kept(_signed(zone, keys[zone.name], utc_s), lent.get(zone.name))
            for zone in zones
            if zone.dnssec is not None and zone.name in keys
        }
        told = "".join(f"{name} {zone.generation}\n" for name, zone in sorted(self.zones.items()))
        self.generation = sha256(told.encode()).hexdigest()[:16]

    @property
    def until(self) -> int | None:
        """The second at which another Signer is needed."""
        return min((zone.until for zone in self.zones.values()), default=None)

    def signs(self, zone_name: str) -> bool:
        return zone_name in self.zones

    def apex(self, zone_name: str) -> tuple[Rrset, ...]:
        """DNSKEY, CDS and CDNSKEY, without signatures."""
        zone = self.zones[zone_name]
        sets = (
            (DNSKEY, [key.rdata for key in zone.keys.published]),
            (CDS, [ds_rdata(key) for key in zone.keys.synced]),
            (CDNSKEY, [key.rdata for key in zone.keys.synced]),
        )
        return tuple(Rrset(zone.apex, kind, zone.ttl_s, tuple(rdatas)) for kind, rdatas in sets if rdatas)

    def sign(self, zone_name: str, rrset: Rrset, original_ttl_s: int, labels: int | None = None) -> Rrset:
        """The RRSIGs of a set whose owner is given, in lower case.

        `original_ttl_s` is the longest TTL that the set is ever sent with: a shorter one is as valid (RFC 4034 section
        3.1.4). `labels`, where they are fewer than the owner's, are those of the wildcard that it was made from; a
        wildcard itself is signed as it is.
        """
        owner = rrset.owner
        if owner is None:
            raise ValueError("a set is signed with its owner")
        zone = self.zones[zone_name]
        if labels is not None:
            owner = wildcard_of(owner, labels)
        key = (owner, rrset.type, original_ttl_s, rrset.rdatas)
        made = zone.made.get(key)
        if made is None:
            if len(zone.made) >= MOST_KEPT:
                zone.made.clear()
            made = zone.made[key] = self._make(zone, *key)
        return Rrset(rrset.owner, RRSIG, rrset.ttl_s, made)

    def _make(self, zone: SignedZone, owner: bytes, kind: int, ttl_s: int, rdatas: tuple[bytes, ...]) -> tuple[bytes, ...]:
        began = time.perf_counter()
        records = canonical_rrset(owner, kind, ttl_s, rdatas)
        signers = zone.keys.set_signers if kind in _SET_TYPES and owner == zone.apex else zone.keys.data_signers
        made = tuple(_signature(zone, key, kind, count_labels(owner), ttl_s, records) for key in signers)
        self.signatures += len(made)
        self.seconds += time.perf_counter() - began
        return made


def _signature(zone: SignedZone, key: Key, kind: int, labels: int, ttl_s: int, records: bytes) -> bytes:
    """RDATA of an RRSIG (RFC 4034 section 3.1)."""
    head = (
        kind.to_bytes(2, "big")
        + bytes((key.algorithm.number, labels))
        + ttl_s.to_bytes(4, "big")
        + (zone.period.expiration & 0xFFFFFFFF).to_bytes(4, "big")
        + (zone.period.inception & 0xFFFFFFFF).to_bytes(4, "big")
        + key.tag.to_bytes(2, "big")
        + zone.apex
    )
    return head + key.secret.sign(head + records)


def _signed(zone: Zone, keys: ZoneKeys, utc_s: float) -> SignedZone:
    if zone.dnssec is None:
        raise ValueError(f"{zone.name} is not to be signed")
    period = Period.of(zone.name, zone.dnssec.validity_s, utc_s)
    found = keys.at(utc_s)
    until = period.ends if found.next_step is None else min(period.ends, found.next_step)
    return SignedZone(
        apex=wire_name(zone.name),
        keys=found,
        period=period,
        ttl_s=zone.ttl_s,
        generation=_generation(zone, found, period),
        since=max(period.starts, found.since),
        until=until,
    )


def _generation(zone: Zone, keys: KeySet, period: Period) -> str:
    groups = (keys.published, keys.set_signers, keys.data_signers, keys.synced)
    told = [[key.rdata.hex() for key in group] for group in groups]
    return sha256(repr((zone.name, zone.ttl_s, period, told)).encode()).hexdigest()[:16]


def _kept(zone: SignedZone, former: SignedZone | None) -> SignedZone:
    """Signed as before: what was made is still right. The object before is kept while nothing about it has changed."""
    if former is None or former.generation != zone.generation:
        return zone
    if (former.since, former.until) == (zone.since, zone.until):
        return former
    return SignedZone(zone.apex, zone.keys, zone.period, zone.ttl_s, zone.generation, former.since, zone.until, former.made)
