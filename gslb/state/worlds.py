"""Building a World of what is known. Pure.

A World is made of what an answer depends on. Reasons go with it for `explain`, but are not in its digest:
two nodes whose probes failed with different words still answer alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from gslb.model import (
    RAMP_STEPS,
    Address,
    Configuration,
    Door,
    Drain,
    Edition,
    Family,
    Holding,
    HoldingKey,
    Location,
    Manifest,
    Override,
    Service,
    SetKey,
    Standing,
    StandingKey,
    State,
    World,
)
from gslb.state.canonical import digest_of
from gslb.state.targets import TargetKey


@dataclass(frozen=True, slots=True)
class Bearing:
    """How one target is used now: what of its course an answer depends on, and the reason."""

    state: State
    reason: str
    ramp: int = RAMP_STEPS
    checks: int = 1
    flapping: bool = False

    @property
    def shown(self) -> tuple[State, int, int, bool]:
        """What an answer depends on."""
        return (self.state, self.ramp, self.checks, self.flapping)


UNSEEN = Bearing(State.UNKNOWN, "no result yet")

# What a client gets of a site with several addresses: the best of them.
_PREFERENCE = (State.UP, State.UNKNOWN, State.DOWN, State.WRONG)


class Content(NamedTuple):
    """What is known of the release sets; the same `manifests` as long as they hold the same."""

    holdings: Mapping[HoldingKey, Holding]
    editions: Mapping[SetKey, Edition]
    manifests: Mapping[str, Manifest]


NO_CONTENT = Content({}, {}, {})


class Outage(NamedTuple):
    """Nobody is left through this door over this family."""

    service: str
    door: Door
    family: Family


def standings(configuration: Configuration, bearings: Mapping[TargetKey, Bearing]) -> dict[StandingKey, Standing]:
    """One for each site, service, door and family for which the site has an address."""
    by_key: dict[StandingKey, dict[Address, Bearing]] = {}
    for key, bearing in bearings.items():
        by_key.setdefault(key.standing, {})[key.address] = bearing
    limits = {service.host: most_checks(service, configuration.probes.interval_s) for service in configuration.services}
    return {key: standing(key.door, each, limits[key.service]) for key, each in by_key.items()}


def standing(door: Door, bearings: Mapping[Address, Bearing], most: int) -> Standing:
    """`addresses` are those to answer with: the best there are. Not one that is wrong."""
    state = _state(door, bearings.values())
    same = {address: bearing for address, bearing in bearings.items() if bearing.state is state}
    best = list(same.values())
    ramp = max(bearing.ramp for bearing in best)
    return Standing(
        state=state,
        reason=_reason(state, bearings),
        addresses=() if state is State.WRONG else tuple(same),
        ramp=ramp,
        checks=0 if ramp < RAMP_STEPS else min(most, _checks(state, bearings.values())),
        flapping=any(bearing.flapping for bearing in best),
    )


def most_checks(service: Service, interval_s: float) -> int:
    """More checks than this are no longer TTL, so they would make Worlds for nothing."""
    return max(1, math.ceil(service.ttl_max_s / interval_s))


def _state(door: Door, bearings: Iterable[Bearing]) -> State:
    """The best of its addresses; but a redirect does not choose among them, so one wrong is too many."""
    states = {bearing.state for bearing in bearings}
    if door is Door.HTTP and State.WRONG in states:
        return State.WRONG
    return next(state for state in _PREFERENCE if state in states)


def _checks(state: State, bearings: Iterable[Bearing]) -> int:
    """A site is lost with the last of its well addresses, and back with the first."""
    same = [bearing.checks for bearing in bearings if bearing.state is state]
    return max(same) if state is State.UP else min(same)


def _reason(state: State, bearings: Mapping[Address, Bearing]) -> str:
    said = next(bearing.reason for bearing in bearings.values() if bearing.state is state)
    apart = [f"{address} is {bearing.state}" for address, bearing in bearings.items() if bearing.state is not state]
    return f"{said}; {', '.join(apart)}" if apart else said


def outages(configuration: Configuration, found: Mapping[StandingKey, Standing], drained: Iterable[str]) -> frozenset[Outage]:
    """Where no site is left that is up or may be."""
    out = frozenset(drained)
    seen: set[Outage] = set()
    alive: set[Outage] = set()
    for key, each in found.items():
        outage = outage_of(key)
        seen.add(outage)
        if is_alive(each) and key.site not in out:
            alive.add(outage)
    return frozenset(seen - alive)


def outage_of(key: StandingKey) -> Outage:
    """The one that this site is, or would be, a part of."""
    return Outage(key.service, key.door, key.family)


def is_alive(standing: Standing) -> bool:
    """Whether it is up, or may be."""
    return standing.state in (State.UP, State.UNKNOWN)


def has_last_resort(outage: Outage, found: Mapping[StandingKey, Standing], drained: Iterable[str]) -> bool:
    """Whether failing open leaves a site: one that is neither drained nor wrong."""
    out = frozenset(drained)
    return any(
        key.site not in out and each.state is not State.WRONG
        for key, each in found.items()
        if (key.service, key.door, key.family) == outage
    )


def build(
    configuration: Configuration,
    found: Mapping[StandingKey, Standing],
    *,
    map_digest: str,
    today: date,
    ready: bool,
    drains: Mapping[str, Drain],
    latency_ms: Mapping[tuple[str, str], float],
    vantages: Mapping[str, Location],
    slow: frozenset[str],
    number: int,
    content: Content = NO_CONTENT,
    overrides: tuple[Override, ...] = (),
) -> World:
    """`map_digest` is `configuration_digest(configuration)`, which seldom changes. `overrides` are part of the configuration."""
    located = {key: value for key, value in latency_ms.items() if key[0] in vantages}
    digest = digest_of(
        map_digest,
        list(_told(found)),
        today,
        ready,
        sorted(drains),
        located,
        vantages,
        slow,
        sorted((*key, each.hold, each.generation) for key, each in content.holdings.items()),
        sorted((*key, each.served) for key, each in content.editions.items()),
    )
    return World(
        number=number,
        configuration=configuration,
        standings=dict(found),
        today=today,
        ready=ready,
        drains=dict(drains),
        latency_ms=located,
        vantages=dict(vantages),
        slow=slow,
        holdings=dict(content.holdings),
        editions=dict(content.editions),
        manifests=content.manifests,
        overrides=overrides,
        digest=digest,
    )


def _told(found: Mapping[StandingKey, Standing]) -> Iterator[tuple[object, ...]]:
    for key, each in sorted(found.items()):
        yield (*key, each.state, each.addresses, each.ramp, each.checks, each.flapping)


def configuration_digest(configuration: Configuration) -> str:
    """Of what answers depend on: nodes that differ in name, listeners and paths alone have the same."""
    return digest_of(
        configuration.sites,
        configuration.services,
        configuration.zones,
        configuration.geo,
        configuration.probes.interval_s,
    )
