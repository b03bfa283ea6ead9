"""What is tried on a World: sites off or drained, other weights, other rules, another configuration.

A simulation is of a World that has settled: as if the first round of probes were in, for a node that starts decides by geography
alone for some seconds, and nobody asks about those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from gslb.model import Configuration, Door, Drain, Family, Reweight, Site, Standing, StandingKey, State, Steer, World
from gslb.steering.overlay import overlaid

_FAMILIES: Final[tuple[Family, ...]] = (4, 6)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
OFF: Final = Standing(State.DOWN, "switched off in this simulation")
WHO: Final = "simulation"


@dataclass(frozen=True, slots=True)
class Off:
    """A site that does not answer any more."""

    site: str


@dataclass(frozen=True, slots=True)
class Out:
    """A site that an operator drains."""

    site: str


Trial = Off | Out | Reweight | Steer


def settled(world: World) -> World:
    """Without what no decision of a crowd looks at: files of release sets are for paths."""
    return replace(world, ready=True, manifests={})


def under(world: World, configuration: Configuration) -> World:
    """The same state of things under another configuration. What that brings newly is taken as well."""
    standings = {key: world.standings.get(key) or _well(site, key.family) for key, site in _keys(configuration)}
    return replace(world, configuration=configuration, standings=standings)


def tried(world: World, trials: Iterable[Trial]) -> World:
    """Of a site or service that is not there nothing is changed: who asks should have looked."""
    trials = list(trials)
    off = {trial.site for trial in trials if isinstance(trial, Off)}
    drains = {trial.site: Drain(trial.site, WHO, WHO, _NEVER) for trial in trials if isinstance(trial, Out)}
    configuration = overlaid(world.configuration, [each for each in trials if isinstance(each, Reweight | Steer)])
    standings = dict(world.standings) | {key: OFF for key, site in _keys(configuration) if site.id in off}
    return replace(world, configuration=configuration, standings=standings, drains={**drains, **world.drains})


def _keys(configuration: Configuration) -> Iterator[tuple[StandingKey, Site]]:
    for service in configuration.services:
        for door in Door:
            for site in configuration.sites:
                for family in _FAMILIES:
                    if site.addresses_of(family):
                        yield StandingKey(service.host, door, site.id, family), site


def _well(site: Site, family: Family) -> Standing:
    return Standing(State.UP, "taken as well", site.addresses_of(family))
