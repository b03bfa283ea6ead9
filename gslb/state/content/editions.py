"""Which generation of a release set is served.

The newest of which sites that are up hold enough: half of the capacity of all sites that carry the set. Once a generation is
served it is not left for an older one while a site that is up holds it in good order, or is being scanned for it: clients that
began with it may go on, and a roll-out does not go back and forth. Where none is held by enough, the one that most hold, the
newest among equals. No rule empties a pool: with no holder at all what was served stays the one that is wanted, and that is said.

A generation is as old as the earliest Last-Modified that some site told for its manifest, and no younger than our first sight
of it: a mirror with a clock in the future makes nothing new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NamedTuple

from gslb.model import ENOUGH, Site, capacities
from gslb.state.content.record import short

NO_CLOCK_BEFORE = datetime(1990, 1, 1, tzinfo=UTC)  # HTTP is younger: some servers tell 1970 of everything
GENERATIONS_KEPT = 16  # of a set, beside those that are held


@dataclass(frozen=True, slots=True)
class Generation:
    """When a generation was first seen by us, at any site, and what it says itself of its age. UTC."""

    name: str
    first: datetime
    modified: datetime | None = None

    @property
    def age(self) -> tuple[datetime, datetime, str]:
        """The greater, the newer."""
        return (min(self.modified or self.first, self.first), self.first, self.name)


def seen(known: Generation | None, name: str, modified: datetime | None, utc: datetime) -> Generation:
    """A generation after another sight of it."""
    known = known or Generation(name, utc)
    if modified is None or modified < NO_CLOCK_BEFORE or (known.modified is not None and known.modified <= modified):
        return known
    return replace(known, modified=modified)


def remembered(known: Mapping[str, Generation], wanted: Iterable[str]) -> dict[str, Generation]:
    """Those that are held or served, and the latest of the others: a mirror may show another one in every round."""
    held = frozenset(wanted)
    others = sorted((each for name, each in known.items() if name not in held), key=lambda each: each.first)
    kept = held | {each.name for each in others[-GENERATIONS_KEPT:]}
    return {name: each for name, each in known.items() if name in kept}


@dataclass(frozen=True, slots=True)
class Holders:
    """Of one set: which sites that are up and not drained hold each generation in good order; who carries the set at all;
    and which of those that are up may turn out to hold a generation, once they are scanned.
    """

    by_generation: Mapping[str, frozenset[str]]
    carrying: Sequence[Site]
    likely: Mapping[str, frozenset[str]] = field(default_factory=dict)


class Served(NamedTuple):
    """`few`: those that hold it, or are being scanned for it, are too few. `newer` is the newest generation that is held, if
    that is not the one served.
    """

    generation: str
    sites: frozenset[str]
    few: bool
    newer: str
    words: str


def choose(served: str, holders: Holders, known: Mapping[str, Generation]) -> Served:
    """What is to be served after `served` ("" if nothing was)."""
    shares = _shares(holders, holders.by_generation)
    if served in holders.likely:
        shares.setdefault(served, 0.0)
    newest_first = sorted(shares, key=lambda name: known[name].age, reverse=True)
    if served in shares:
        newest_first = newest_first[: newest_first.index(served) + 1]
    enough = [name for name in newest_first if shares[name] >= ENOUGH]
    chosen = enough[0] if enough else max(newest_first, key=lambda name: shares[name], default=served)
    newer = newest_first[0] if newest_first and newest_first[0] != chosen else ""
    sites = holders.by_generation.get(chosen, frozenset())
    soon = _shares(holders, {chosen: sites | holders.likely.get(chosen, frozenset())})
    too_few = bool(chosen) and soon.get(chosen, 0.0) < ENOUGH
    return Served(chosen, sites, too_few, newer, _words(chosen, newer, too_few, shares, holders))


def _shares(holders: Holders, by_generation: Mapping[str, frozenset[str]]) -> dict[str, float]:
    counted = capacities(holders.carrying)
    whole = sum(counted.values())
    return {
        name: sum(counted.get(site, 0.0) for site in sites) / whole if whole else 0.0
        for name, sites in by_generation.items()
        if sites
    }


def _words(chosen: str, newer: str, too_few: bool, shares: Mapping[str, float], holders: Holders) -> str:
    told = []
    if too_few:
        told.append(f"generation {short(chosen)} is served, and {_held(chosen, shares, holders)}")
    if newer:
        told.append(f"generation {short(newer)} is newer, and {_held(newer, shares, holders)}")
    return "; ".join(told)


def _held(name: str, shares: Mapping[str, float], holders: Holders) -> str:
    sites = holders.by_generation.get(name, frozenset())
    if not sites:
        return "no site that is up is known to hold it"
    return f"held by {len(sites)} of {len(holders.carrying)} sites, which have {shares[name]:.0%} of the capacity"
