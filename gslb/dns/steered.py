"""Steered names as far as they don't depend on the World: denials, hints, and signatures over sets of addresses.

A signature covers a whole set of records. So what may be answered is signed ahead of need, set by set: every address by
itself, what one site has, and every other set while they are few. The signature's original TTL is the longest that the
service gives; an answer with a shorter one is as valid (RFC 4034 section 3.1.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import comb
from typing import Final

from gslb.dns.answer import Answer, Rrset
from gslb.dns.codes import AAAA, A
from gslb.dns.hints import Addresses, Hinted, hinted
from gslb.dns.names import wire_name
from gslb.dns.secure import Signs
from gslb.model import Address, Family, Service, Site

SETS_MAX: Final = 512  # of addresses of one family that are all signed, and of hints of one site
KINDS: Final[Mapping[Family, int]] = {4: A, 6: AAAA}

SetKey = tuple[int, Addresses]  # type of the records, and the addresses in them, sorted
Rdatas = tuple[bytes, ...]  # RDATA of the RRSIGs over such a set


@dataclass(frozen=True, slots=True)
class SteeredName:
    """`denials` by family are for clients that get no address of it. `zone` is the signed zone that it is in, if one."""

    service: Service
    denials: Mapping[Family, Answer]
    hinted: Mapping[int, Hinted]
    zone: str | None = None
    signatures: Mapping[SetKey, Rdatas] | None = None

    def rrset(self, kind: int, addresses: Addresses) -> Rrset:
        """What is signed: A, AAAA, or HTTPS and SVCB with these as hints."""
        hints = self.hinted.get(kind)
        told = addresses if hints is None else hints.told(addresses)
        return Rrset(wire_name(self.service.host), kind, self.service.ttl_max_s, told)


# The signatures over a set of addresses at a name, or None where nobody has made them.
Find = Callable[[SteeredName, int, Addresses], Rdatas | None]


def set_key(kind: int, addresses: Iterable[bytes]) -> SetKey:
    return kind, tuple(sorted(addresses))


def steered_name(
    service: Service,
    sites: Sequence[Site],
    rrsets: Mapping[int, Rrset],
    denials: Mapping[Family, Answer],
    zone: str | None,
    signer: Signs | None,
) -> SteeredName:
    """`rrsets` are those that its zone has at this name."""
    bare = SteeredName(service, denials, hinted(wire_name(service.host), rrsets))
    if zone is None or signer is None:
        return bare
    keys = dict.fromkeys(_sets_ahead(bare, sites))
    signatures = {key: signed_set(signer, zone, bare, *key) for key in keys}
    return SteeredName(service, denials, bare.hinted, zone, signatures)


def signed_set(signer: Signs, zone: str, name: SteeredName, kind: int, addresses: Addresses) -> Rdatas:
    return signer.sign(zone, name.rrset(kind, addresses), name.service.ttl_max_s).rdatas


def kinds_of(service: Service, sites: Sequence[Site]) -> frozenset[int]:
    """The types that steering can answer at all; what no site has, no client gets."""
    return frozenset(kind for family, kind in KINDS.items() if _groups(service, sites, family))


def _groups(service: Service, sites: Sequence[Site], family: Family) -> list[Addresses]:
    """The addresses of each site, and those of the fallback."""
    lists: list[Sequence[Address]] = [site.addresses_of(family) for site in sites]
    if not isinstance(service.when_all_down, str):
        lists.append([address for address in service.when_all_down if address.version == family])
    return [tuple(dict.fromkeys(address.packed for address in some)) for some in lists if some]


def _sets_ahead(name: SteeredName, sites: Sequence[Site]) -> Iterator[SetKey]:
    service = name.service
    for family, kind in KINDS.items():
        groups = _groups(service, sites, family)
        yield from (set_key(kind, some) for some in _sets(groups, service.answers))
    for kind in name.hinted:
        yield set_key(kind, ())
        for site in sites:
            pairs = product(*(((), *_sets(_groups(service, [site], family), service.answers)) for family in KINDS))
            yield from (set_key(kind, (*some, *others)) for (some, others), _ in zip(pairs, range(SETS_MAX), strict=False))


def _sets(groups: Sequence[Addresses], answers: int) -> Iterator[Addresses]:
    """Every set of so many addresses at most, or where those are too many what one group has, and each by itself."""
    every = tuple(dict.fromkeys(chain.from_iterable(groups)))
    whole = _number_of_sets(len(every), answers) <= SETS_MAX
    for some in [every] if whole else [*((address,) for address in every), *groups]:
        sizes = range(1, min(answers, len(some)) + 1)
        few = _number_of_sets(len(some), answers) <= SETS_MAX
        yield from chain.from_iterable(combinations(some, size) for size in sizes) if few else (some[:size] for size in sizes)


def _number_of_sets(addresses: int, answers: int) -> int:
    return sum(comb(addresses, size) for size in range(1, min(answers, addresses) + 1))
