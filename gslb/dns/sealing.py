"""How an answer is told to who asks for signatures: joined by a worker, on demand, of pieces that control has signed.

Most names are asked for by few, and a signed answer is several times as long as a plain one. So what goes to the workers is
the signatures and the chain of NSEC, and an answer is put together when it is first asked for, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from gslb.dns.answer import Answer, Rrset, heads, write
from gslb.dns.codes import NOERROR, NSEC
from gslb.dns.denial import NsecChain, Signed
from gslb.dns.zone import WILDCARD

KEPT_MAX: Final = 8192

Places = tuple[int, ...]  # of NSEC records in their chain


class Signatures(NamedTuple):
    """Of an answer that is one set of records at the name that was asked for: they follow it."""

    records: bytes
    number: int

    @classmethod
    def of(cls, signatures: Rrset) -> Signatures:
        """`signatures` have no owner: it is the name of the question."""
        return cls(write(b"\0", (signatures,)).body, len(signatures.rdatas))

    def places(self, name: bytes, encloser: bytes | None) -> Places:
        return ()

    def answer(self, plain: Answer, places: Places) -> Answer:
        flags, answers = int.from_bytes(plain.heads[0][:2], "big"), int.from_bytes(plain.heads[0][4:6], "big")
        head = heads(flags, answers + self.number)
        return Answer(plain.rcode, head, plain.body + self.records, plain.anchor, plain.pointers, plain.error, seal="signed")


@dataclass(frozen=True, slots=True, eq=False)
class Denial:
    """NODATA or NXDOMAIN anywhere in a zone: the SOA, and the NSEC records that prove it (RFC 4035 section 3.1.3)."""

    apex: bytes
    chain: NsecChain
    soa: Signed
    rcode: int = NOERROR

    def places(self, name: bytes, encloser: bytes | None) -> Places:
        """A name that exists has an NSEC, or the one before it tells of names below it. For one that does not there is that
        which covers it, and that of the wildcard at its closest `encloser`, or which denies that."""
        if encloser is None:
            return (self.chain.place(name),)
        return self.chain.place(name), self.chain.place(WILDCARD + encloser)

    def answer(self, plain: Answer, places: Places) -> Answer:
        return self.proved(map(self.chain.signed, dict.fromkeys(places)))

    def proved(self, proofs: Iterable[Signed], seal: str = "signed") -> Answer:
        authority = (*self.soa, *(rrset for proof in proofs for rrset in proof))
        return replace(write(self.apex, authority=authority, rcode=self.rcode), seal=seal)


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Any other answer: its sections with signatures. `proofs` are the NSEC records that belong to it whatever the name; for
    a name that does not exist there is that which covers it as well (RFC 4035 section 3.1.3.3)."""

    anchor: bytes
    chain: NsecChain
    answers: tuple[Rrset, ...]
    authority: tuple[Rrset, ...] = ()
    additional: tuple[Rrset, ...] = ()
    proofs: Places = ()
    rcode: int = NOERROR
    authoritative: bool = True

    def places(self, name: bytes, encloser: bytes | None) -> Places:
        if encloser is None or not self.authoritative:  # what is below a delegation is not ours to deny
            return self.proofs
        return (self.chain.place(name), *self.proofs)

    def answer(self, plain: Answer, places: Places) -> Answer:
        proofs = (rrset for place in dict.fromkeys(places) for rrset in self.chain.signed(place))
        authority = (*self.authority, *proofs)
        sections = (self.answers, authority, self.additional)
        return replace(write(self.anchor, *sections, rcode=self.rcode, authoritative=self.authoritative), seal="signed")


Sealing = Signatures | Denial | Joined


def signed(plain: Answer) -> Answer:
    """A steered answer for who asks for signatures, if there are any."""
    sealing = plain.sealing
    return sealing.answer(plain, ()) if isinstance(sealing, Signatures) else plain.secure or plain


def of_chain(chain: NsecChain, owner: bytes, anchor: bytes, kind: int) -> Answer | None:
    """The NSEC of a name that is asked for, or of its signatures those of the NSEC alone: as with ANY, one set of them is an
    answer and all would be a large one (RFC 8482 section 4.1). None where there is none."""
    found = chain.at(owner)
    if found is None:
        return None
    told = tuple(replace(rrset, owner=None) for rrset in found)
    told = told if kind == NSEC else told[1:]
    return replace(write(anchor, told[:1]), sealing=Joined(anchor, chain, told))


class Seals:
    """Signed answers, kept once they were joined: names are without end, the gaps between them are not."""

    __slots__ = ("_answers", "_limit")

    def __init__(self, limit: int = KEPT_MAX) -> None:
        self._answers: dict[tuple[Denial | Joined, Places], Answer] = {}
        self._limit = limit

    def find(self, plain: Answer, name: bytes, encloser: bytes | None) -> Answer:
        """`encloser` is the closest ancestor of a name that does not exist."""
        sealing = plain.sealing
        if sealing is None or isinstance(sealing, Signatures):
            return plain if sealing is None else sealing.answer(plain, ())
        key = (sealing, sealing.places(name, encloser))
        answer = self._answers.get(key)
        if answer is None:
            answer = sealing.answer(plain, key[1])
            if len(self._answers) >= self._limit:
                self._answers.clear()
            self._answers[key] = answer
        return answer

    def __len__(self) -> int:
        return len(self._answers)

    def __reduce__(self) -> tuple[type[Seals], tuple[int]]:
        return Seals, (self._limit,)
