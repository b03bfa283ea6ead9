"""What an incident costs clients.

With stickiness by rendezvous hashing a site that leaves moves its own clients and nobody else. So the clients that an
incident sends elsewhere are those that its sites would have if all were well: a share for each site, made once for a
configuration, is enough to tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gslb.model import Configuration, State, World, capacities
from gslb.state.incidents.incident import Impact

Shares = Mapping[str, float]
"""By site: which share of all clients it has while everything is well."""


def shares_by_capacity(configuration: Configuration) -> dict[str, float]:
    """As good a guess as there is before any client was seen: by capacity, and nobody for sites of last resort."""
    counted = capacities(configuration.sites)
    wanted = {site.id: counted[site.id] * (site.weight > 0) for site in configuration.sites}
    total = sum(wanted.values()) or 1.0
    return {site: each / total for site, each in wanted.items()}


def well_shares(world: World) -> dict[str, float]:
    """By site: over which share of its services, doors and families it is of use; a drained one over none."""
    sides: dict[str, list[bool]] = {site.id: [] for site in world.configuration.sites}
    for key, standing in world.standings.items():
        if key.site in sides:
            sides[key.site].append(standing.state in (State.UP, State.UNKNOWN) and key.site not in world.drains)
    return {site: sum(each) / len(each) if each else float(site not in world.drains) for site, each in sides.items()}


def impact_of(
    sites: Iterable[str], regions: Iterable[str], well: Mapping[str, float], shares: Shares, configuration: Configuration,
    total_per_s: float | None = None,
) -> Impact:  # fmt: skip
    """Of an incident of these sites; `well` is as `well_shares` gives it, `total_per_s` the answers a second of all sites."""
    degraded = sum(shares.get(site, 0.0) * (1.0 - well.get(site, 1.0)) for site in dict.fromkeys(sites))
    degraded = min(1.0, max(0.0, degraded))
    left = capacity_left(well, configuration)
    touched = {region: left[region] for region in regions if region in left}
    short = {region: share for region, share in left.items() if share < 1.0}
    return Impact(
        share_degraded=round(degraded, 4),
        clients_per_s=None if total_per_s is None else round(total_per_s * degraded, 3),
        capacity_left={region: round(share, 4) for region, share in (touched | short).items()},
    )


def capacity_left(well: Mapping[str, float], configuration: Configuration) -> dict[str, float]:
    counted = capacities(configuration.sites)
    whole: dict[str, float] = {}
    left: dict[str, float] = {}
    for site in configuration.sites:
        whole[site.region] = whole.get(site.region, 0.0) + counted[site.id]
        left[site.region] = left.get(site.region, 0.0) + counted[site.id] * well.get(site.id, 1.0)
    return {region: left[region] / whole[region] if whole[region] else 1.0 for region in whole}
