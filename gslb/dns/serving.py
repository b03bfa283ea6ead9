"""All that an answer is made of. A worker swaps one reference to it; a query reads that once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from gslb.dns.book import Book, Steered, write_decision
from gslb.dns.keyring import Keyring
from gslb.model import Family, Request, View, World
from gslb.steering import ClientClass, decide
from gslb.steering.locator import Located, Locator
from gslb.steering.table import Table

DecisionKey = tuple[str, ClientClass, View, int]


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


# What is remembered of a query: the answer behind its ID, the counters to add to, and for samples the type and
# how a steered answer came about.
Kept = tuple[bytes, tuple[tuple[str, ...], ...], int, Served | None]


@dataclass(frozen=True, slots=True)
class Serving:
    """`book`, `world` and `table` belong together; `locator` may go on from one World to the next.

    `kept` is by the octets of a query behind its ID, with the peer where the answer depends on it; `decided` is what
    the table does not know; `reported` are the classes that control has been told of. These end with the World.
    """

    book: Book
    world: World
    table: Table
    locator: Locator
    decisions_max: int = 65536
    keyring: Keyring = field(default_factory=Keyring)
    decided: dict[DecisionKey, Steered] = field(default_factory=dict)
    kept: dict[bytes | tuple[bytes, str], Kept] = field(default_factory=dict)
    reported: set[tuple[str, ClientClass]] = field(default_factory=set)
    _classes: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_classes", len(self.table))

    def steer(self, service: str, view: View, asker: Asker) -> Served:
        located = self.locator.find(service, *asker)
        number = located.number
        if number is not None and number < self._classes:
            steered = self.book.outcomes[self.table.number(view, number, located.slot)]
            if steered is not None:
                return Served(steered, located, asker, True)
        return Served(self._decided(service, view, located), located, asker, False)

    def _decided(self, service: str, view: View, located: Located) -> Steered:
        """What the table would say if it knew the class: the same for all of a class and slot."""
        key = (service, located.client_class, view, located.slot)
        steered = self.decided.get(key)
        if steered is None:
            decision = decide(self.world, located.client, Request(service, view), trace=False)
            configured = self.world.configuration.service(service)
            steered = write_decision(decision, configured, view, self.book.tree.nodata[service])
            if len(self.decided) >= self.decisions_max:
                self.decided.clear()
            self.decided[key] = steered
        return steered
