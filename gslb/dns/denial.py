"""What is not there, proved: the chain of NSEC records of a zone (RFC 4034 section 4, RFC 4035 sections 2.3 and 3.1.3).

Each name with records has an NSEC that names the next one in canonical order and the types at its own. So the record at
a name, or at the last name before it, proves what is not there: a type, or every name in between. The chain is made and
signed in control; a worker finds the place of a name in it by bisection.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gslb.dns.answer import Rrset
from gslb.dns.codes import NSEC, RRSIG

Key = tuple[bytes, ...]
Signed = tuple[Rrset, Rrset]  # a set of records, and the signatures over it
Link = tuple[bytes, bytes, tuple[bytes, ...]]  # owner of an NSEC, its RDATA, and that of the signatures over it


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


@dataclass(frozen=True, slots=True, eq=False)
class NsecChain:
    """All NSEC records of a zone with their signatures, in canonical order; the apex is the first."""

    keys: Sequence[Key]
    links: Sequence[Link]
    ttl_s: int

    def place(self, name: bytes) -> int:
        """The number of the record at `name`, or else of the one that covers it."""
        return bisect_right(self.keys, canonical_key(name)) - 1

    def at(self, name: bytes) -> Signed | None:
        """The NSEC whose owner is this name."""
        place = self.place(name)
        return self.signed(place) if self.links[place][0] == name else None

    def signed(self, place: int) -> Signed:
        owner, rdata, signatures = self.links[place]
        return Rrset(owner, NSEC, self.ttl_s, (rdata,)), Rrset(owner, RRSIG, self.ttl_s, signatures)

    @property
    def records(self) -> Iterator[Signed]:
        return map(self.signed, range(len(self.links)))
