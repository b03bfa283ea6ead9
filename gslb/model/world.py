"""What is true now, as far as an answer depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from gslb.model.configuration import Configuration, Door
from gslb.model.content import Edition, Holding, HoldingKey, Manifest, SetKey
from gslb.model.override import Override
from gslb.model.place import Address, Family, Location

SLOTS = 1024
RAMP_STEPS = 10


class View(IntEnum):
    """From where a decision is looked at: which door, over which family, with which scheme."""

    DNS4 = 0
    DNS6 = 1
    HTTP4 = 2
    HTTP6 = 3
    HTTPS4 = 4
    HTTPS6 = 5

    @property
    def door(self) -> Door:
        return Door.DNS if self <= View.DNS6 else Door.HTTP

    @property
    def family(self) -> Family:
        return 6 if self & 1 else 4

    @property
    def tls(self) -> bool:
        return self >= View.HTTPS4


class State(StrEnum):
    UP = "up"
    UNKNOWN = "unknown"
    DOWN = "down"
    WRONG = "wrong"  # wrong content: never served, not even when everything is down


@dataclass(frozen=True, slots=True)
class Standing:
    """How one site stands over one family, for one service through one door.

    `ramp` counts the steps of slow start that are done, 10 when there is none. `checks` is the fewest further
    results that could change `state` (0 while it ramps). `addresses` are those that are well, as configured.
    """

    state: State
    reason: str
    addresses: tuple[Address, ...] = ()
    ramp: int = RAMP_STEPS
    checks: int = 1
    flapping: bool = False


class StandingKey(NamedTuple):
    service: str
    door: Door
    site: str
    family: Family


@dataclass(frozen=True, slots=True)
class Drain:
    site: str
    reason: str
    who: str
    since: datetime  # UTC
    until: datetime | None = None  # UTC; None: until somebody enables the site
    owner: str | None = None  # who does the work, where that is somebody else


@dataclass(frozen=True, slots=True)
class World:
    """All that an answer depends on, at one moment. `latency_ms` holds *used* values by (vantage, site).

    `holdings` are those of the release sets that are scanned, `editions` what is served of each, and `manifests` the files
    of every generation that some site holds, by generation.
    """

    number: int
    configuration: Configuration
    standings: Mapping[StandingKey, Standing]
    today: date  # UTC, for rules that end
    ready: bool = True  # the first round of probes is in, or a state of the last 5 minutes was found
    drains: Mapping[str, Drain] = field(default_factory=dict)
    latency_ms: Mapping[tuple[str, str], float] = field(default_factory=dict)
    vantages: Mapping[str, Location] = field(default_factory=dict)
    slow: frozenset[str] = frozenset()  # sites at 3 times their own median
    holdings: Mapping[HoldingKey, Holding] = field(default_factory=dict)
    editions: Mapping[SetKey, Edition] = field(default_factory=dict)
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()  # what of `configuration` operators have changed, for people
    digest: str = ""  # of everything but the number; nodes compare it
