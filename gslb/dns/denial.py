"""What is not there, proved: the chain of NSEC records of a zone (RFC 4034 section 4, RFC 4035 sections 2.3 and 3.1.3).

Each name with records has an NSEC that names the next one in canonical order and the types at its own. So the record at
a name, or at the last name before it, proves what is not there: a type, or every name in between. The chain is made and
signed in control; a worker finds the place of a name in it by bisection and joins what was prepared.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import NSEC, RRSIG

Key = tuple[bytes, ...]
Signed = tuple[Rrset, Rrset]  # a set of records, and the signatures over it


def canonical_key(name: bytes) -> Key:
    """Sorts as RFC 4034 section 6.1 wants: by labels from the right, each as octets. `name` is in lower case."""
    labels = []
    at = 0
    while length := name[at]:
        end = at + 1 + length
        labels.append(name[at + 1 : end])
        at = end
    labels.reverse()
    return tuple(labels)


def type_bitmap(kinds: Iterable[int]) -> bytes:
    """RFC 4034 section 4.1.2: windows of 256 types, each without its trailing zeros."""
    windows: dict[int, bytearray] = {}
    for kind in sorted(set(kinds)):
        bits = windows.setdefault(kind >> 8, bytearray())
        octet = (kind & 0xFF) >> 3
        bits.extend(bytes(octet + 1 - len(bits)))
        bits[octet] |= 0x80 >> (kind & 7)
    return b"".join(bytes((window, len(bits))) + bits for window, bits in windows.items())


def nsec(owner: bytes, following: bytes, kinds: Iterable[int], ttl_s: int) -> Rrset:
    """The types of the NSEC itself and of its signature are always among those there are (RFC 4034 section 4.1.2)."""
    return Rrset(owner, NSEC, ttl_s, (following + type_bitmap((*kinds, NSEC, RRSIG)),))


@dataclass(frozen=True, slots=True)
class NsecChain:
    """All NSEC records of a zone with their signatures, in canonical order; the apex is the first."""

    keys: Sequence[Key]
    records: Sequence[Signed]

    def place(self, name: bytes) -> int:
        """The number of the record at `name`, or else of the one that covers it."""
        return bisect_right(self.keys, canonical_key(name)) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """A signed answer to names that don't exist, complete but for the NSEC that covers the name asked for.

    `proofs` are the numbers of those that belong to it whatever the name.
    """

    anchor: bytes
    chain: NsecChain
    answers: tuple[Rrset, ...]
    authority: tuple[Rrset, ...]
    additional: tuple[Rrset, ...]
    proofs: tuple[int, ...]
    rcode: int
    authoritative: bool

    def closed(self, place: int) -> Answer:
        """For the names that the record at this place covers."""
        return self._with((place, *self.proofs))

    def exact(self) -> Answer:
        """For the one name that does exist: that of the wildcard itself, or any that this was made for."""
        return self._with(self.proofs)

    def _with(self, places: Iterable[int]) -> Answer:
        proofs = (rrset for place in dict.fromkeys(places) for rrset in self.chain.records[place])
        answer = write(
            self.anchor,
            self.answers,
            (*self.authority, *proofs),
            self.additional,
            rcode=self.rcode,
            authoritative=self.authoritative,
        )
        return replace(answer, seal="signed")


class Closed:
    """Answers that were closed, kept: names are without end, the gaps between them are not."""

    __slots__ = ("_answers", "_limit")

    def __init__(self, limit: int = 8192) -> None:
        self._answers: dict[tuple[Open, int], Answer] = {}
        self._limit = limit

    def find(self, opened: Open, name: bytes) -> Answer:
        key = (opened, opened.chain.place(name))
        answer = self._answers.get(key)
        if answer is None:
            answer = opened.closed(key[1])
            if len(self._answers) >= self._limit:
                self._answers.clear()
            self._answers[key] = answer
        return answer

    def __len__(self) -> int:
        return len(self._answers)

    def __reduce__(self) -> tuple[type[Closed], tuple[int]]:
        return Closed, (self._limit,)
