"""What a simulation found, before and after side by side: shares, load, distances, latencies, and who moves.

All of it comes out of a Tally. Percentiles are of clients by their weight: half of them are within `p50`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gslb.geo.distance import distance_km
from gslb.model import Location, Site, View, World
from gslb.steering.simulation.side import NOBODY
from gslb.steering.simulation.tally import Tally

MOST_MOVES: Final = 100


class Spread(NamedTuple):
    p50: float
    p95: float
    p99: float


class SiteSide(NamedTuple):
    """`load` is what the site carries of its capacity; None where it has none, or where the whole load is not given."""

    share: float
    load: float | None
    overloaded: bool
    distance_km: Spread | None
    latency_ms: Spread | None


class SiteRow(NamedTuple):
    site: str
    region: str
    capacity: int | None
    before: SiteSide
    after: SiteSide


class Whole(NamedTuple):
    """Of all clients. `fits_mbit_s` is the largest whole load under which no site is overloaded; None without capacities."""

    distance_km: Spread | None
    latency_ms: Spread | None
    fits_mbit_s: float | None


class Move(NamedTuple):
    """None is no site."""

    source: str | None
    target: str | None
    share: float


class RegionRow(NamedTuple):
    region: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """`none` are the shares of clients without a site; `moves` at most 100, the biggest first."""

    world: int
    service: str
    view: View
    clients: int
    load_mbit_s: float | None
    sites: tuple[SiteRow, ...]
    none: tuple[float, float]
    total: tuple[Whole, Whole]
    regions: tuple[RegionRow, ...]
    moved: float
    moves: tuple[Move, ...]
    decisions: int


def numbers_of(before: World, after: World) -> dict[str, int]:
    """By site of either side, the number by which a tally calls it."""
    names = dict.fromkeys(site.id for world in (before, after) for site in world.configuration.sites)
    return {name: number for number, name in enumerate(names)}


def outcome(before: World, after: World, host: str, view: View, counted: Tally, load_mbit_s: float | None = None) -> Outcome:
    names: list[str | None] = [*numbers_of(before, after)]
    whole = sum(counted.weights.values()) or 1.0
    sides = [_Ledger(world, names, load_mbit_s, whole) for world in (before, after)]
    moves: dict[tuple[int, int], float] = {}
    for kind, weight in counted.weights.items():
        sides[0].add(kind.before, kind.location, kind.near, weight)
        sides[1].add(kind.after, kind.location, kind.near, weight)
        if kind.before != kind.after:
            moves[kind.before, kind.after] = moves.get((kind.before, kind.after), 0.0) + weight
    names.append(None)  # which NOBODY, the last one, is the number of
    ordered = sorted(moves.items(), key=lambda item: (-item[1], item[0]))
    return Outcome(
        world=after.number,
        service=host,
        view=view,
        clients=counted.clients,
        load_mbit_s=load_mbit_s,
        sites=tuple(_row(number, name, sides) for number, name in enumerate(names) if name is not None),
        none=(sides[0].share(NOBODY), sides[1].share(NOBODY)),
        total=(sides[0].whole(), sides[1].whole()),
        regions=tuple(_regions(sides)),
        moved=sum(moves.values()) / whole,
        moves=tuple(Move(names[a], names[b], weight / whole) for (a, b), weight in ordered[:MOST_MOVES]),
        decisions=counted.decisions,
    )


@dataclass(slots=True)
class _Measure:
    """Of some clients: how many kilometres and milliseconds they are away, by weight."""

    weight: float = 0.0
    km: dict[float, float] = field(default_factory=dict)
    ms: dict[float, float] = field(default_factory=dict)

    def add(self, weight: float, km: float | None, ms: float | None) -> None:
        self.weight += weight
        if km is not None:
            self.km[km] = self.km.get(km, 0.0) + weight
        if ms is not None:
            self.ms[ms] = self.ms.get(ms, 0.0) + weight


class _Ledger:
    """One side."""

    def __init__(self, world: World, names: Sequence[str | None], load_mbit_s: float | None, whole: float) -> None:
        self.sites = {site.id: site for site in world.configuration.sites}
        self._latency = world.latency_ms
        self._listed = [self.sites.get(name or "") for name in names]
        self._load, self._all = load_mbit_s, whole
        self._measures: dict[int, _Measure] = {}
        self._total = _Measure()
        self._far: dict[tuple[Location, int], float] = {}

    def add(self, number: int, location: Location | None, near: tuple[str, ...], weight: float) -> None:
        site = None if number == NOBODY else self._listed[number]
        km = None if site is None or location is None else self._distance(location, number, site)
        ms = None if site is None else latency(self._latency, near, site.id)
        self._measures.setdefault(number, _Measure()).add(weight, km, ms)
        self._total.add(weight, km, ms)

    def share(self, number: int) -> float:
        found = self._measures.get(number)
        return 0.0 if found is None else found.weight / self._all

    def side(self, number: int) -> SiteSide:
        site, share = self._listed[number], self.share(number)
        measure = self._measures.get(number) or _Measure()
        load = None if self._load is None or site is None or not site.capacity else share * self._load / site.capacity
        return SiteSide(share, load, load is not None and load > 1.0, spread(measure.km), spread(measure.ms))

    def whole(self) -> Whole:
        room = [
            site.capacity / share
            for number, site in enumerate(self._listed)
            if site is not None and site.capacity and (share := self.share(number))
        ]
        return Whole(spread(self._total.km), spread(self._total.ms), min(room, default=None))

    def regions(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for number, site in enumerate(self._listed):
            if site is not None:
                found[site.region] = found.get(site.region, 0.0) + self.share(number)
        return found

    def _distance(self, location: Location, number: int, site: Site) -> float:
        known = self._far.get((location, number))
        if known is None:
            known = self._far[location, number] = float(round(distance_km(location, site.location)))
        return known


def latency(known: Mapping[tuple[str, str], float], near: Iterable[str], site: str) -> float | None:
    """What the nearest of these vantages that measures the site has for it."""
    return next((round(known[name, site], 1) for name in near if (name, site) in known), None)


def spread(values: Mapping[float, float]) -> Spread | None:
    """Weighted: the smallest value that this part of the weight does not exceed."""
    if not values:
        return None
    total = sum(values.values())
    found, reached, wanted = [], 0.0, [0.5, 0.95, 0.99]
    for value in sorted(values):
        reached += values[value]
        while wanted and reached >= wanted[0] * total * (1 - 1e-12):
            found.append(value)
            wanted.pop(0)
    found += [max(values)] * len(wanted)
    return Spread(*found)


def _row(number: int, name: str, sides: Sequence[_Ledger]) -> SiteRow:
    site = sides[1].sites.get(name) or sides[0].sites[name]
    return SiteRow(name, site.region, site.capacity, sides[0].side(number), sides[1].side(number))


def _regions(sides: Sequence[_Ledger]) -> Iterable[RegionRow]:
    before, after = (side.regions() for side in sides)
    for region in dict.fromkeys((*before, *after)):
        yield RegionRow(region, before.get(region, 0.0), after.get(region, 0.0))
