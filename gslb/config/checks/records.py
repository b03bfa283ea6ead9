"""Static records: what may stand beside what (RFC 1034 section 3.6.2, RFC 2181 sections 5 and 10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import dns.rdatatype

from gslb.config import values
from gslb.config.draft import ADDRESS_TYPES, Draft, ZoneDraft, target_of
from gslb.config.faults import Faults, listed
from gslb.config.zonetext import Written

_CNAME = int(dns.rdatatype.CNAME)
_NS = int(dns.rdatatype.NS)
_DS = int(dns.rdatatype.DS)
_MX = int(dns.rdatatype.MX)
_SERVICES = (int(dns.rdatatype.SVCB), int(dns.rdatatype.HTTPS))
_NO_WILDCARD = (_NS, _DS)
# A message has 65535 octets: header, question, room for an OPT and signatures; each record has 12 beside its data.
_LARGEST_SET = 65535 - 12 - 260 - 1024
_OF_A_RECORD = 12
_LONGEST_CHAIN = 8  # Unbound follows 11 by default, others 16, and the rest of the way may be somebody else's


def check(draft: Draft, faults: Faults) -> None:
    steered = draft.steered()
    aliases = {one.record.owner: _alias_target(one) for each in draft.zones for one in each.records if one.record.type == _CNAME}
    for each in draft.zones:
        for written in each.records:
            _place(draft, each, written, faults)
            _steered(each, written, steered, faults)
            _target(each, written, steered, aliases, faults)
        _sets(each, faults)
        _circles(each, aliases, faults)


def _place(draft: Draft, each: ZoneDraft, written: Written, faults: Faults) -> None:
    owner, rdtype = written.record.owner, written.record.type
    if owner.startswith("*.") and rdtype in _NO_WILDCARD:
        each.fault(faults, written, "a wildcard delegates nothing (RFC 4592 section 4.2); write the names one by one")
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


def _steered(each: ZoneDraft, written: Written, steered: set[str], faults: Faults) -> None:
    if written.record.owner in steered and written.record.type in (*ADDRESS_TYPES, _CNAME):
        each.fault(faults, written, "this name is steered, its addresses are those of sites; leave it out")


def _target(each: ZoneDraft, written: Written, steered: set[str], aliases: Mapping[str, str], faults: Faults) -> None:
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
        by_type: dict[int, list[Written]] = defaultdict(list)
        for written in records:
            by_type[written.record.type].append(written)
        for rrset in by_type.values():
            _set(each, rrset, faults)


def _set(each: ZoneDraft, rrset: list[Written], faults: Faults) -> None:
    """RFC 2181 section 5: no record twice, and one TTL. What stands in the block and in the file is one record."""
    seen: set[tuple[str, bytes]] = set()
    for written in rrset:
        _one_ttl(each, written, rrset[0], faults)
        if (written.file, written.record.rdata) in seen:
            each.fault(faults, written, "is written twice; keep one of the two")
        seen.add((written.file, written.record.rdata))
    size = sum(_OF_A_RECORD + len(rdata) for rdata in {written.record.rdata for written in rrset})
    if size > _LARGEST_SET:
        message = f"this set takes {size} octets, which no message can hold, even over TCP; {_LARGEST_SET} is the most"
        each.fault(faults, rrset[0], message)
    if len(rrset) > 1 and rrset[0].record.type in _SERVICES:
        _modes(each, rrset, faults)
    if len(rrset) > 1 and rrset[0].record.type == _MX:
        _no_mail(each, rrset, faults)


def _modes(each: ZoneDraft, rrset: list[Written], faults: Faults) -> None:
    """RFC 9460 section 2.4.1: a set is one alias, or services."""
    alias = next((written for written in rrset if written.record.rdata[:2] == b"\0\0"), None)
    if alias is not None and any(written.record.rdata != alias.record.rdata for written in rrset):
        message = "priority 0 is an alias, which stands alone in its set (RFC 9460 section 2.4.1); keep either"
        each.fault(faults, alias, message)


def _no_mail(each: ZoneDraft, rrset: list[Written], faults: Faults) -> None:
    none = next((written for written in rrset if written.record.rdata[2:] == b"\0"), None)
    if none is not None and any(written.record.rdata != none.record.rdata for written in rrset):
        each.fault(faults, none, 'host "." says that no mail is taken, so it stands alone (RFC 7505 section 3); keep either')


def _alias_target(written: Written) -> str:
    name = getattr(written.rdata, "target", None)
    return "" if name is None else str(name.to_text(omit_final_dot=True)).lower()


def _circles(each: ZoneDraft, aliases: Mapping[str, str], faults: Faults) -> None:
    """Aliases that lead back to themselves have no answer (RFC 1034 section 3.6.2)."""
    for written in each.records:
        owner = written.record.owner
        if written.record.type != _CNAME:
            continue
        seen, name = [owner], aliases[owner]
        while name in aliases and name not in seen and len(seen) <= _LONGEST_CHAIN:
            seen.append(name)
            name = aliases[name]
        if name == owner:
            each.fault(faults, written, f"leads back to itself: {' to '.join([*seen, owner])}; let it end at a host")
        elif len(seen) > _LONGEST_CHAIN:
            each.fault(faults, written, f"leads through more than {_LONGEST_CHAIN} aliases, where resolvers give up; shorten it")


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
