"""What a steered name has where nobody looks at clients or health: on a secondary.

Every site that failing open would answer, as long as operators and content checks have nothing against it. Health is not
looked at: it changes by the minute, and a secondary would not hear of it in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gslb.model import Address, Door, Family, Service, Site, StandingKey, State, World

FAMILIES: Final[tuple[Family, ...]] = (4, 6)


def open_addresses(world: World, service: Service, family: Family) -> tuple[Address, ...]:
    """Of all sites that are neither drained nor wrong, in the order of the configuration; of `when_all_down: [addresses]` those.

    Sites that serve some clients alone, hold less of the content, or are a last resort are left out while others are there.
    """
    if not isinstance(service.when_all_down, str):
        found: Iterable[Address] = service.when_all_down
    else:
        sites = [site for site in world.configuration.sites if _is_open(world, service, site, family)]
        found = (address for site in _best(service, sites) for address in site.addresses_of(family))
    return tuple(dict.fromkeys(address for address in found if address.version == family))


def _is_open(world: World, service: Service, site: Site, family: Family) -> bool:
    if site.id in world.drains or not site.addresses_of(family):
        return False
    standing = world.standings.get(StandingKey(service.host, Door.DNS, site.id, family))
    return standing is None or standing.state is not State.WRONG


def _best(service: Service, sites: Sequence[Site]) -> Sequence[Site]:
    named = {region for order in (service.regions or {}).values() for region in order}
    sites = [site for site in sites if site.region in named] if named else sites
    sites = [site for site in sites if site.only is None] or sites
    wanted = {content.name for content in service.content}
    held = {site.id: len(wanted) if site.content is None else len(wanted.intersection(site.content)) for site in sites}
    most = max(held.values(), default=0)
    sites = [site for site in sites if held[site.id] == most]
    return [site for site in sites if site.weight > 0] or sites
