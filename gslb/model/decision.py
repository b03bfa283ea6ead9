"""Who asks, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gslb.model.place import Address, Family, Place
from gslb.model.world import View


@dataclass(frozen=True, slots=True)
class Client:
    """A client as both doors see it: its network cut to the unit of steering, and where that is.

    `network` holds the bits left-aligned in an address of `family`; `length` is 24 or 56, or less for a shorter
    client subnet. `place_prefix` is the length of the widest known prefix around it with this one place.
    `offset` is what an embedding (NAT64 96, 6to4 16) adds to a prefix length. `special` is the length of the
    private, shared, loopback or link-local block it was placed for by its resolver.
    """

    family: Family
    network: int
    length: int
    place: Place
    place_prefix: int
    offset: int = 0
    special: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    service: str
    view: View
    path: str | None = None  # decoded; DNS sees none
    nth: int = 1  # /@N/
    avoid: frozenset[str] = frozenset()
    pledged: str = ""  # the generation of the path's release set that this client has begun with


class Why(StrEnum):
    """The reason code of a Decision: what made the first choice first, or why there is none."""

    NEAREST = "nearest"
    FASTEST = "fastest"
    RULE = "rule"
    SPILL = "spill"
    DEFAULT = "default"  # nobody knows where the client is
    FAIL_OPEN = "fail-open"
    STARTING = "starting"  # no probe result yet: geography alone
    ALL_DOWN = "all-down"  # closed, or only drained and wrong sites are left: no site
    ALL_DOWN_ADDRESSES = "all-down-addresses"
    NO_ADDRESS = "no-address"  # no site of this service has an address of this family, or https
    RESTRICTED = "restricted"  # rules or `only` leave this client no site


@dataclass(frozen=True, slots=True)
class SiteTrace:
    """Why one site was kept (`rank` from 1) or dropped (`rank` None), by which filter, in words."""

    site: str
    rank: int | None
    filter: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A site as it is told to the client; `addresses` are those to answer, of the view's family."""

    site: str
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The whole answer. `choices` are all eligible sites in order; `told` how many of them the door tells."""

    why: Why
    choices: tuple[Choice, ...]
    told: int
    ttl_s: int
    scope: int
    world: int
    addresses: tuple[Address, ...] = ()  # of `when_all_down: [addresses]`
    trace: tuple[SiteTrace, ...] = ()
