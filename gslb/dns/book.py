"""The book: every answer of a World in bytes. Control writes it; workers only look up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import EDE_OTHER, EDE_STALE, RRSIG
from gslb.dns.compact import CompactDenials
from gslb.dns.edns import error_option
from gslb.dns.hints import Addresses
from gslb.dns.names import wire_name
from gslb.dns.sealing import Signatures
from gslb.dns.secure import Signs
from gslb.dns.steered import KINDS, Find, Rdatas, SetKey, SteeredName, set_key, signed_set
from gslb.dns.tree import Tree, build_tree
from gslb.model import Decision, Door, View, Why, World
from gslb.steering.table import Outcome, Table

# What is not as it should be is said to who can hear it (RFC 8914 section 4.1: code 0 with a text).
EXPLAINED: Final[Mapping[Why, str]] = {
    Why.FAIL_OPEN: "no site is up; answering with one that may be down",
    Why.ALL_DOWN: "no site is up",
    Why.ALL_DOWN_ADDRESSES: "no site is up; answering with the configured fallback",
    Why.RESTRICTED: "no site serves this network",
}
STALE_TEXT: Final = "health of the sites has not been heard of lately"
PAIRS_MAX: Final = 4096  # of addresses of both families, that hints of one World are signed for

SignedSets = Mapping[str, Mapping[SetKey, Rdatas]]  # by the host of the service


@dataclass(frozen=True, slots=True)
class Steered:
    """An answer for a steered name: while the World is fresh, and while it is stale."""

    fresh: Answer
    stale: Answer
    service: str
    why: Why
    sites: tuple[str, ...]
    ttl_s: int
    counter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """`outcomes` are in the order of the table's; None is one of the other door. `signed` are the signatures over the
    sets of this World that the tree does not have: a client of an unknown class may get the same set."""

    world: int
    tree: Tree
    outcomes: tuple[Steered | None, ...]
    signed: SignedSets = field(default_factory=dict)
    compact: CompactDenials | None = None  # where a zone denies names so

    def signature(self, name: SteeredName, kind: int, addresses: Addresses) -> Rdatas | None:
        """What a worker finds; it makes none."""
        key = set_key(kind, addresses)
        found = None if name.signatures is None else name.signatures.get(key)
        return found or self.signed.get(name.service.host, {}).get(key)


class _Signing:
    """What control finds: a set that nobody has signed is signed now."""

    def __init__(self, signer: Signs | None) -> None:
        self._signer = signer
        self.made: dict[str, dict[SetKey, Rdatas]] = {}

    def signature(self, name: SteeredName, kind: int, addresses: Addresses) -> Rdatas | None:
        key = set_key(kind, addresses)
        found = None if name.signatures is None else name.signatures.get(key)
        if found is None and name.zone is not None and self._signer is not None:
            made = self.made.setdefault(name.service.host, {})
            found = made.get(key) or made.setdefault(key, signed_set(self._signer, name.zone, name, *key))
        return found


def build_book(
    world: World,
    table: Table,
    serials: Mapping[str, int] | None = None,
    tree: Tree | None = None,
    signer: Signs | None = None,
) -> Book:
    """Writes all answers. `serials` are those of the SOAs by zone; `tree`, of a book of the same configuration, serials and
    keys, saves writing the static part again."""
    if tree is None:
        tree = build_tree(world.configuration, serials or {}, signer)
    signing = _Signing(signer)
    outcomes = tuple(_page(outcome, tree, signing.signature) for outcome in table.outcomes)
    _sign_hints(table, tree, signing)
    return Book(world.number, tree, outcomes, signing.made)


def _page(outcome: Outcome, tree: Tree, find: Find) -> Steered | None:
    name = tree.steered.get(outcome.service) if outcome.view.door is Door.DNS else None
    return None if name is None else write_steered(outcome, name, find)


def _sign_hints(table: Table, tree: Tree, signing: _Signing) -> None:
    """Over the addresses of both families as the clients of this World get them together."""
    if not any(name.hinted for name in tree.steered.values()):
        return
    for (one, other), _ in zip(_pairs(table), range(PAIRS_MAX), strict=False):
        name = tree.steered.get(one.service)
        if name is not None:
            for kind in name.hinted:
                signing.signature(name, kind, (*addresses_of(one, name), *addresses_of(other, name)))


def _pairs(table: Table) -> Iterator[tuple[Outcome, Outcome]]:
    index, rows, outcomes = table.index, table.rows, table.outcomes
    views = len(View)
    found: dict[tuple[int, int], None] = {}
    for row4, row6 in dict.fromkeys(zip(index[View.DNS4 :: views], index[View.DNS6 :: views], strict=True)):
        (picks4, numbers4), (picks6, numbers6) = rows[row4], rows[row6]
        together = set(zip(picks4, picks6, strict=True))
        found |= dict.fromkeys((numbers4[pick4], numbers6[pick6]) for pick4, pick6 in sorted(together))
    return ((outcomes[number4], outcomes[number6]) for number4, number6 in found)


def told_of(decision: Decision, service: str, view: View) -> Outcome:
    """A decision as the table would have it."""
    told = decision.choices[: decision.told]
    return Outcome(service, view, decision.why, told, decision.ttl_s, decision.addresses)


def addresses_of(outcome: Outcome, name: SteeredName) -> Addresses:
    """Best site first, no more addresses than the service answers."""
    chosen = [address for choice in outcome.choices for address in choice.addresses] or list(outcome.addresses)
    packed = [address.packed for address in chosen if address.version == outcome.view.family]
    return tuple(dict.fromkeys(packed))[: name.service.answers]


def write_steered(outcome: Outcome, name: SteeredName, find: Find) -> Steered:
    """None of this family: NODATA."""
    addresses = addresses_of(outcome, name)
    kind = KINDS[outcome.view.family]
    if addresses:
        cut = [addresses[:count] for count in range(len(addresses), 0, -1)]
        tellings = [_telling(name, kind, addresses, ttl_s, cut, find) for ttl_s in _ttls(name, outcome.ttl_s)]
    else:
        tellings = [name.denials[outcome.view.family]] * 2
    return _steered(outcome, name, tellings, outcome.ttl_s)


def write_hints(outcomes: Sequence[Outcome], name: SteeredName, kind: int, find: Find) -> Steered:
    """HTTPS or SVCB with the addresses that these outcomes, one of each family, give. Where such a set is not signed, the
    signed answer has no hints: without them a client asks for the addresses (RFC 9460 section 7.3)."""
    addresses = tuple(address for outcome in outcomes for address in addresses_of(outcome, name))
    ttl_s = min(outcome.ttl_s for outcome in outcomes)
    first = next((outcome for outcome in outcomes if outcome.choices), outcomes[0])
    cut: list[Addresses] = [addresses, ()]
    tellings = [_telling(name, kind, addresses, each, cut, find) for each in _ttls(name, ttl_s)]
    return _steered(first, name, tellings, ttl_s)


def _ttls(name: SteeredName, ttl_s: int) -> tuple[int, int]:
    return ttl_s, name.service.ttl_min_s


def _steered(outcome: Outcome, name: SteeredName, tellings: Sequence[Answer], ttl_s: int) -> Steered:
    """`tellings`: of the fresh World and of the stale one."""
    text = EXPLAINED.get(outcome.why)
    error = b"" if text is None else error_option(EDE_OTHER, text)
    fresh, stale = tellings
    sites = tuple(choice.site for choice in outcome.choices)
    host = name.service.host
    return Steered(
        _explained(fresh, error),
        _explained(stale, error + error_option(EDE_STALE, STALE_TEXT)),
        host,
        outcome.why,
        sites,
        ttl_s,
        ("gslb_dns_steered_total", host, sites[0] if sites else "", outcome.why.value),
    )


def _explained(answer: Answer, error: bytes) -> Answer:
    secure = answer.secure
    return replace(answer, error=error, secure=None if secure is None else replace(secure, error=error))


def _telling(name: SteeredName, kind: int, addresses: Addresses, ttl_s: int, smaller: Sequence[Addresses], find: Find) -> Answer:
    """`smaller` are the sets that a signed answer may have, the best first: the first that is signed is taken."""
    host = wire_name(name.service.host)
    answer = write(host, (_told(name, kind, addresses, ttl_s),))
    if name.zone is None:
        return answer
    for some in smaller:
        signatures = find(name, kind, some)
        if signatures is not None:
            rrset = Rrset(None, RRSIG, ttl_s, signatures)
            if some == addresses:
                return replace(answer, sealing=Signatures.of(rrset))
            return replace(answer, secure=replace(write(host, (_told(name, kind, some, ttl_s), rrset)), seal="reduced"))
    return answer


def _told(name: SteeredName, kind: int, addresses: Addresses, ttl_s: int) -> Rrset:
    return replace(name.rrset(kind, addresses), owner=None, ttl_s=ttl_s)
