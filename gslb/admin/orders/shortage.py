"""What a planned drain leaves short: told when it is planned, while it can still be planned otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gslb.model import ENOUGH, Configuration, Maintenance, capacities
from gslb.state.orders import Orders


def shortages(configuration: Configuration, orders: Orders, new: Maintenance) -> list[str]:
    """In sentences. A region is short below half of its capacity: then it keeps twice what it has left of its clients."""
    region = configuration.site(new.site).region
    sites = [site for site in configuration.sites if site.region == region]
    known = capacities(sites)
    whole = sum(known.values())
    worst: tuple[float, datetime, dict[str, str]] | None = None
    for at, out in _moments(orders, new):
        left = sum(capacity for site, capacity in known.items() if site not in out)
        if whole and (worst is None or left / whole < worst[0]):
            worst = left / whole, at, {site: why for site, why in out.items() if site in known}
    if worst is None or worst[0] >= ENOUGH:
        return []
    share, at, out = worst
    others = ", ".join(f"{site} ({why})" for site, why in out.items() if site != new.site)
    with_others = f", with {others} out as well" if others else ""
    if not share:
        then = "its clients all go elsewhere"
    else:
        then = f"{1 - min(1.0, share / ENOUGH):.0%} of its clients go to the next region"
    return [f"from {at:%Y-%m-%d %H:%M} UTC region {region} has {share:.0%} of its capacity{with_others}: {then}"]


def _moments(orders: Orders, new: Maintenance) -> Iterator[tuple[datetime, dict[str, str]]]:
    """(when, which sites are out and why): capacity falls only when something begins."""
    others = [each for each in orders.maintenance if each.open and each.id != new.id]
    others = [each for each in others if each.start < new.end and new.start < each.end]
    for at in sorted({new.start, *(max(new.start, each.start) for each in others)}):
        drains = {drain.site: drain.reason for drain in orders.ordered_drains if drain.until is None or drain.until > at}
        planned = {each.site: each.reason for each in others if each.start <= at < each.end}
        yield at, drains | planned | {new.site: new.reason}
