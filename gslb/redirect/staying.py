"""A client stays at the generation of a release set with which it began: what of a World that takes to know."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gslb.model import ADDRESS_BITS, ContentSet, SetKey, Site, State, View, World, named_by_content
from gslb.model.counting import Counters, add
from gslb.redirect.peers import Peer
from gslb.redirect.pledges import OCTETS, Pledges, words_for
from gslb.steering.holding import generations_of, served_generation
from gslb.steering.slots import key_length
from gslb.steering.standings import generation_at, standing_of

if TYPE_CHECKING:
    from gslb.redirect.serving import Serving

_OUT = frozenset((State.DOWN, State.WRONG))


class Staying:
    """`pledges` is what all workers share; without it, a table of our own, made when it is needed first."""

    def __init__(self, counters: Counters, clock: Callable[[], float], pledges: Pledges | None = None) -> None:
        self.pledges = pledges
        self._counters = counters
        self._clock = clock
        self._world: World | None = None
        self._reachable: dict[tuple[SetKey, View], frozenset[str]] = {}

    def at(self, serving: Serving, key: SetKey, content: ContentSet, name: str, view: View, peer: Peer) -> str:
        """The generation that this client gets a file of a set from, `name` relative to its prefix; "" if any will do."""
        served = served_generation(serving.world, key) if content.scanned else ""
        if not served:
            return ""
        limits = serving.world.configuration.limits
        if self.pledges is None:
            self.pledges = Pledges(array("Q", bytes(OCTETS * words_for(limits.pledged_clients))))
        network, now_s = _network(serving, key, peer), self._clock()
        if named_by_content(name):
            self.pledges.touch(network, now_s, limits.pledge_s)
            return ""
        stay = self.pledges.stay(network, served, self._within_reach(serving, key, view), now_s, limits.pledge_s)
        for event in stay.events:
            add(self._counters, "gslb_http_pledges_total", key.service, event.value)
        return stay.generation

    def _within_reach(self, serving: Serving, key: SetKey, view: View) -> frozenset[str]:
        """The generations that a client of this view can get, as far as that does not depend on who it is."""
        world = serving.world
        if world is not self._world:
            self._world, self._reachable = world, {}
        found = self._reachable.get((key, view))
        if found is None:
            found = self._reachable[key, view] = within_reach(world, serving.pages.sites.values(), key, view)
        return found


def within_reach(world: World, sites: Iterable[Site], key: SetKey, view: View) -> frozenset[str]:
    """Those that some site holds in good order which is not down, drained or spoilt. Where nobody is up: all that are held."""
    up = set[str]()
    for site in sites:
        generation = generation_at(world, key.service, view, site, key.content)
        if generation and site.id not in world.drains and standing_of(world, key.service, view, site).state not in _OUT:
            up.add(generation)
    return frozenset(up) or generations_of(world).held(key)


def _network(serving: Serving, key: SetKey, peer: Peer) -> bytes:
    """The network that sticks together, as the slot has it, and the set."""
    client = serving.locator.find(key.service, peer.family, peer.address, ADDRESS_BITS[peer.family]).client
    service = serving.world.configuration.service(key.service)
    width = ADDRESS_BITS[client.family]
    cut = width - key_length(service.sticky(client.family), client.family)
    return b"\0".join(((client.network >> cut << cut).to_bytes(width // 8, "big"), key.service.encode(), key.content.encode()))
