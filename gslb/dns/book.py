"""The book: every answer of a World in bytes. Control writes it; workers only look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gslb.dns.answer import Answer, Rrset, write
from gslb.dns.codes import AAAA, EDE_OTHER, EDE_STALE, A
from gslb.dns.edns import error_option
from gslb.dns.names import wire_name
from gslb.dns.tree import Tree, build_tree
from gslb.model import Address, Choice, Decision, Door, Service, View, Why, World
from gslb.steering.table import Outcome, Table

# What is not as it should be is said to who can hear it (RFC 8914 section 4.1: code 0 with a text).
EXPLAINED: Final[Mapping[Why, str]] = {
    Why.FAIL_OPEN: "no site is up; answering with one that may be down",
    Why.ALL_DOWN: "no site is up",
    Why.ALL_DOWN_ADDRESSES: "no site is up; answering with the configured fallback",
    Why.RESTRICTED: "no site serves this network",
}
STALE_TEXT: Final = "health of the sites has not been heard of lately"


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
    """`outcomes` are in the order of the table's; None is one of the other door."""

    world: int
    tree: Tree
    outcomes: tuple[Steered | None, ...]


def build_book(world: World, table: Table, serials: Mapping[str, int] | None = None, tree: Tree | None = None) -> Book:
    """Writes all answers. `serials` are those of the SOAs by zone; `tree`, of a book of the same
    configuration and serials, saves writing the static part again."""
    configuration = world.configuration
    if tree is None:
        tree = build_tree(configuration.zones, configuration.services, serials or {})
    services = {service.host: service for service in configuration.services}
    outcomes = tuple(_page(outcome, services[outcome.service], tree) for outcome in table.outcomes)
    return Book(world.number, tree, outcomes)


def _page(outcome: Outcome, service: Service, tree: Tree) -> Steered | None:
    if outcome.view.door is not Door.DNS or service.host not in tree.nodata:
        return None
    return write_steered(
        service,
        outcome.view,
        outcome.why,
        outcome.choices,
        outcome.addresses,
        outcome.ttl_s,
        tree.nodata[service.host],
    )


def write_decision(decision: Decision, service: Service, view: View, nodata: Answer) -> Steered:
    """The same, for a client whose class the table does not know."""
    told = decision.choices[: decision.told]
    return write_steered(service, view, decision.why, told, decision.addresses, decision.ttl_s, nodata)


def write_steered(
    service: Service,
    view: View,
    why: Why,
    told: Sequence[Choice],
    fallback: Sequence[Address],
    ttl_s: int,
    nodata: Answer,
) -> Steered:
    """Best site first, no more addresses than the service answers; none of this family: NODATA."""
    addresses = _addresses(service, view, told, fallback)
    text = EXPLAINED.get(why)
    error = b"" if text is None else error_option(EDE_OTHER, text)
    fresh = _answer(service, view, addresses, ttl_s, nodata, error)
    stale = _answer(service, view, addresses, service.ttl_min_s, nodata, error + error_option(EDE_STALE, STALE_TEXT))
    sites = tuple(choice.site for choice in told)
    counter = ("gslb_dns_steered_total", service.host, sites[0] if sites else "", why.value)
    return Steered(fresh, stale, service.host, why, sites, ttl_s, counter)


def _addresses(service: Service, view: View, told: Sequence[Choice], fallback: Sequence[Address]) -> tuple[bytes, ...]:
    chosen = [address for choice in told for address in choice.addresses] or list(fallback)
    packed = [address.packed for address in chosen if address.version == view.family]
    return tuple(dict.fromkeys(packed))[: service.answers]


def _answer(service: Service, view: View, addresses: tuple[bytes, ...], ttl_s: int, nodata: Answer, error: bytes) -> Answer:
    if not addresses:
        return replace(nodata, error=error)
    rrset = Rrset(None, A if view.family == 4 else AAAA, ttl_s, addresses)
    return write(wire_name(service.host), (rrset,), error=error)
