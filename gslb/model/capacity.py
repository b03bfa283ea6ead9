"""What sites count when a share of them has to be enough."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gslb.model.configuration import Site

ENOUGH: Final = 0.5  # of the capacity: of a region, of those left before `content`, of those that carry a release set


def capacities(sites: Iterable[Site]) -> dict[str, float]:
    """What each site counts: its capacity, the mean of the others where it states none, 1 where none does."""
    told = {site.id: site.capacity for site in sites}
    stated = [value for value in told.values() if value is not None]
    mean = sum(stated) / len(stated) if stated else 1.0
    return {name: mean if value is None else float(value) for name, value in told.items()}
