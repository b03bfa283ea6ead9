"""The nodes of one zone: for each name that exists, the answer to every question about it, in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gslb.dns.answer import Answer, Rrset
from gslb.dns.codes import AAAA, ANY, CNAME, DS, HINFO, NOERROR, NXDOMAIN, A
from gslb.dns.denial import NsecChain
from gslb.dns.names import parent
from gslb.dns.secure import Draft, Given, Seal, given, plain
from gslb.dns.steered import KINDS
from gslb.dns.zone import WILDCARD, Chain, ZoneData
from gslb.model import Family

HINFO_TTL_S = 8482
# RFC 8482 section 4.2: CPU "RFC8482", OS empty.
HINFO_ANY = b"\x07RFC8482\x00"


@dataclass(frozen=True, slots=True)
class Node:
    """A name that exists. `answers` by type, else `otherwise`; `service` steers its A and AAAA.

    `wildcard` answers for names below that don't exist; without one, `missing` does. `chain` is that of the signed zone
    which answers for the name.
    """

    answers: Mapping[int, Answer]
    otherwise: Answer
    missing: Answer
    service: str | None = None
    wildcard: Node | None = None
    chain: NsecChain | None = None

    def answer(self, kind: int) -> Answer:
        return self.answers.get(kind) or self.otherwise


class ZoneWriter:
    """`steered` are the services by their names; with a `seal` every answer has its signed form."""

    def __init__(self, data: ZoneData, steered: Mapping[bytes, str], seal: Seal | None) -> None:
        self.data = data
        self.steered = steered
        self.seal = seal
        self.soa = Given(data.soa, data.apex, data.denial_ttl_s)
        self.chain = None if seal is None else seal.chain
        self.nodata = self._denial(NOERROR)
        self.nxdomain = self._denial(NXDOMAIN)

    def _denial(self, rcode: int) -> Answer:
        answer = plain(self.data.apex, Draft(authority=(self.soa,), rcode=rcode))
        return answer if self.seal is None else self.seal.denial(answer, self.soa)

    def nodes(self) -> dict[bytes, Node]:
        nodes = {name: self.node(name) for name in self.data.existing}
        for name in self.data.existing:
            wildcard = nodes.get(WILDCARD + name) if len(name) < 254 else None
            if wildcard is not None and self.data.cut(WILDCARD + name) is None:
                nodes[name] = replace(nodes[name], wildcard=wildcard)
        return nodes

    def node(self, name: bytes) -> Node:
        cut = self.data.cut(name)
        if cut is not None:
            return self.delegated(name, cut)
        rrsets = self.data.names.get(name, {})
        if CNAME in rrsets:
            return self.alias(name, rrsets[CNAME])
        service = self.steered.get(name)
        answers: dict[int, Answer] = {}
        for kind, rrset in rrsets.items():
            if not service or kind not in (A, AAAA):  # what a configuration must not have, and the door must not tell
                answers[kind] = self.told(name, given(rrset, None))
        if rrsets or service:
            answers[ANY] = self.told(name, given(Rrset(name, HINFO, HINFO_TTL_S, (HINFO_ANY,)), None))
        return Node(answers, self.nodata, self.nxdomain, service, chain=self.chain)

    def delegated(self, name: bytes, cut: bytes) -> Node:
        """At and below a cut all is a referral without AA, but DS at the cut, which is the parent's (RFC 4035
        section 3.1.4.1)."""
        referral = self.written(cut, replace(self.referral(cut), authoritative=False))
        answers = {}
        if name == cut:
            ds = self.data.names[cut].get(DS)
            answers[DS] = self.nodata if ds is None else self.told(cut, given(ds, None))
        return Node(answers, referral, referral)

    def referral(self, cut: bytes) -> Draft:
        """Who asks for signatures gets the DS too, or the proof that there is none (RFC 4035 section 3.1.4)."""
        authority, glue = self.data.referral(cut)
        ds = self.data.names[cut].get(DS)
        return Draft(
            authority=tuple(given(servers, cut, signed=False) for servers in authority),
            additional=glue,
            sealing=() if ds is None else (given(ds, cut),),
            denied=(cut,) if ds is None else (),
        )

    def alias(self, name: bytes, cname: Rrset) -> Node:
        """A CNAME answers for every type but those of signing. Asked for CNAME or ANY (RFC 8482 section 4.2) it stands
        alone."""
        chain = self.data.chain(None if name.startswith(WILDCARD) else name, cname)
        links = (given(cname, None), *(given(link.rrset, link.name) for link in chain.links[1:]))
        answers = {
            kind: self.written(name, Draft((*links, given(rrset, chain.target)), denied=chain.expanded))
            for kind, rrset in chain.rrsets.items()
        }
        answers |= dict.fromkeys((CNAME, ANY), self.told(name, links[0]))
        return Node(answers, self.written(name, self.end(chain, links)), self.nxdomain, chain=self.chain)

    def end(self, chain: Chain, links: tuple[Given, ...]) -> Draft:
        """What a chain comes to for a type that its last name does not have."""
        if chain.leaves:
            return Draft(links, denied=chain.expanded)
        if chain.cut is not None:
            referral = self.referral(chain.cut)
            return replace(referral, answers=links, denied=(*chain.expanded, *referral.denied))
        absent = (chain.target, WILDCARD + self.data.encloser(chain.target)) if chain.source is None else (chain.source,)
        # RFC 6604 section 3: the RCODE is that of the last name
        return Draft(links, (self.soa,), rcode=chain.rcode, denied=(*chain.expanded, *absent))

    def told(self, name: bytes, one: Given) -> Answer:
        if self.seal is None or name.startswith(WILDCARD):
            return self.written(name, Draft((one,)))
        return self.seal.told(plain(name, Draft((one,))), one)

    def denials(self, name: bytes) -> dict[Family, Answer]:
        """For clients of a steered name that get no address of a family. The NSEC denies that type alone: another client
        may get the other, and RFC 8198 lets resolvers answer from it."""
        if self.seal is None:
            return {4: self.nodata, 6: self.nodata}
        return {family: self.seal.without(self.nodata, name, kind) for family, kind in KINDS.items()}

    def written(self, name: bytes, draft: Draft) -> Answer:
        # Behind a wildcard stand names that share no more than its parent with it.
        anchor = parent(name) if name.startswith(WILDCARD) else name
        answer = plain(anchor, draft)
        return answer if self.seal is None else self.seal.joined(answer, anchor, draft)
