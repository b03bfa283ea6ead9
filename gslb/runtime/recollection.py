"""What is worth remembering of ten seconds, as numbers: the most telling first, for there may not be room for all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gslb.model import State, World
from gslb.state.rollups import TIERS, Series

CLIENTS: Final = "gslb_http_clients_total"
SECOND_CHOICES: Final = "gslb_http_second_choices_total"
SECOND_CLIENTS: Final = "gslb_http_second_choice_clients_total"
OCTETS: Final = "gslb_through_octets_total"

Values = Iterator[tuple[Series, float]]
Latencies = Mapping[tuple[str, str], tuple[float, float, int]]  # by site and vantage: sum, largest, count


class Counted(NamedTuple):
    """Counters since the start: `flows` by (service, door, site), `doors` by (metric, label values…)."""

    flows: Mapping[tuple[str, str, str], int]
    doors: Mapping[tuple[str, ...], int]


class _Grown(NamedTuple):
    """By how much a second each has grown."""

    flows: Mapping[tuple[str, str, str], float]
    doors: Mapping[tuple[str, ...], float]


class Recollection:
    """What came since the last time. Series of no site are of all clients."""

    def __init__(self) -> None:
        self._before = Counted({}, {})
        self._before_s = 0.0
        self._latency: dict[tuple[str, str], tuple[float, float, int]] = {}

    def measured(self, site: str, vantage: str, ms: float) -> None:
        total, most, count = self._latency.get((site, vantage), (0.0, 0.0, 0))
        self._latency[site, vantage] = total + ms, max(most, ms), count + 1

    def begin(self, counted: Counted, now_s: float) -> None:
        self._before, self._before_s = _kept(counted), now_s

    def latencies(self) -> Latencies:
        """Those that came since the last time."""
        found, self._latency = self._latency, {}
        return found

    def taken(self, world: World, counted: Counted, latency: Latencies, now_s: float) -> dict[Series, float]:
        """May take a while: nothing else of this is used meanwhile but `measured`."""
        elapsed_s = max(TIERS[0].step_s, now_s - self._before_s)  # what came in a part of a slot is spread over the whole
        before, now = self._before, _kept(counted)
        grown = _Grown(
            {key: (count - before.flows.get(key, 0)) / elapsed_s for key, count in now.flows.items()},
            {key: (count - before.doors.get(key, 0)) / elapsed_s for key, count in now.doors.items()},
        )
        self._before, self._before_s = now, now_s
        sites = [site.id for site in world.configuration.sites]
        known = set(sites)
        return {
            series: value
            for values in (_sites(world, sites, grown, latency), _clients(grown, known), _details(world, grown, known))
            for series, value in values
        }


def _kept(counted: Counted) -> Counted:
    names = (CLIENTS, SECOND_CHOICES, SECOND_CLIENTS, OCTETS)
    return Counted(dict(counted.flows), {key: count for key, count in counted.doors.items() if key[0] in names})


def _sites(world: World, sites: list[str], grown: _Grown, latency: Latencies) -> Values:
    """Of each site as a whole."""
    sides, well = Counter[str](), Counter[str]()
    for key, standing in world.standings.items():
        sides[key.site] += 1
        well[key.site] += standing.state is State.UP
    requests, octets = dict.fromkeys(sites, 0.0), dict[str, float]()
    for (_, _, site), per_s in grown.flows.items():
        requests[site] = requests.get(site, 0.0) + per_s
    for (name, *labels), per_s in grown.doors.items():
        if name == OCTETS:
            octets[labels[1]] = octets.get(labels[1], 0.0) + per_s
    whole = sum(requests.values())
    for site in sites:
        if sides[site]:
            yield Series(site, "up"), well[site] / sides[site]
        yield Series(site, "requests"), requests[site]
        if whole:
            yield Series(site, "share"), requests[site] / whole
        if site in octets:
            yield Series(site, "octets"), octets[site]
    for (site, vantage), (total, most, count) in latency.items():
        yield Series(site, "latency", (vantage,)), total / count
        yield Series(site, "latency_max", (vantage,)), most


def _clients(grown: _Grown, known: set[str]) -> Values:
    """By kind and outcome, and who wants another site than the first."""
    kinds: defaultdict[tuple[str, str], float] = defaultdict(float)
    second: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (name, *labels), per_s in grown.doors.items():
        if name == CLIENTS:
            kinds[labels[1], labels[2]] += per_s
        elif name == SECOND_CHOICES and labels[1] in known:
            second[labels[1], labels[2]] += per_s
        elif name == SECOND_CLIENTS:
            yield Series("", "second", (labels[0], labels[1])), per_s
    for labels_of, per_s in kinds.items():
        yield Series("", "clients", labels_of), per_s
    for (site, how), per_s in second.items():
        yield Series(site, "second", (how,)), per_s


def _details(world: World, grown: _Grown, known: set[str]) -> Values:
    """By service, door and family."""
    whole: dict[tuple[str, str], float] = {}
    for (service, door, _), per_s in grown.flows.items():
        whole[service, door] = whole.get((service, door), 0.0) + per_s
    for (service, door, site), per_s in grown.flows.items():
        if site in known:
            yield Series(site, "requests", (service, door)), per_s
            if whole[service, door]:
                yield Series(site, "share", (service, door)), per_s / whole[service, door]
    for key, standing in world.standings.items():
        yield Series(key.site, "up", (key.service, key.door.value, str(key.family))), float(standing.state is State.UP)
