"""How each site stands as seen from one view: over which family it is reached, and what its probes say."""

from __future__ import annotations

from gslb.model import (
    Address,
    Choice,
    ContentSet,
    Family,
    Hold,
    HoldingKey,
    Service,
    Site,
    Standing,
    StandingKey,
    State,
    View,
    World,
)
from gslb.steering.candidates import Candidate, Mode
from gslb.steering.holding import Held, Need, held_by
from gslb.steering.slots import SLOW, UNKNOWN, WELL

NO_RESULT = Standing(State.UNKNOWN, "no probe result yet")


def family_of(site: Site, view: View) -> Family | None:
    """The family over which this view uses the site; None if it can't.

    DNS answers addresses of the family that was asked for. Over HTTP the client looks the site's name up by itself, so
    the other family will do.
    """
    mine: Family = view.family
    if site.addresses_of(mine):
        return mine
    other: Family = 4 if mine == 6 else 6
    return other if view >= View.HTTP4 and site.addresses_of(other) else None


def standing_of(world: World, service: str, view: View, site: Site) -> Standing:
    family = family_of(site, view) or view.family
    return world.standings.get(StandingKey(service, view.door, site.id, family), NO_RESULT)


def addresses_of(world: World, service: str, view: View, site: Site) -> tuple[Address, ...]:
    """The addresses to tell: those that are well, or all when none is (or none is known to be)."""
    family = family_of(site, view)
    if family is None:
        return ()
    return standing_of(world, service, view, site).addresses or site.addresses_of(family)


def generation_at(world: World, service: str, view: View, site: Site, content: str) -> str:
    """Which generation of a set this view finds at a site; "" where none is known, or where a file is not as it says.

    A site that is still looked at, or that nobody could look at lately, counts with what it had last.
    """
    holding = world.holdings.get(HoldingKey(service, content, view.door, site.id, family_of(site, view) or view.family))
    return holding.generation if holding is not None and holding.hold in (Hold.GOOD, Hold.UNKNOWN) else ""


class Standings:
    """How all sites stand in one view of one service: worked out once, whatever the client."""

    def __init__(self, world: World, service: Service, view: View) -> None:
        self.world = world
        self.service = service
        self.view = view
        self.sites = {site.id: site for site in world.configuration.sites}
        self._choices: dict[str, Choice] = {}
        self._entered: dict[str, Candidate] = {}
        self._stood: dict[tuple[str, Mode], Candidate] = {}

    def choice(self, name: str) -> Choice:
        known = self._choices.get(name)
        if known is None:
            addresses = addresses_of(self.world, self.service.host, self.view, self.sites[name])
            known = self._choices[name] = Choice(name, addresses)
        return known

    def entered(self, name: str) -> Candidate:
        """A site as it comes into the chain: can this view use it at all?"""
        candidate = self._entered.get(name)
        if candidate is None:
            site = self.sites[name]
            no_https = self.view.tls and site.url_https is None
            dropped = "https" if no_https else "" if family_of(site, self.view) else "address"
            candidate = self._entered[name] = Candidate(name, site.weight, dropped)
        return candidate

    def stood(self, name: str, mode: Mode) -> Candidate:
        """A site with what its probes and its operators say of it."""
        candidate = self._stood.get((name, mode))
        if candidate is None:
            candidate = self.entered(name)
            candidate = candidate if candidate.dropped else self._judged(candidate, mode)
            self._stood[name, mode] = candidate
        return candidate

    def held(self, name: str, content: ContentSet, need: Need) -> Held:
        """How a site holds one of the sets that are needed, as this view sees it."""
        site = self.sites[name]
        family = family_of(site, self.view) or self.view.family
        return held_by(self.world, self.service, self.view, family, site, content, need)

    def _judged(self, candidate: Candidate, mode: Mode) -> Candidate:
        if candidate.site in self.world.drains:
            return candidate._replace(dropped="drained")
        standing = standing_of(self.world, self.service.host, self.view, self.sites[candidate.site])
        if standing.state is State.WRONG:
            return candidate._replace(dropped="wrong", checks=standing.checks, returns=True)
        if mode is not Mode.NORMAL:
            return candidate
        if standing.state is State.DOWN:
            return candidate._replace(dropped="down", checks=standing.checks, returns=True)
        unknown = UNKNOWN if standing.state is State.UNKNOWN else WELL
        rank = SLOW if candidate.site in self.world.slow else unknown
        return candidate._replace(rank=rank, ramp=standing.ramp, checks=standing.checks)
