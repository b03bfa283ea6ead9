"""Answers drafted once and written twice: as they are, and with the signatures and proofs that DO asks for.

What a draft tells is the same in both, so the signed answer can't say anything else than the unsigned one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import AAAA, DS, NOERROR, NS, A
from gslb.dns.denial import Link, NsecChain, canonical_key, nsec
from gslb.dns.sealing import Denial, Joined, Signatures
from gslb.dns.zone import ZoneData

ADDRESSES = frozenset((A, AAAA))


class Signs(Protocol):
    """Whoever holds the keys; never in a worker."""

    def signs(self, zone_name: str) -> bool: ...

    def apex(self, zone_name: str) -> tuple[Rrset, ...]:
        """DNSKEY, CDS and CDNSKEY, with the apex as their owner."""

    def sign(self, zone_name: str, rrset: Rrset, original_ttl_s: int) -> Rrset:
        """The signatures over a set of records, which has its owner."""


class Given(NamedTuple):
    """Records as the zone has them, the name and TTL under which they are told (None: the name of the question), and
    whether they are signed: what belongs to a zone below is not (RFC 4035 section 2.2)."""

    rrset: Rrset
    name: bytes | None
    ttl_s: int
    signed: bool = True

    def told(self) -> Rrset:
        return Rrset(self.name, self.rrset.type, self.ttl_s, self.rrset.rdatas)


def given(rrset: Rrset, name: bytes | None, *, signed: bool = True) -> Given:
    return Given(rrset, name, rrset.ttl_s, signed)


@dataclass(frozen=True, slots=True)
class Draft:
    """For the signed answer alone: `sealing` stands behind the authority, and for each name in `denied` the NSEC at it,
    or the one that covers it."""

    answers: tuple[Given, ...] = ()
    authority: tuple[Given, ...] = ()
    additional: tuple[Rrset, ...] = ()
    rcode: int = NOERROR
    authoritative: bool = True
    sealing: tuple[Given, ...] = ()
    denied: tuple[bytes, ...] = ()


def plain(anchor: bytes, draft: Draft) -> Answer:
    return write(
        anchor,
        tuple(one.told() for one in draft.answers),
        tuple(one.told() for one in draft.authority),
        draft.additional,
        rcode=draft.rcode,
        authoritative=draft.authoritative,
    )


class Seal:
    """Signs the answers of one zone. `steered` are the types that steering answers, by name."""

    def __init__(self, signer: Signs, zone: str, data: ZoneData, steered: Mapping[bytes, frozenset[int]]) -> None:
        self._signer, self._zone, self._data, self._steered = signer, zone, data, steered
        self._signatures: dict[Rrset, Rrset] = {}
        self.chain = self._chain()

    def signature(self, rrset: Rrset) -> Rrset:
        known = self._signatures.get(rrset)
        if known is None:
            known = self._signatures[rrset] = self._signer.sign(self._zone, rrset, rrset.ttl_s)
        return known

    def told(self, answer: Answer, one: Given) -> Answer:
        """The answer is this one set of records, or none of its own."""
        return replace(answer, sealing=Signatures.of(self._signature_of(one))) if one.signed else answer

    def joined(self, answer: Answer, anchor: bytes, draft: Draft) -> Answer:
        sealing = Joined(
            anchor,
            self.chain,
            tuple(self._with_signatures(draft.answers)),
            tuple(self._with_signatures((*draft.authority, *draft.sealing))),
            draft.additional,
            tuple(self.chain.place(name) for name in draft.denied),
            draft.rcode,
            draft.authoritative,
        )
        return replace(answer, sealing=sealing)

    def denial(self, answer: Answer, soa: Given) -> Answer:
        """An answer that is this SOA and nothing else, for every name."""
        signed = (soa.told(), self._signature_of(soa))
        return replace(answer, sealing=Denial(self._data.apex, self.chain, signed, answer.rcode))

    def without(self, answer: Answer, name: bytes, kind: int) -> Answer:
        """The denial at a name where steering has no address of this family, for this client. Its NSEC is not that of the
        chain, which has all types that anybody may get."""
        links = self.chain.links
        place = self.chain.place(name)
        following = links[(place + 1) % len(links)][0]
        rrset = nsec(name, following, self._types(name) - {kind}, self._data.denial_ttl_s)
        if not isinstance(answer.sealing, Denial):
            return answer
        return replace(answer, secure=answer.sealing.proved([(rrset, self.signature(rrset))]), sealing=None)

    def _signature_of(self, one: Given) -> Rrset:
        return replace(self.signature(one.rrset), owner=one.name, ttl_s=one.ttl_s)

    def _with_signatures(self, section: Iterable[Given]) -> Iterator[Rrset]:
        for one in section:
            yield one.told()
            if one.signed:
                yield self._signature_of(one)

    def _chain(self) -> NsecChain:
        owners = sorted(filter(self._owns, self._data.existing), key=canonical_key)
        ttl_s = self._data.denial_ttl_s
        links: list[Link] = []
        for owner, following in zip(owners, [*owners[1:], *owners[:1]], strict=True):
            rrset = nsec(owner, following, self._types(owner), ttl_s)
            links.append((owner, rrset.rdatas[0], self.signature(rrset).rdatas))
        return NsecChain([canonical_key(owner) for owner in owners], links, ttl_s)

    def _owns(self, name: bytes) -> bool:
        """Names with records of ours have an NSEC, and delegations; what is between or below them has none (RFC 4035
        section 2.3)."""
        cut = self._data.cut(name)
        return cut == name if cut is not None else name in self._data.names or name in self._steered

    def _types(self, name: bytes) -> frozenset[int]:
        """At a delegation those alone that the parent answers for (RFC 4035 section 2.3)."""
        kinds = frozenset(self._data.names.get(name, ()))
        if self._data.cut(name) is not None:
            return kinds & {NS, DS}
        if name in self._steered:
            return kinds - ADDRESSES | self._steered[name]
        return kinds
