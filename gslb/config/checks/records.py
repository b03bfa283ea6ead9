"""Static records: what may stand beside what (RFC 1034 section 3.6.2, RFC 2181 sections 5 and 10)."""

from __future__ import annotations

from collections import defaultdict

import dns.rdatatype

from gslb.config import values
from gslb.config.draft import ADDRESS_TYPES, Draft, ZoneDraft, address_of
from gslb.config.faults import Faults, listed
from gslb.config.schema import plain
from gslb.config.sections import zone
from gslb.config.zonetext import Written
from gslb.model import Address

_CNAME = int(dns.rdatatype.CNAME)
_NS = int(dns.rdatatype.NS)
_DS = int(dns.rdatatype.DS)
# Types whose data names a host that is looked up in turn, with the attribute that holds it.
_TARGETS = {_NS: "target", int(dns.rdatatype.MX): "exchange", int(dns.rdatatype.SRV): "target"}


def check(draft: Draft, faults: Faults) -> None:
    steered = draft.steered()
    for each in draft.zones:
        aliases = {written.record.owner for written in each.records if written.record.type == _CNAME}
        for written in each.records:
            _place(draft, each, written, faults)
            _steered(each, written, steered, faults)
            _target(each, written, steered, aliases, faults)
        _sets(each, faults)
        _servers(each, faults)


def _place(draft: Draft, each: ZoneDraft, written: Written, faults: Faults) -> None:
    owner, rdtype = written.record.owner, written.record.type
    if not values.within(owner, each.name):
        each.fault(faults, written, f"lies outside of the zone {each.name}; is a final dot too many?")
        return
    holder = draft.zone_of(owner)
    at_the_cut = owner == holder and rdtype in (_NS, _DS)
    if holder != each.name and not at_the_cut and rdtype not in ADDRESS_TYPES:
        each.fault(faults, written, f"lies in the zone {holder}, which answers for it; write it there")
    if owner == each.name and rdtype == _CNAME and owner not in draft.steered():
        each.fault(
            faults,
            written,
            "the zone's own name can't be an alias; write its addresses (RFC 1034 section 3.6.2)",
        )
    if owner == each.name and rdtype == _NS:
        each.fault(faults, written, "the zone's own servers are made from `nameservers`; write it there")


def _steered(each: ZoneDraft, written: Written, steered: set[str], faults: Faults) -> None:
    if written.record.owner in steered and written.record.type in (*ADDRESS_TYPES, _CNAME):
        each.fault(faults, written, "this name is steered, its addresses are those of sites; leave it out")


def target_of(written: Written) -> str | None:
    attribute = _TARGETS.get(written.record.type)
    if attribute is None:
        return None
    # A type written as TYPE2 \# … has generic data; what it names is looked at all the same.
    name = getattr(written.rdata, attribute, None)
    return None if name is None else str(name.to_text(omit_final_dot=True)).lower()


def _target(each: ZoneDraft, written: Written, steered: set[str], aliases: set[str], faults: Faults) -> None:
    name = target_of(written)
    if name in steered:
        each.fault(faults, written, f"{name} is steered, each client would get another host; name one that is not")
    if name in aliases:
        each.fault(faults, written, f"{name} is an alias (CNAME); name the host itself (RFC 2181 section 10.3)")


def _sets(each: ZoneDraft, faults: Faults) -> None:
    by_owner: dict[str, list[Written]] = defaultdict(list)
    for written in each.records:
        by_owner[written.record.owner].append(written)
    for records in by_owner.values():
        _alone(each, records, faults)
        first: dict[int, Written] = {}
        seen: set[tuple[int, bytes]] = set()
        for written in records:
            earlier = first.setdefault(written.record.type, written)
            _one_ttl(each, written, earlier, faults)
            if (written.record.type, written.record.rdata) in seen:
                each.fault(faults, written, "is written twice; keep one of the two")
            seen.add((written.record.type, written.record.rdata))


def _alone(each: ZoneDraft, records: list[Written], faults: Faults) -> None:
    alias = next((written for written in records if written.record.type == _CNAME), None)
    others = sorted({written.type for written in records if written is not alias})
    if alias is not None and others:
        message = f"an alias stands alone, and there is {listed(others)} of the same name; keep either"
        each.fault(faults, alias, message)


def _one_ttl(each: ZoneDraft, written: Written, earlier: Written, faults: Faults) -> None:
    ttls = (earlier.record.ttl_s, written.record.ttl_s)
    if ttls[0] != ttls[1]:
        message = f"has TTL {ttls[1]}, and others of its set have {ttls[0]}; write one TTL (RFC 2181 section 5.2)"
        each.fault(faults, written, message)


def _servers(each: ZoneDraft, faults: Faults) -> None:
    """Addresses of `nameservers` are made from there; written again in `records`, they must be the same."""
    for server in each.table.value(zone.NAMESERVERS) or ():
        given = set(plain(server.value))
        written = [one for one in each.records if one.record.owner == server.name and one.record.type in ADDRESS_TYPES]
        if not given or not written:
            continue
        addresses = {address_of(one.record) for one in written}
        wrong = [one for one in written if address_of(one.record) not in given]
        for one in wrong:
            message = f"`nameservers` has {_shown(given)} for it; let them agree, or leave it out here"
            each.fault(faults, one, message)
        if not wrong and addresses != given:
            message = f"`nameservers` has {_shown(given - addresses)} as well; write all of them here, or none"
            each.fault(faults, written[0], message)


def _shown(addresses: set[Address]) -> str:
    return listed(sorted(str(address) for address in addresses))
