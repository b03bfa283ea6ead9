"""What stands at a zone's own name: its SOA and its servers, where they are written as records."""

from __future__ import annotations

import dns.rdatatype

from gslb.config import values
from gslb.config.draft import ADDRESS_TYPES, Draft, ZoneDraft, address_of
from gslb.config.faults import Faults, listed
from gslb.config.schema import plain
from gslb.config.sections import zone
from gslb.config.zonetext import Written
from gslb.model import Address

_SOA = int(dns.rdatatype.SOA)
# What signing makes (RFC 7344); beside it a second source would contradict.
_SIGNED_HERE = (int(dns.rdatatype.CDS), int(dns.rdatatype.CDNSKEY))


def check(draft: Draft, faults: Faults) -> None:
    for each in draft.zones:
        _soa(each, faults)
        if zone.NAMESERVERS in each.table:
            _agree(each, faults)
            _addresses(each, faults)
        elif each.name:
            _from_records(each, faults)
        _signing(each, faults)


def _soa(each: ZoneDraft, faults: Faults) -> None:
    found = [one for one in each.records if one.record.type == _SOA]
    for one in found:
        if one.record.owner != each.name:
            each.fault(faults, one, f"an SOA stands at the zone's own name alone, {each.name}; leave it out")
        elif one.record != found[0].record:
            each.fault(faults, one, "is another SOA of the zone, which has one; keep one of the two")
    if not found:
        return
    for key in (zone.CONTACT, zone.NEGATIVE_TTL):
        if key in each.table:
            node = each.table.at(key)
            faults.add(node.line, node.path, "is told by the SOA among the records as well; leave out one of the two")


def _agree(each: ZoneDraft, faults: Faults) -> None:
    """NS records at the apex may be written again, as zone files have them; they must be the same."""
    written = each.apex_servers()
    names = {server.name for server in each.table.value(zone.NAMESERVERS) or ()}
    if not written or not names:
        return
    for name, one in written.items():
        if name not in names:
            each.fault(faults, one, f"`nameservers` has {listed(sorted(names))}; let them agree, or leave it out here")
    missing = sorted(names - written.keys())
    if missing and written.keys() <= names:
        one = next(iter(written.values()))
        each.fault(faults, one, f"`nameservers` has {listed(missing)} as well; write all of them here, or none")


def _from_records(each: ZoneDraft, faults: Faults) -> None:
    servers = each.apex_servers()
    node = each.table.at(zone.NAMESERVERS)
    if not servers:
        faults.add(node.line, node.path, "is missing; write it: the servers of this zone, or their NS records in its zone file")
    for name, one in servers.items():
        if values.within(name, each.name) and not each.addresses_of(name):
            each.fault(faults, one, f"{name} lies in the zone, so it needs an address; add its A or AAAA record")


def _addresses(each: ZoneDraft, faults: Faults) -> None:
    """Addresses of `nameservers` are made from there; a set that is written again must be the same."""
    for server in each.table.value(zone.NAMESERVERS) or ():
        for rdtype, version in zip(ADDRESS_TYPES, (4, 6), strict=True):
            given = {address for address in plain(server.value) if address.version == version}
            written = [one for one in each.records if one.record.owner == server.name and one.record.type == rdtype]
            if plain(server.value) and written:
                _same(each, given, written, faults)


def _same(each: ZoneDraft, given: set[Address], written: list[Written], faults: Faults) -> None:
    addresses = {address_of(one.record) for one in written}
    wrong = [one for one in written if address_of(one.record) not in given]
    for one in wrong:
        said = f"has {_shown(given)} for it" if given else "has none of this family for it"
        each.fault(faults, one, f"`nameservers` {said}; let them agree, or leave it out here")
    if not wrong and addresses != given:
        message = f"`nameservers` has {_shown(given - addresses)} as well; write all of them here, or none"
        each.fault(faults, written[0], message)


def _signing(each: ZoneDraft, faults: Faults) -> None:
    if zone.DNSSEC_ not in each.table:
        return
    for one in each.records:
        if one.record.owner == each.name and one.record.type in _SIGNED_HERE:
            each.fault(faults, one, "is made by signing (`dnssec` of this zone); leave it out")


def _shown(addresses: set[Address]) -> str:
    return listed(sorted(str(address) for address in addresses))
