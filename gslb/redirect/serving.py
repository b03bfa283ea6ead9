"""All that an answer is made of. A worker swaps one reference to it; a request reads that once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gslb.model import ADDRESS_BITS, Choice, Decision, Request, View, Why, World
from gslb.redirect.pages import Page, Pages, write_decision
from gslb.redirect.peers import Peer
from gslb.steering import ClientClass, decide

if TYPE_CHECKING:
    from gslb.steering import Located, Locator, Table


class Wish(NamedTuple):
    """What a request asks beyond its service: the release set of its path, the N-th best, sites to leave out.

    `generations` are those of the set that will do, None any.
    """

    path: str | None = None
    content: str = ""
    nth: int = 1
    avoid: frozenset[str] = frozenset()
    generations: frozenset[str] | None = None
    pledged: str = ""


NO_WISH = Wish()


class Served(NamedTuple):
    """The answer; `new_class` if the table did not know the client's."""

    page: Page
    located: Located
    new_class: ClientClass | None = None


# Everything that a Decision depends on in one World; of a path, only its release set and which generations of it will do.
DecisionKey = tuple[str, ClientClass, int, View, str, int, frozenset[str], frozenset[str] | None]

Alike = tuple[str, View, Why, int, tuple[Choice, ...]]  # what is told of a Decision


@dataclass(frozen=True, slots=True)
class Serving:
    """`decided` is what the table does not have; `reported` are the classes that control has been told of. Both end with
    the World, and so does `linked`: the pages of the table with their links, by class, slot and view. Those are more than
    anybody should make ahead, and few are asked for. `generations` are those that sites hold, by service, view, set and site.
    """

    pages: Pages
    world: World
    table: Table
    locator: Locator
    decisions_max: int = 65536
    decided: dict[DecisionKey, Page] = field(default_factory=dict)
    reported: set[tuple[str, ClientClass]] = field(default_factory=set)
    linked: dict[tuple[int, int, View], Page] = field(default_factory=dict)
    alike: dict[Alike, Page] = field(default_factory=dict)
    generations: dict[tuple[str, View, str, str], str] = field(default_factory=dict)

    def steer(self, service: str, view: View, client: Peer, wish: Wish) -> Served:
        located = self.locator.find(service, client.family, client.address, ADDRESS_BITS[client.family])
        number = located.number
        if wish is NO_WISH and number is not None:
            page = self.linked.get((number, located.slot, view)) or self._link(service, view, located, number)
            if page is not None:
                return Served(page, located)
        page = self._decide(service, view, located, wish)
        return Served(page, located, located.client_class if number is None else None)

    def _link(self, service: str, view: View, located: Located, number: int) -> Page | None:
        """The page of the table, with its links if there are to be any."""
        page = self.pages.outcomes[self.table.number(view, number, located.slot)]
        if page is None or not page.start or not self.world.configuration.limits.links:
            return page
        decision = decide(self.world, located.client, Request(service, view), trace=False)
        if len(self.linked) >= self.decisions_max:
            self.linked.clear()
        page = self.linked[number, located.slot, view] = self._page(service, view, decision)
        return page

    def _decide(self, service: str, view: View, located: Located, wish: Wish) -> Page:
        key = (service, located.client_class, located.slot, view, wish.content, wish.nth, wish.avoid, wish.generations)
        page = self.decided.get(key)
        if page is None:
            request = Request(service, view, wish.path, wish.nth, wish.avoid, wish.pledged)
            page = self._page(service, view, decide(self.world, located.client, request, trace=False))
            if len(self.decided) >= self.decisions_max:
                self.decided.clear()
            self.decided[key] = page
        return page

    def _page(self, service: str, view: View, decision: Decision) -> Page:
        """One for all decisions that are told alike, which are many."""
        limits = self.world.configuration.limits
        alike = (service, view, decision.why, decision.ttl_s, decision.choices[: max(decision.told, limits.links)])
        page = self.alike.get(alike)
        if page is None:
            if len(self.alike) >= self.decisions_max:
                self.alike.clear()
            page = self.alike[alike] = write_decision(decision, service, view, self.pages, limits)
        return page
