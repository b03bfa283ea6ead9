"""What the filters hand on: the sites with what is known against each, and the order of blocks they stand in.

Nothing here depends on a slot. One client's decision and the table of all clients are read from the same Field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from gslb.model import RAMP_STEPS
from gslb.steering.classes import Kind
from gslb.steering.geometry import Tiers

NEVER = 1 << 30  # checks of a site whose health can't change the answer


class Mode(Enum):
    """Which sites `up` lets through."""

    NORMAL = "normal"
    STARTING = "starting"  # no probe result yet: all but those drained or wrong
    OPEN = "open"  # all are down: the same


class Candidate(NamedTuple):
    """One site. `dropped` is why it is not eligible ("" if it is), `rank` what puts it behind its equals.

    `checks` is the fewest further results that could change what it is now. `returns`: not eligible now, but a
    probe result alone could make it so.
    """

    site: str
    weight: int
    dropped: str = ""
    rank: int = 0
    ramp: int = RAMP_STEPS
    checks: int = NEVER
    returns: bool = False


class Block(NamedTuple):
    """Tiers that come before all of the next block. A region short of capacity keeps a share of its slots."""

    kind: Kind
    region: str
    tiers: Tiers
    keep: float = 1.0


@dataclass(frozen=True, slots=True)
class Field:
    """`plain` are the blocks before measured latency had its say; `notes` what a filter has to tell of all sites."""

    candidates: Mapping[str, Candidate]
    blocks: tuple[Block, ...]
    plain: tuple[Block, ...] | None = None
    sticky: bool = False
    told: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def any_eligible(self) -> bool:
        return any(not candidate.dropped for candidate in self.candidates.values())

    def eligible(self) -> list[str]:
        return [site for site, candidate in self.candidates.items() if not candidate.dropped]
