"""How each site stands as seen from one view: over which family it is reached, and what its probes say."""

from __future__ import annotations

from gslb.model import Address, Family, Site, Standing, StandingKey, State, View, World
from gslb.steering.candidates import Candidate

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


def enter(view: View, site: Site) -> Candidate:
    """A site as it comes into the chain."""
    if view.tls and site.url_https is None:
        return Candidate(site.id, site.weight, "https")
    if family_of(site, view) is None:
        return Candidate(site.id, site.weight, "address")
    return Candidate(site.id, site.weight)
