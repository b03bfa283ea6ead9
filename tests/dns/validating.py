"""A validator of its own: what RFC 4035 section 5 wants of a signed answer, on top of dnspython's signatures.

It shares no code with what it judges. `judge` raises AssertionError with what is not proved.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.NSEC
import dns.rrset

WILD = dns.name.from_text("*", None)
META = frozenset((dns.rdatatype.ANY, dns.rdatatype.RRSIG))


class Validator:
    """Of one zone, by the DNSKEY records that somebody trusts."""

    def __init__(self, keys: dns.rrset.RRset) -> None:
        self.zone = keys.name
        self.keys: dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset] = {keys.name: keys}

    def judge(self, reply: dns.message.Message, now: float | None = None) -> str:
        """What has been proved: positive, nodata, nxdomain, referral, or left (a CNAME that leads elsewhere)."""
        return _Judge(self, reply, time.time() if now is None else now).verdict()


class _Judge:
    def __init__(self, by: Validator, reply: dns.message.Message, now: float) -> None:
        self.by, self.reply, self.now = by, reply, now
        [question] = reply.question
        self.kind = question.rdtype
        self.name = question.name
        self.labels: dict[tuple[dns.name.Name, int], int] = {}
        for section in (reply.answer, reply.authority):
            for rrset in section:
                self._signature(section, rrset)
        self.nsecs = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NSEC]

    def _signature(self, section: list[dns.rrset.RRset], rrset: dns.rrset.RRset) -> None:
        """Section 5.3: every set of records is signed, but for the NS of a delegation."""
        if rrset.rdtype == dns.rdatatype.RRSIG:
            return
        if section is self.reply.authority and rrset.rdtype == dns.rdatatype.NS:
            assert rrset.name != self.by.zone
            return
        found = [one for one in section if one.name == rrset.name and one.covers == rrset.rdtype]
        assert len(found) == 1, f"{rrset.name} {dns.rdatatype.to_text(rrset.rdtype)} has no signature"
        assert found[0].ttl == rrset.ttl, "a signature has the TTL of what it covers (RFC 4034 section 3)"
        labels = self.labels[rrset.name, rrset.rdtype] = found[0][0].labels
        if labels < len(rrset.name) - 1 - rrset.name.is_wild():
            # Section 5.3.2: signed as the wildcard. dnspython does it too, but for names that begin with an asterisk.
            wildcard = WILD.concatenate(_ending(rrset.name, labels))
            rrset, found = _renamed(rrset, wildcard), [_renamed(found[0], wildcard)]
        dns.dnssec.validate(rrset, found[0], self.by.keys, now=self.now)

    def verdict(self) -> str:
        passed = set()
        while self.name not in passed:
            passed.add(self.name)
            if self._data() is not None:
                return "positive"
            alias = self._at(self.name, dns.rdatatype.CNAME)
            if alias is None:
                return self._without_data()
            self.name = alias[0].target
        return "left"

    def _data(self) -> dns.rrset.RRset | None:
        if self.kind not in META:
            return self._at(self.name, self.kind)
        for kind in (dns.rdatatype.HINFO, dns.rdatatype.CNAME, dns.rdatatype.RRSIG):
            found = self._at(self.name, kind)
            if found is not None:
                return found
        return None

    def _at(self, name: dns.name.Name, kind: int) -> dns.rrset.RRset | None:
        """Sections 5.3.4 and 3.1.3.3: what a wildcard gave is for names that don't exist."""
        found = next((rrset for rrset in self.reply.answer if rrset.name == name and rrset.rdtype == kind), None)
        if found is not None and self._labels(found) < len(name) - 1 - name.is_wild():
            self._covering(name)
            self._covering(_ending(name, self._labels(found) + 1))
        return found

    def _labels(self, rrset: dns.rrset.RRset) -> int:
        return rrset[0].labels if rrset.rdtype == dns.rdatatype.RRSIG else self.labels[rrset.name, rrset.rdtype]

    def _without_data(self) -> str:
        cut = next((rrset.name for rrset in self.reply.authority if rrset.rdtype == dns.rdatatype.NS), None)
        if cut is not None:
            return self._referral(cut)
        if not any(rrset.rdtype == dns.rdatatype.SOA for rrset in self.reply.authority):
            assert self.reply.answer, "neither data nor a denial"
            return "left"
        if self.reply.rcode() == dns.rcode.NXDOMAIN:
            self._no_name()
            return "nxdomain"
        self._no_data()
        return "nodata"

    def _referral(self, cut: dns.name.Name) -> str:
        """Section 5.2: a signed DS, or an NSEC that says: a delegation, and no DS."""
        assert self.name.is_subdomain(cut)
        if any(rrset.name == cut and rrset.rdtype == dns.rdatatype.DS for rrset in self.reply.authority):
            return "referral"
        kinds = self._kinds(self._matching(cut))
        assert dns.rdatatype.NS in kinds
        assert not kinds & {dns.rdatatype.DS, dns.rdatatype.SOA}
        return "insecure"

    def _no_name(self) -> None:
        """Section 5.4: neither the name nor a wildcard in its place."""
        self._covering(WILD.concatenate(self._encloser(self._covering(self.name))))

    def _no_data(self) -> None:
        match = next((nsec for nsec in self.nsecs if nsec.name == self.name), None)
        if match is None:
            nsec = self._covering(self.name)
            if nsec[0].next.is_subdomain(self.name):  # an empty non-terminal
                return
            wildcard = WILD.concatenate(self._encloser(nsec))
            if not any(nsec.name == wildcard for nsec in self.nsecs):
                nsec = self._covering(wildcard)
                assert nsec[0].next.is_subdomain(wildcard), f"neither {wildcard} nor a name below it"
                return
            match = self._matching(wildcard)
        kinds = self._kinds(match)
        assert not kinds & {self.kind, dns.rdatatype.CNAME}, f"the NSEC at {match.name} has the type"
        at_a_cut = dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds
        assert at_a_cut <= (self.kind == dns.rdatatype.DS), "the parent's NSEC denies only the DS (RFC 6840 section 4.4)"

    def _encloser(self, nsec: dns.rrset.RRset) -> dns.name.Name:
        """The longest ancestor of the name that the NSEC which covers it proves to exist."""
        commons = [_common(self.name, other) for other in (nsec.name, nsec[0].next)]
        return max(commons, key=len)

    def _matching(self, name: dns.name.Name) -> dns.rrset.RRset:
        found = [nsec for nsec in self.nsecs if nsec.name == name]
        assert found, f"no NSEC at {name}"
        return found[0]

    def _covering(self, name: dns.name.Name) -> dns.rrset.RRset:
        found = [nsec for nsec in self.nsecs if self._covers(nsec, name)]
        assert found, f"no NSEC covers {name}"
        return found[0]

    def _covers(self, nsec: dns.rrset.RRset, name: dns.name.Name) -> bool:
        following = nsec[0].next
        if not (nsec.name < name and (name < following or following == self.by.zone)):
            return False
        kinds = self._kinds(nsec)
        below_a_cut = name.is_subdomain(nsec.name) and dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds
        return not below_a_cut  # RFC 6840 section 4.1

    def _kinds(self, nsec: dns.rrset.RRset) -> set[int]:
        return set(kinds_in(nsec[0]))


def _ending(name: dns.name.Name, labels: int) -> dns.name.Name:
    return dns.name.Name(name.labels[-labels - 1 :])


def _renamed(rrset: dns.rrset.RRset, name: dns.name.Name) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, rrset.ttl, list(rrset))


def _common(one: dns.name.Name, other: dns.name.Name) -> dns.name.Name:
    return one.split(one.fullcompare(other)[2])[1]


def kinds_in(nsec: dns.rdata.Rdata) -> Iterator[int]:
    """RFC 4034 section 4.1.2."""
    assert isinstance(nsec, dns.rdtypes.ANY.NSEC.NSEC)
    for window, bits in nsec.windows:
        for number, octet in enumerate(bits):
            yield from (window * 256 + number * 8 + bit for bit in range(8) if octet & 0x80 >> bit)
