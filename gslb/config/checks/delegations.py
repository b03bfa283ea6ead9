"""Servers of zones, and the cuts below them (RFC 1034 section 4.2)."""

from __future__ import annotations

import dns.rdatatype

from gslb.config import values
from gslb.config.draft import ADDRESS_TYPES, Draft, ZoneDraft, target_of
from gslb.config.faults import Faults
from gslb.config.sections import zone
from gslb.config.zonetext import Written

_NS = int(dns.rdatatype.NS)
_DS = int(dns.rdatatype.DS)
_AT_A_CUT = (_NS, _DS, *ADDRESS_TYPES)


def check(draft: Draft, faults: Faults) -> None:
    steered = draft.steered()
    for each in draft.zones:
        _servers(each, steered, faults)
        cuts = {
            written.record.owner for written in each.records if written.record.type == _NS and written.record.owner != each.name
        }
        addressed = {written.record.owner for written in each.records if written.record.type in ADDRESS_TYPES}
        for written in each.records:
            _glue(each, written, cuts, addressed, faults)
            _ds(draft, each, written, cuts, faults)
            if draft.zone_of(written.record.owner) == each.name:
                _below(each, written, cuts, faults)
        for host in sorted(steered):
            if draft.zone_of(host) == each.name:
                _steered_below(each, host, cuts, faults)


def _servers(each: ZoneDraft, steered: set[str], faults: Faults) -> None:
    node = each.table.at(zone.NAMESERVERS)
    servers = each.table.value(zone.NAMESERVERS)
    if servers == ():
        faults.add(node.line, node.path, "names no server; write at least one, as ns1.example.net: [192.0.2.53]")
    for server in servers or ():
        if server.name in steered:
            message = "is steered, each client would get another server; name one that is not"
            faults.add(server.node.line, server.node.path, message)
        elif each.name and values.within(server.name, each.name) and not server.value:
            message = f"lies in the zone {each.name}, so it needs addresses; write them, as [192.0.2.53]"
            faults.add(server.node.line, server.node.path, message)


def _glue(each: ZoneDraft, written: Written, cuts: set[str], addressed: set[str], faults: Faults) -> None:
    name = target_of(written) if written.record.type == _NS else None
    if name is None or written.record.owner not in cuts:
        return
    if values.within(name, written.record.owner) and name not in addressed:
        each.fault(faults, written, f"{name} lies below it, so its address is needed here; add its A or AAAA record")


def _ds(draft: Draft, each: ZoneDraft, written: Written, cuts: set[str], faults: Faults) -> None:
    """RFC 4035 section 2.4: a DS stands where NS delegate; that of the zone itself is in its parent."""
    owner = written.record.owner
    if written.record.type != _DS or owner in cuts or owner.startswith("*."):
        return
    if owner == each.name:
        each.fault(faults, written, "belongs into the parent zone, beside the NS there; leave it out")
    elif owner not in draft.zone_names:
        each.fault(faults, written, "has no NS beside it, so nothing is delegated there; add them, or leave it out")


def _below(each: ZoneDraft, written: Written, cuts: set[str], faults: Faults) -> None:
    cut = values.closest(written.record.owner, cuts)
    if cut is None:
        return
    allowed = _AT_A_CUT if written.record.owner == cut else ADDRESS_TYPES
    if written.record.type not in allowed:
        each.fault(faults, written, f"{cut} is delegated, so this would never be answered; write it in that zone")


def _steered_below(each: ZoneDraft, host: str, cuts: set[str], faults: Faults) -> None:
    cut = values.closest(host, cuts)
    if cut is not None:
        node = each.table.at(zone.RECORDS_)
        message = f"{cut} is delegated, and {host} below it is steered here; take one of the two out"
        faults.add(node.line, node.path, message)
