"""Dynamic names to services: orders of regions, and rules by network and country."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gslb.config.importers.continents import CONTINENTS
from gslb.config.importers.document import flow, flow_map
from gslb.config.importers.gdnsd.checks import Monitors
from gslb.config.importers.gdnsd.fleet import NOWHERE, Fleet, Region
from gslb.config.importers.gdnsd.maps import AUTO, Choice, Coordinates, GeoMap
from gslb.config.importers.gdnsd.pools import Plan
from gslb.config.importers.gdnsd.zones import Dynamic
from gslb.config.importers.notes import Notes

MOST_ANSWERS = 16


@dataclass(frozen=True, slots=True)
class Steered:
    """A name, its plan, and the regions of its datacenters in their order."""

    host: str
    dynamic: Dynamic
    plan: Plan
    regions: Mapping[str, tuple[str, ...]]
    after: tuple[str, ...]

    def named(self, chosen: Sequence[str]) -> tuple[str, ...]:
        """The regions of these datacenters, without those that the resource does not have."""
        known = [name for name in chosen if name in self.regions]
        kept = known[1:] if self.plan.skip_first and len(known) > 1 else known
        return tuple(dict.fromkeys((*(region for name in kept for region in self.regions[name]), *self.after)))


def steered(host: str, dynamic: Dynamic, plan: Plan, fleet: Fleet) -> Steered:
    plugin, _, resource = dynamic.reference.partition("!")
    coordinates = plan.map.coordinates if plan.map else {}
    regions: dict[str, tuple[str, ...]] = {}
    for name, pools in plan.groups.items():
        name_of = f"{resource}-{name}" if plugin == "simplefo" else name
        labels = [name_of] if len(pools) == 1 else [f"{name}-{number}" for number in range(1, len(pools) + 1)]
        placed = zip(pools, labels, strict=True)
        regions[name] = tuple(fleet.region(pool, label, resource, coordinates.get(name)) for pool, label in placed)
    after = tuple(fleet.region(pool, f"after-{number}", resource, None) for number, pool in enumerate(plan.after, 1))
    return Steered(host, dynamic, plan, regions, after)


def service(one: Steered, fleet: Fleet, monitors: Monitors, notes: Notes) -> CommentedMap:
    pools = one.plan.pools()
    names = tuple(name for pool in pools for name in pool.services)
    made: dict[str, Any] = {
        "host": one.host,
        "via": flow(["dns"]),
        "ttl": flow_map({"min": f"{one.dynamic.ttl_min_s}s", "max": f"{one.dynamic.ttl_max_s}s"}),
        "answers": _answers(one, notes),
    }
    orders = _orders(one, fleet.regions())
    if orders is not None:
        listed = {region: flow(order) for region, order in orders.items()}
        made["regions"] = flow_map(listed) if len(set(orders.values())) == 1 else CommentedMap(listed)
    rules = _rules(one, notes)
    if rules:
        made["rules"] = CommentedSeq(rules)
    made["check"] = flow_map(monitors.check(names, pools[0].place))
    return CommentedMap(made)


def _answers(one: Steered, notes: Notes) -> int:
    """As many addresses as gdnsd tells, where none of another datacenter can be among them."""
    pools = one.plan.pools()
    told = max(pool.told for pool in pools)
    if len(pools) == 1:
        return min(told, MOST_ANSWERS)
    if told > 1:
        reference = one.dynamic.reference
        message = f"{reference} answers all addresses of a datacenter; here one, as more would be of the next one too"
        notes.changed(one.dynamic.place, message)
    return 1


def _orders(one: Steered, regions: Sequence[Region]) -> dict[str, tuple[str, ...]] | None:
    """By the client's home region; None where nothing but distance counts."""
    chart = one.plan.map
    if chart is None or not chart.by_distance():
        default = one.named(one.plan.order if chart is None else chart.default or ())
        everybody = default or one.named(one.plan.order)
        return {region.name: everybody for region in regions} | {"default": everybody}
    placed = [name for name in chart.datacenters if name in chart.coordinates]
    unlimited = chart.default is AUTO and (not chart.limit or chart.limit >= len(placed))
    everywhere = {region for names in one.regions.values() for region in names} == {region.name for region in regions}
    plain = everywhere and unlimited and not one.after and not one.plan.skip_first and len(placed) == len(one.regions)
    if plain and all(len(names) == 1 for names in one.regions.values()):
        return None
    somewhere = next((region.at for region in regions if region.at is not None), NOWHERE)
    found = {}
    for region in regions:
        ordered = sorted(placed, key=lambda name: -_nearness(region.at or somewhere, chart.coordinates[name]))
        found[region.name] = one.named(ordered[: chart.limit or None]) or one.named(one.plan.order)
    fallback = chart.default if chart.default is not AUTO else chart.datacenters
    return found | {"default": one.named(fallback or ()) or one.named(one.plan.order)}


def _nearness(a: Coordinates, b: Coordinates) -> float:
    """The cosine of the angle between them: it falls as the great circle grows."""
    first, second = math.radians(a.latitude), math.radians(b.latitude)
    apart = math.radians(a.longitude - b.longitude)
    return math.sin(first) * math.sin(second) + math.cos(first) * math.cos(second) * math.cos(apart)


def _rules(one: Steered, notes: Notes) -> list[CommentedMap]:
    """Networks first. Both kinds hold for one client, so only where one kind is there can it be kept to its list."""
    chart = one.plan.map
    if chart is None:
        return []
    networks = _grouped((str(network), chosen) for network, chosen in chart.nets)
    countries = _grouped((code, choice) for code, choice in _countries(chart) if choice is not AUTO)
    confined = not (networks and countries)
    every = set(one.named(one.plan.order)) | set(one.named(tuple(one.regions)))
    rules: list[CommentedMap] = []
    for kind, groups in (("network", networks), ("country", countries)):
        for chosen, members in groups.items():
            rules += _rule(one, {kind: flow(members)}, one.named(chosen), every, confined, notes)
    return rules


def _countries(chart: GeoMap) -> list[tuple[str, Choice]]:
    """Those that the order of regions does not serve as they are to be: where that is by distance, all that have a list."""
    if chart.default is AUTO or not chart.by_distance():
        return sorted(chart.countries.items())
    codes = sorted(code for members in CONTINENTS.values() for code in members)
    return [(code, chart.countries.get(code, chart.default)) for code in codes]


def _grouped(pairs: Any) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for member, chosen in pairs:
        found.setdefault(chosen, []).append(member)
    return found


def _rule(
    one: Steered, match: Mapping[str, CommentedSeq], targets: tuple[str, ...], every: set[str], confined: bool, notes: Notes
) -> list[CommentedMap]:
    place = one.dynamic.place
    if not targets:
        if confined:
            return [flow_map({"match": flow_map(match), "never": flow(sorted(every))})]
        notes.lost(place, f"{one.host}: an empty list of datacenters can't be kept where networks and countries are both mapped")
        return []
    rules = [flow_map({"match": flow_map(match), "prefer": flow(targets)})]
    if set(targets) < every:
        if confined:
            rules.append(flow_map({"match": flow_map(match), "only": flow(targets)}))
        else:
            notes.changed(place, f"{one.host}: datacenters that a network or a country does not name come last for it, not never")
    return rules
