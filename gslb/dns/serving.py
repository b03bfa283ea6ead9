"""All that an answer is made of. A worker swaps one reference to it; a query reads that once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gslb.dns.book import Book, Steered, told_of, write_hints, write_steered
from gslb.dns.codes import AAAA, A
from gslb.dns.hints import HINTED_TYPES
from gslb.dns.keyring import Keyring
from gslb.dns.zonecopy import ZoneCopy
from gslb.model import Family, Request, View, World
from gslb.steering import ClientClass, decide
from gslb.steering.flows import UNSTEERED
from gslb.steering.locator import Located, Locator
from gslb.steering.table import Outcome, Table

STEERED_TYPES: Final = frozenset((A, AAAA, *HINTED_TYPES))
DNS_VIEWS: Final = (View.DNS4, View.DNS6)

# Service, class, what is asked for (a View, or the type of records with hints), slot.
DecisionKey = tuple[str, ClientClass, int, int]


class Asker(NamedTuple):
    """Who is to be served: the network to steer by, and the resolver that asks for it, if it does."""

    family: Family
    address: int
    length: int
    resolver: tuple[Family, int] | None = None


class Served(NamedTuple):
    """A steered answer, who it is for, and whether it came from the table."""

    steered: Steered
    located: Located
    asker: Asker
    from_table: bool


@dataclass(slots=True)  # not frozen: that is a microsecond for each that is made, and a query may make one
class Kept:
    """What is remembered of a query: the answer behind its ID, and the counters to add to; for samples the type, and how a
    steered answer came about; `flow` is the number by which it is counted who was sent where.

    `brief` goes out in place of the answer to who asks too often, if anything does; `known`: whoever asks has proved to be at
    that address, and may ask as often as he likes.
    """

    tail: bytes
    counters: tuple[tuple[str, ...], ...]
    type: int = 0
    served: Served | None = None
    brief: bytes = b""
    known: bool = False
    flow: int = UNSTEERED


@dataclass(frozen=True, slots=True)
class Serving:
    """`book`, `world` and `table` belong together; `locator` may go on from one World to the next.

    `kept` is by the octets of a query behind its ID, with the peer where the answer depends on it; `cookied` the same
    for queries that end with a cookie, without the cookie and that of the answer; `decided` is what the table does not
    know; `reported` are the classes that control has been told of. These end with the World.
    """

    book: Book
    world: World
    table: Table
    locator: Locator
    decisions_max: int = 65536
    keyring: Keyring = field(default_factory=Keyring)
    copies: Mapping[bytes, ZoneCopy] = field(default_factory=dict)  # zones that may be transferred, by apex
    decided: dict[DecisionKey, Steered] = field(default_factory=dict)
    hinted: dict[tuple[int, int, int], Steered] = field(default_factory=dict)  # type, outcomes of both families
    kept: dict[bytes | tuple[bytes, str], Kept] = field(default_factory=dict)
    cookied: dict[bytes | tuple[bytes, str], Kept] = field(default_factory=dict)
    reported: set[tuple[str, ClientClass]] = field(default_factory=set)
    _classes: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_classes", len(self.table))

    def forget(self) -> None:
        """Answers are made anew from now on."""
        self.kept.clear()
        self.cookied.clear()

    def steer(self, service: str, view: View, asker: Asker) -> Served:
        located = self.locator.find(service, *asker)
        number = located.number
        if number is not None and number < self._classes:
            steered = self.book.outcomes[self.table.number(view, number, located.slot)]
            if steered is not None:
                return Served(steered, located, asker, True)
        return Served(self._decided(service, view, located), located, asker, False)

    def serve(self, service: str, kind: int, asker: Asker) -> Served | None:
        """The answer for a type of STEERED_TYPES; None where that is a static one at this name."""
        if kind == A:
            return self.steer(service, View.DNS4, asker)
        return self.steer(service, View.DNS6, asker) if kind == AAAA else self.hint(service, kind, asker)

    def hint(self, service: str, kind: int, asker: Asker) -> Served | None:
        """HTTPS and SVCB with the addresses that this client gets for A and AAAA; None if there is nothing to hint at."""
        if kind not in self.book.tree.steered[service].hinted:
            return None
        located = self.locator.find(service, *asker)
        number = located.number
        if number is None or number >= self._classes:
            return Served(self._decided(service, kind, located), located, asker, False)
        pair = [self.table.number(view, number, located.slot) for view in DNS_VIEWS]
        key = (kind, pair[0], pair[1])
        steered = self.hinted.get(key)
        if steered is None:
            steered = self._written(service, kind, [self.table.outcomes[outcome] for outcome in pair])
            if len(self.hinted) >= self.decisions_max:
                self.hinted.clear()
            self.hinted[key] = steered
        return Served(steered, located, asker, True)

    def _decided(self, service: str, what: int, located: Located) -> Steered:
        """What the table would say if it knew the class: the same for all of a class and slot."""
        key = (service, located.client_class, what, located.slot)
        steered = self.decided.get(key)
        if steered is None:
            views = DNS_VIEWS if what in HINTED_TYPES else (View(what),)
            steered = self._written(service, what, [self._outcome(service, view, located) for view in views])
            if len(self.decided) >= self.decisions_max:
                self.decided.clear()
            self.decided[key] = steered
        return steered

    def _outcome(self, service: str, view: View, located: Located) -> Outcome:
        return told_of(decide(self.world, located.client, Request(service, view), trace=False), service, view)

    def _written(self, service: str, what: int, outcomes: Sequence[Outcome]) -> Steered:
        name, find = self.book.tree.steered[service], self.book.signature
        if what in HINTED_TYPES:
            return write_hints(outcomes, name, what, find)
        return write_steered(outcomes[0], name, find)
