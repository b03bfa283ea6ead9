"""What operators have changed beside the configuration, with an end: weights of sites, and rules of services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gslb.model.configuration import Rule


@dataclass(frozen=True, slots=True)
class Reweight:
    """A site counts as if it had this weight; 0: last resort."""

    site: str
    weight: int


@dataclass(frozen=True, slots=True)
class Steer:
    """A rule of a service, before those that are configured."""

    service: str
    rule: Rule


Change = Reweight | Steer


@dataclass(frozen=True, slots=True)
class Override:
    """One change that an operator made, and what is to be known of it. `id` is a word of ours; times are UTC."""

    id: str
    change: Change
    reason: str
    who: str
    since: datetime
    until: datetime | None = None  # None: until somebody takes it back
