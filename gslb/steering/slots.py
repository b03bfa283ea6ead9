"""Slots and draws: the only "randomness" of steering, and it comes out the same on every node, worker and restart.

A client's network belongs to one of 1024 slots of a service. Which of several equal sites serves a slot is a
rendezvous: each site draws a number for the slot, the best one wins, so a site that leaves moves its own slots only.
Shares that change with time (slow start, spilling over) take the slots whose own draw is below the share, so they
grow and shrink without shuffling. Each purpose draws for itself: if slow start used the draw of the rendezvous, a
site would be admitted first where it loses anyway, and get all its load in the last step.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from hashlib import blake2b
from math import log

from gslb.model import ADDRESS_BITS, FINEST_PREFIX, RAMP_STEPS, SLOTS, Family

_PENALTY = 64.0  # more than -ln(u) of any u, divided by any weight: draws are multiples of 2^-54

# What ranks a site behind its equals, from the best on.
WELL, UNKNOWN, SLOW, WAITING = range(4)


def key_length(sticky: int, family: Family) -> int:
    return min(sticky, FINEST_PREFIX[family])


def slot_of(service: str, family: Family, network: int, length: int) -> int:
    """The slot of the network that `length` bits of `network` (full width) make."""
    width = ADDRESS_BITS[family]
    key = (network >> (width - length) << (width - length)).to_bytes(width // 8, "big")
    digest = blake2b(service.encode() + b"\0" + key, digest_size=8, person=b"gslb slot")
    return int.from_bytes(digest.digest(), "big") % SLOTS


def draw(purpose: str, slot: int, name: str) -> float:
    """A number in (0, 1), spread evenly over slots and names."""
    digest = blake2b(slot.to_bytes(2, "big") + name.encode(), digest_size=8, person=b"gslb " + purpose.encode())
    return ((int.from_bytes(digest.digest(), "big") >> 11) + 0.5) / 2**53


@lru_cache(maxsize=2048)
def draws(purpose: str, name: str) -> array[float]:
    return array("d", [draw(purpose, slot, name) for slot in range(SLOTS)])


def admitted(site: str, ramp: int, slot: int) -> bool:
    """Whether a site in slow start already takes this slot."""
    return ramp >= RAMP_STEPS or draws("ramp", site)[slot] < ramp / RAMP_STEPS


def kept(region: str, keep: float, slot: int) -> bool:
    """Whether a region short of capacity still serves this slot."""
    return keep >= 1.0 or draws("spill", region)[slot] < keep


@lru_cache(maxsize=4096)
def ideal_keys(site: str, weight: int, sticky: bool) -> array[float]:
    """By slot, what orders equals when all of them are well: the smallest is the best.

    It is the inverse of weight / -ln(u), so that a weight of 0 (a last resort among its like) can't divide by zero.
    """
    weight = max(weight, 1)
    if not sticky:
        return array("d", [1 / weight]) * SLOTS
    return array("d", [-log(u) / weight for u in draws("site", site)])


@lru_cache(maxsize=4096)
def keys(site: str, weight: int, rank: int, ramp: int, sticky: bool) -> array[float]:
    """By slot, what orders equals as they are now: `ideal_keys`, and behind those the sites that are not so well."""
    ideal = ideal_keys(site, weight, sticky)
    if ramp < RAMP_STEPS:
        share, ramps = ramp / RAMP_STEPS, draws("ramp", site)
        return array(
            "d",
            [key + _PENALTY * (rank if draw < share else WAITING) for key, draw in zip(ideal, ramps, strict=True)],
        )
    if rank:
        return array("d", [key + _PENALTY * rank for key in ideal])
    return ideal
