"""All that an answer is made of. A worker swaps one reference to it; a query reads that once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gslb.dns.book import Book, Steered, write_decision
from gslb.model import Client, Family, Request, View, World
from gslb.steering import ClientClass, Lookup, SteeringMap, decide, locate

if TYPE_CHECKING:
    from gslb.steering import Locator, Table

DecisionKey = tuple[str, ClientClass, int, int]

# What is remembered of a query: the answer behind its ID, the counters to add to, what a sample is made of.
Note = tuple["Served", "Asker", int]
Kept = tuple[bytes, tuple[tuple[str, ...], ...], Note | None]


class Asker(NamedTuple):
    """Who is to be served: the network to steer by, and the resolver that asks for it, if it does."""

    family: Family
    address: int
    length: int
    resolver: tuple[Family, int] | None = None


class Served(NamedTuple):
    """The answer, the scope of the map, and the class if the table did not know it."""

    steered: Steered
    scope: int
    new_class: ClientClass | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """`kept` is by the octets of a query behind its ID, with the peer where the answer depends on it;
    `decided` is what the table does not know; `reported` are the classes that control has been told of. All
    end with the World."""

    book: Book
    world: World
    table: Table
    locator: Locator
    map: SteeringMap
    lookup: Lookup
    decisions_max: int = 65536
    decided: dict[DecisionKey, Steered] = field(default_factory=dict)
    kept: dict[bytes | tuple[bytes, str], Kept] = field(default_factory=dict)
    reported: set[tuple[str, ClientClass]] = field(default_factory=set)

    def steer(self, service: str, view: View, asker: Asker) -> Served:
        number, slot, scope = self.locator.find(
            service, asker.family, asker.address, asker.length, asker.resolver
        )
        if number is not None:
            steered = self.book.outcomes[self.table.number(view, number, slot)]
            if steered is not None:
                return Served(steered, scope)
        return self._decide(service, view, asker, slot, scope)

    def _decide(self, service: str, view: View, asker: Asker, slot: int, scope: int) -> Served:
        client = locate(self.lookup, asker.family, asker.address, asker.length, asker.resolver)
        client_class = self.map.classify(service, client)
        key = (service, client_class, view, slot)
        steered = self.decided.get(key)
        if steered is None:
            steered = self._write(service, view, client)
            if len(self.decided) >= self.decisions_max:
                self.decided.clear()
            self.decided[key] = steered
        return Served(steered, scope, client_class)

    def _write(self, service: str, view: View, client: Client) -> Steered:
        decision = decide(self.world, client, Request(service, view), trace=False)
        configured = self.world.configuration.service(service)
        return write_decision(decision, configured, view, self.book.tree.nodata[service])
