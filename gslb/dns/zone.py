"""A zone's static data: which names exist, what is at each, and where a name leads.

Names with records exist, steered names, the apexes of zones below, and every name between them and the apex
(empty non-terminals, RFC 4592 section 2.2.2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from gslb.dns.answer import Rrset
from gslb.dns.codes import AAAA, CNAME, NS, NXDOMAIN, SOA, A
from gslb.dns.names import mailbox_name, parent, suffixes, wire_name
from gslb.model import Record, Zone

WILDCARD = b"\x01*"
REFRESH_S, RETRY_S, EXPIRE_S = 3600, 600, 1_209_600

Rrsets = dict[int, Rrset]


def soa_rdata(zone: Zone, serial: int) -> bytes:
    """RFC 1035 section 3.3.13. The first name server is the primary.

    A secondary that hears nothing gives a zone up before its signatures expire (RFC 6781 section 4.4.2.1).
    """
    primary = next(iter(zone.nameservers), zone.name)
    expire_s = EXPIRE_S if zone.dnssec is None else min(EXPIRE_S, zone.dnssec.validity_s // 2)
    times = (serial & 0xFFFFFFFF, REFRESH_S, RETRY_S, expire_s, zone.negative_ttl_s)
    numbers = b"".join(number.to_bytes(4, "big") for number in times)
    return wire_name(primary) + mailbox_name(zone.contact) + numbers


def _records(zone: Zone, serial: int) -> Iterator[Record]:
    """The zone's own records, before those of its operator; where he wrote a set himself, his stands."""
    written = {(record.owner, record.type) for record in zone.records}
    yield from (record for record in _own(zone, serial) if (record.owner, record.type) not in written)
    yield from zone.records if zone.dnssec is None else (_raised(record, serial) for record in zone.records)


def _raised(record: Record, serial: int) -> Record:
    """An SOA that the operator of a signed zone wrote goes on from his serial: signatures are renewed, and secondaries must
    hear of it."""
    if record.type != SOA or int.from_bytes(record.rdata[-20:-16], "big") >= serial:
        return record
    return replace(record, rdata=record.rdata[:-20] + serial.to_bytes(4, "big") + record.rdata[-16:])


def _own(zone: Zone, serial: int) -> Iterator[Record]:
    yield Record(zone.name, zone.ttl_s, SOA, soa_rdata(zone, serial))
    inside = zone.name
    for host, addresses in zone.nameservers.items():
        yield Record(zone.name, zone.ttl_s, NS, wire_name(host))
        if host == inside or host.endswith("." + inside) or not inside:
            for address in addresses:
                yield Record(host, zone.ttl_s, A if address.version == 4 else AAAA, address.packed)


def _rrsets(records: Iterable[Record]) -> dict[bytes, Rrsets]:
    """RFC 2181 section 5: no record twice, and one TTL (the lowest) in a set."""
    grouped: dict[tuple[bytes, int], list[Record]] = {}
    for record in records:
        grouped.setdefault((wire_name(record.owner), record.type), []).append(record)
    names: dict[bytes, Rrsets] = {}
    for (owner, kind), members in grouped.items():
        rdatas = tuple(dict.fromkeys(member.rdata for member in members))
        ttl_s = min(member.ttl_s for member in members)
        names.setdefault(owner, {})[kind] = Rrset(owner, kind, ttl_s, rdatas)
    return names


@dataclass(frozen=True)
class ZoneData:
    """What is where in one zone. `steered` and `children` are names of its own that others answer for."""

    apex: bytes
    names: Mapping[bytes, Rrsets]
    steered: Collection[bytes] = ()
    children: Collection[bytes] = ()

    @classmethod
    def of(
        cls,
        zone: Zone,
        serial: int,
        steered: Collection[bytes],
        children: Collection[bytes],
        made: Iterable[Rrset] = (),
    ) -> ZoneData:
        """`made` are RRsets that nobody wrote; what the zone's operator wrote goes before them."""
        names = _rrsets(_records(zone, serial))
        for rrset in made:
            if rrset.owner is not None:
                names.setdefault(rrset.owner, {}).setdefault(rrset.type, rrset)
        return cls(wire_name(zone.name), names, steered, children)

    @cached_property
    def existing(self) -> frozenset[bytes]:
        """Every name that exists, empty non-terminals too."""
        found = {self.apex}
        for name in (*self.names, *self.steered, *self.children):
            while name not in found:
                found.add(name)
                name = parent(name)
        return frozenset(found)

    @property
    def soa(self) -> Rrset:
        return self.names[self.apex][SOA]

    @property
    def denial_ttl_s(self) -> int:
        """How long an absence holds: min(TTL of the SOA, MINIMUM) (RFC 2308 section 3, RFC 9077 section 3)."""
        return min(self.soa.ttl_s, int.from_bytes(self.soa.rdatas[0][-4:], "big"))

    def contains(self, name: bytes) -> bool:
        """Whether the name is of this zone: under its apex, and not under that of a zone below."""
        for suffix in suffixes(name):
            if suffix in self.children:
                return False
            if suffix == self.apex:
                return True
        return False

    def cut(self, name: bytes) -> bytes | None:
        """The delegation that takes the name out of the zone's authority: the topmost at or above it."""
        found = None
        for suffix in suffixes(name):
            if suffix == self.apex:
                break
            if NS in self.names.get(suffix, ()):
                found = suffix
        return found

    def encloser(self, name: bytes) -> bytes:
        """The closest name at or above it that exists."""
        while name not in self.existing:
            name = parent(name)
        return name

    def source(self, name: bytes) -> bytes | None:
        """Whose records answer for `name`: itself, or its closest encloser's wildcard (RFC 4592)."""
        if name in self.existing:
            return name
        wildcard = WILDCARD + self.encloser(name)
        return wildcard if wildcard in self.names else None

    def referral(self, cut: bytes) -> tuple[tuple[Rrset, ...], tuple[Rrset, ...]]:
        """Authority and glue: all addresses of name servers inside the delegation (RFC 9471 section 2)."""
        servers = self.names[cut][NS]
        glue = [
            rrset
            for rdata in servers.rdatas
            if self.cut(target := rdata.lower()) == cut
            for kind in (A, AAAA)
            if (rrset := self.names.get(target, {}).get(kind)) is not None
        ]
        return (servers,), tuple(glue)

    def chain(self, owner: bytes | None, first: Rrset) -> Chain:
        """Follows a CNAME (RFC 1034 section 3.6.2), but not into a steered name or another zone."""
        links = [Link(owner, first)]
        target = first.rdatas[0].lower()
        seen = {owner}
        while self.contains(target) and target not in self.steered and target not in seen:
            seen.add(target)
            cut = self.cut(target)
            if cut is not None:
                return Chain(links, target, {}, cut=cut)
            source = self.source(target)
            if source is None:
                return Chain(links, target, {}, rcode=NXDOMAIN)
            rrsets = self.names.get(source, {})
            if CNAME not in rrsets:
                return Chain(links, target, rrsets, source=source)
            links.append(Link(target, rrsets[CNAME]))
            target = rrsets[CNAME].rdatas[0].lower()
        return Chain(links, target, {}, leaves=True)


class Link(NamedTuple):
    """A CNAME on the way, under the name that it answers for; None is the name of the question. Its own owner is another
    one where a wildcard stands in."""

    name: bytes | None
    rrset: Rrset


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a CNAME leads: to records of `target` (which `source` has), out of the zone, to a delegation, or to nothing."""

    links: list[Link]
    target: bytes
    rrsets: Rrsets
    rcode: int = 0
    source: bytes | None = None
    cut: bytes | None = None
    leaves: bool = False

    @property
    def expanded(self) -> tuple[bytes, ...]:
        """The names on the way, but for the first, for which a wildcard stands in."""
        passed = [link.name for link in self.links[1:] if link.name is not None and link.rrset.owner != link.name]
        return (*passed, self.target) if self.source not in (None, self.target) else tuple(passed)
