"""Which parts of the world get which sites, how far those are, and where measured latency says that another would be better.

The latency of a row is what its clients measured themselves, the median of their networks; where none did, what the vantage
near its clients uses. The two are never compared with each other: one is of a fetch, the other of a connect.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal, NamedTuple

from gslb.geo.distance import distance_km
from gslb.model import Client, Family, Location, Site
from gslb.steering.classes import ClientClass
from gslb.steering.filters import equal_ms
from gslb.steering.geometry import location_of
from gslb.steering.simulation.crowd import Crowd
from gslb.steering.simulation.outcome import latency
from gslb.steering.simulation.side import NOBODY, Side

By = Literal["region", "country", "asn"]
ROWS_MOST: Final = 500
SITES_MOST: Final = 40  # in a row
NEAREST: Final = 8  # of them that get nobody


class Measured(NamedTuple):
    """What clients of a network measured at a site."""

    family: Family
    address: int
    length: int
    site: str
    ms: float


class Reach(NamedTuple):
    """`share` is of the clients of the row; `distance_km` the mean of those that have a place."""

    site: str
    share: float
    distance_km: float | None
    latency_ms: float | None


class CoverageRow(NamedTuple):
    """`key` is a region, country or AS, "" where nobody knows. `share` is of all clients.

    `chosen` gets most of the row, `fastest_measured` has the lowest latency of those measured.
    """

    key: str
    share: float
    sites: tuple[Reach, ...]
    chosen: str | None
    fastest_measured: str | None
    disagrees: bool
    gain_ms: float | None
    measured_by: Literal["clients", "vantage"] | None
    measured_networks: int


class Coverage(NamedTuple):
    """`rows` are those with the most clients first, 500 of them at most; `clients` all that were asked about."""

    clients: int
    rows: tuple[CoverageRow, ...]


def coverage(side: Side, crowd: Crowd, by: By, measured: Iterable[Measured] = ()) -> Coverage:
    cells: dict[str, _Cell] = {}
    for family, address, length, weight in crowd:
        client, client_class, _, site = side.find(family, address, length)
        cell = cells.setdefault(_key(by, client, client_class), _Cell())
        cell.add(weight, site, location_of(client.place), client_class.vantages)
    for each in measured:
        asker = side.find(each.family, each.address, each.length)
        cell_of = cells.get(_key(by, asker.client, asker.client_class))
        if cell_of is not None and each.site in side.sites:
            cell_of.measured.setdefault(each.site, []).append(each.ms)
            cell_of.networks.add((each.family, each.address))
    whole = sum(cell.weight for cell in cells.values()) or 1.0
    ordered = sorted(cells.items(), key=lambda item: (-item[1].weight, item[0]))
    return Coverage(len(crowd), tuple(_row(side, by, key, cell, whole) for key, cell in ordered[:ROWS_MOST]))


def _key(by: By, client: Client, client_class: ClientClass) -> str:
    if by == "region":
        return client_class.home or ""
    if by == "country":
        return client.place.country or ""
    return "" if client.place.asn is None else f"AS{client.place.asn}"


@dataclass(slots=True)
class _Cell:
    weight: float = 0.0
    sites: dict[int, float] = field(default_factory=dict)
    places: dict[Location, float] = field(default_factory=dict)
    near: dict[tuple[str, ...], float] = field(default_factory=dict)
    measured: dict[str, list[float]] = field(default_factory=dict)
    networks: set[tuple[Family, int]] = field(default_factory=set)

    def add(self, weight: float, site: int, location: Location | None, near: tuple[str, ...]) -> None:
        self.weight += weight
        self.sites[site] = self.sites.get(site, 0.0) + weight
        if location is not None:
            self.places[location] = self.places.get(location, 0.0) + weight
        if near:
            self.near[near] = self.near.get(near, 0.0) + weight


def _row(side: Side, by: By, key: str, cell: _Cell, whole: float) -> CoverageRow:
    shares = {name: cell.sites.get(number, 0.0) / (cell.weight or 1.0) for name, number in side.sites.items()}
    far = {site.id: _mean_km(cell.places, site) for site in side.listed}
    latencies = _latencies(side, cell)
    named = sorted(shares, key=lambda name: (-shares[name], far[name] or 0.0, name))
    serving = [name for name in named if shares[name]]
    chosen = serving[0] if serving and shares[serving[0]] >= cell.sites.get(NOBODY, 0.0) / (cell.weight or 1.0) else None
    fastest = min(latencies, key=lambda name: (latencies[name], name), default=None)
    gain = _gain(latencies, chosen, fastest)
    return CoverageRow(
        key=key,
        share=cell.weight / whole,
        sites=tuple(Reach(name, shares[name], far[name], latencies.get(name)) for name in _shown(named, serving, far, latencies)),
        chosen=chosen,
        fastest_measured=fastest,
        disagrees=gain is not None and fastest is not None and gain + latencies[fastest] > equal_ms(latencies[fastest]),
        gain_ms=gain,
        measured_by=None if not latencies else "clients" if cell.measured else "vantage",
        measured_networks=len(cell.networks),
    )


def _gain(latencies: Mapping[str, float], chosen: str | None, fastest: str | None) -> float | None:
    if chosen is None or fastest is None or chosen not in latencies:
        return None
    return round(latencies[chosen] - latencies[fastest], 1)


def _latencies(side: Side, cell: _Cell) -> dict[str, float]:
    if cell.measured:
        return {name: round(median(values), 1) for name, values in cell.measured.items()}
    found: dict[str, float] = {}
    for site in side.listed:
        values = [(ms, weight) for near, weight in cell.near.items() if (ms := latency(side.world.latency_ms, near, site.id))]
        if values:
            found[site.id] = round(sum(ms * weight for ms, weight in values) / sum(weight for _, weight in values), 1)
    return found


def _mean_km(places: Mapping[Location, float], site: Site) -> float | None:
    whole = sum(places.values())
    if not whole:
        return None
    return float(round(sum(distance_km(place, site.location) * weight for place, weight in places.items()) / whole))


def _shown(
    named: Sequence[str], serving: Sequence[str], far: Mapping[str, float | None], latencies: Mapping[str, float]
) -> Iterator[str]:
    """Those that get somebody, those measured, and the nearest of the others."""
    nearest = sorted(named, key=lambda name: far[name] or 0.0)[:NEAREST]
    fast = sorted(latencies, key=latencies.__getitem__)
    wanted = dict.fromkeys((*serving[: SITES_MOST // 2], *fast[: SITES_MOST // 4], *nearest))
    return (name for name in named if name in wanted)
