"""Records of a zone to an entry of `zones`: SOA and the zone's own NS become keys, the rest is zone text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import dns.name
import dns.rdatatype
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.SOA import SOA

from gslb.config import values
from gslb.config.importers.masterfile import Found
from gslb.config.importers.notes import Notes, Place
from gslb.config.zonetext import record_data

_ADDRESSES = (RdataType.A, RdataType.AAAA)
_DEFAULT_TTL_S = 86400


@dataclass
class ZonePiece:
    """`lines` are the zone text, each with the place it is from; `nameservers` in the order of the file, the primary first."""

    name: str
    ttl_s: int
    negative_ttl_s: int | None = None
    contact: str | None = None
    nameservers: dict[str, list[str]] = field(default_factory=dict)
    lines: list[tuple[str, Place]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)  # for people, above the entry


def piece_of(
    zone: dns.name.Name, found: Sequence[Found], notes: Notes, start: Place, *, keep_soa: bool, default_ttl_s: int | None = None
) -> ZonePiece:
    """`start` is where a thing is told that the zone as a whole lacks; `default_ttl_s` is for records without any TTL."""
    soas = [one for one in found if one.type == RdataType.SOA]
    soa = next((one for one in soas if one.owner == zone), None)
    for extra in soas:
        if extra is not soa:
            notes.lost(extra.place, "a zone has one SOA, at its own name; left out")
    fallback_s = default_ttl_s if default_ttl_s is not None else _minimum_s(soa)
    records = _one_ttl([_timed(one, fallback_s) for one in found if one.type != RdataType.SOA], notes)
    piece = ZonePiece(_text(zone), fallback_s)
    if soa is None:
        notes.changed(start, f"the zone {piece.name} has no SOA; it is made from `nameservers`, `contact` and `ttl`")
    else:
        _tell_soa(piece, zone, _timed(soa, fallback_s), notes, keep_soa=keep_soa)
    records = _servers(piece, zone, records, soa, notes, start)
    width = max((len(_owner(one.owner, zone)) for one in records), default=0)
    for one in records:
        line = _line(one, zone, piece.ttl_s, min(width, 32), notes)
        if line is not None:
            piece.lines.append((line, one.place))
    return piece


def _minimum_s(soa: Found | None) -> int:
    """What BIND takes for a zone that gives no TTL at all."""
    return _DEFAULT_TTL_S if soa is None else min(_soa(soa).minimum, values.HIGHEST_TTL_S)


def _soa(found: Found) -> SOA:
    assert isinstance(found.rdata, SOA)  # noqa: S101
    return found.rdata


def _timed(one: Found, fallback_s: int) -> Found:
    return replace(one, ttl_s=fallback_s) if one.ttl_s is None else one


def _one_ttl(records: list[Found], notes: Notes) -> list[Found]:
    """RFC 2181 section 5.2: one TTL a set; BIND takes that of the first record."""
    first: dict[tuple[dns.name.Name, int], Found] = {}
    kept: dict[tuple[dns.name.Name, int, bytes], Found] = {}
    for one in records:
        lead = first.setdefault((one.owner, one.type), one)
        if one.ttl_s != lead.ttl_s:
            notes.changed(one.place, f"TTL {one.ttl_s} is written as {lead.ttl_s}, that of the set's first record")
        kept.setdefault((one.owner, one.type, one.rdata.to_wire() or b""), replace(one, ttl_s=lead.ttl_s))
    return list(kept.values())


def _tell_soa(piece: ZonePiece, zone: dns.name.Name, soa: Found, notes: Notes, *, keep_soa: bool) -> None:
    rdata = _soa(soa)
    piece.ttl_s = soa.ttl_s if soa.ttl_s is not None else piece.ttl_s
    if keep_soa:
        piece.lines.append((f"@ {piece.ttl_s} SOA {rdata.to_text(zone, relativize=True)}", soa.place))
        return
    piece.negative_ttl_s = min(piece.ttl_s, rdata.minimum)
    piece.contact = _contact(rdata.rname)
    if piece.contact is None:
        notes.lost(soa.place, f"{rdata.rname} is not an e-mail address that can be written; set `contact`")
    piece.remarks.append(f"The serial was {rdata.serial}. This node makes it from the time of the last change; if that is lower,")
    piece.remarks.append("tell secondaries to take the zone anew, or import with --soa.")


def _contact(rname: dns.name.Name) -> str | None:
    """RFC 1035 section 8: the first label is the part before the @."""
    local, domain = rname.labels[0], dns.name.Name(rname.labels[1:])
    try:
        written = f"{local.decode('ascii')}@{values.host(domain.to_text(omit_final_dot=True))}"
    except (UnicodeDecodeError, ValueError):
        return None
    return written if local and written.isprintable() and not set(written) & {" ", '"', "\\"} else None


def _servers(
    piece: ZonePiece, zone: dns.name.Name, records: list[Found], soa: Found | None, notes: Notes, start: Place
) -> list[Found]:
    """Takes NS and the addresses of servers out of the records where the keys say the same."""
    own = [(one, one.rdata.target) for one in records if one.owner == zone and isinstance(one.rdata, NS)]
    primary = None if soa is None else _soa(soa).mname
    own.sort(key=lambda pair: pair[1] != primary)
    told: list[Found] = []
    for one, target in own:
        addresses = [each for each in records if each.owner == target and each.type in _ADDRESSES]
        if target.is_subdomain(zone) and not addresses:
            notes.lost(one.place, f"the server {target} has no address in the zone; left out")
            continue
        try:
            host = values.host(target.to_text(omit_final_dot=True))
        except ValueError as error:
            notes.lost(one.place, f"{error}; left out")
            continue
        inside = target.is_subdomain(zone)
        piece.nameservers[host] = [each.rdata.to_text() for each in addresses] if inside else []
        told += [each for each in (one, *(addresses if inside else ())) if each.ttl_s == piece.ttl_s]
    if not piece.nameservers:
        notes.lost(start, f"the zone {piece.name} has no NS that can be taken; write `nameservers`")
    elif soa is not None and primary not in {target for _, target in own}:
        notes.changed(soa.place, f"the SOA names {primary}, which is none of the zone's NS; the first of those takes its place")
    sets = {(one.owner, one.type) for one in told}
    dropped = {(one.owner, one.type) for one, _ in own if one not in told and one.ttl_s == piece.ttl_s}
    return [one for one in records if (one.owner, one.type) not in sets | dropped]


def _line(one: Found, zone: dns.name.Name, ttl_s: int, width: int, notes: Notes) -> str | None:
    """A line that `records` reads back as the same record."""
    owner = _owner(one.owner, zone)
    if "\\" in owner:
        notes.lost(one.place, f"{one.owner} has signs that no name here can have; left out")
        return None
    ttl = "" if one.ttl_s == ttl_s else f"{one.ttl_s} "
    wire = one.rdata.to_wire() or b""
    for kind, data in _spellings(one, zone, wire):
        try:
            if record_data(dns.rdatatype.from_text(kind), data, zone)[1] == wire:
                return f"{owner:<{width}} {ttl}{kind} {data}"
        except ValueError:
            pass
    notes.lost(one.place, f"{one.owner} {dns.rdatatype.to_text(one.rdata.rdtype)} can't be written as text; left out")
    return None


def _spellings(one: Found, zone: dns.name.Name, wire: bytes) -> Iterable[tuple[str, str]]:
    kind = dns.rdatatype.to_text(one.rdata.rdtype)
    yield kind, one.rdata.to_text(zone, relativize=True)
    yield kind, one.rdata.to_text()
    yield f"TYPE{one.type}", f"\\# {len(wire)} {wire.hex()}"  # RFC 3597 section 5


def _owner(name: dns.name.Name, zone: dns.name.Name) -> str:
    return name.relativize(zone).to_text().lower()


def _text(zone: dns.name.Name) -> str:
    return zone.to_text(omit_final_dot=True).lower()
