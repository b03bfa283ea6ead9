"""From a Field to the order of sites for one slot, why the first is first, and for how long that holds.

A Plan is a Field cut down to what can matter: the blocks up to the first that surely fills the answer. Many classes
have the same Plan, so the table needs one row for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gslb.model import RAMP_STEPS, Why
from gslb.steering.candidates import Block, Candidate, Field, Mode
from gslb.steering.classes import Kind
from gslb.steering.scene import Scene
from gslb.steering.slots import UNKNOWN, admitted, ideal_keys, kept, keys

Tier = tuple[Candidate, ...]  # of equals, in the order of the configuration


class Stand(NamedTuple):
    """A block with its candidates: those that are eligible, and those that may return."""

    kind: Kind
    region: str
    keep: float
    tiers: tuple[Tier, ...]


class Plan(NamedTuple):
    """`why` is the reason when nothing in the order itself gives a better one."""

    why: Why
    stands: tuple[Stand, ...]
    plain: tuple[Stand, ...] | None
    sticky: bool


class Verdict(NamedTuple):
    """Why the first choice is first, and the fewest further results that could change it."""

    why: Why
    checks: int


def plan_of(scene: Scene, field: Field, told: int | None = None) -> Plan:
    """Cut down to what the first `told` places depend on; None: all places."""
    plain = None if field.plain is None else _stands(field, _respill(field.plain, field.blocks), told)
    return Plan(_base_why(scene), _stands(field, field.blocks, told), plain, field.sticky)


def _base_why(scene: Scene) -> Why:
    if scene.mode is Mode.STARTING:
        return Why.STARTING
    if scene.mode is Mode.OPEN:
        return Why.FAIL_OPEN
    if scene.client_class.confined:
        return Why.RULE
    return Why.DEFAULT if scene.client_class.home is None else Why.NEAREST


def _respill(plain: tuple[Block, ...], blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The blocks by distance, with the shares that `spill` gave them afterwards."""
    return tuple(old._replace(keep=new.keep) for old, new in zip(plain, blocks, strict=True))


def _stands(field: Field, blocks: tuple[Block, ...], told: int | None) -> tuple[Stand, ...]:
    stands, sure = [], 0
    for block in blocks:
        tiers: list[Tier] = []
        for names in block.tiers:
            tier = tuple(c for name in names if not (c := field.candidates[name]).dropped or c.returns)
            if tier:
                tiers.append(tier)
            if block.keep >= 1.0:
                sure += sum(not c.dropped and c.ramp >= RAMP_STEPS for c in tier)
            if told is not None and sure >= told:
                break
        if tiers:
            stands.append(Stand(block.kind, block.region if block.keep < 1.0 else "", block.keep, tuple(tiers)))
        if told is not None and sure >= told:
            break
    return tuple(stands)


def order(stands: tuple[Stand, ...], slot: int, sticky: bool) -> list[Candidate]:
    """All eligible candidates, the best first."""
    return [
        candidate
        for tier in tiers_in_order(stands, slot)
        for candidate in sorted(tier, key=lambda c: keys(c.site, c.weight, c.rank, c.ramp, sticky)[slot])
    ]


def tiers_in_order(stands: tuple[Stand, ...], slot: int) -> Iterator[Tier]:
    """The eligible of each tier, in the order that spilling and slow start leave for this slot."""
    behind: list[Tier] = []
    for tier in _spilled(stands, slot):
        if any(admitted(c.site, c.ramp, slot) for c in tier):
            yield tier
            yield from behind
            behind.clear()
        else:
            behind.append(tier)  # only sites in slow start, not yet for this slot: the next tier comes first
    yield from behind


def _spilled(stands: tuple[Stand, ...], slot: int) -> Iterator[Tier]:
    behind: list[Tier] = []
    for stand in stands:
        tiers = [left for tier in stand.tiers if (left := tuple(c for c in tier if not c.dropped))]
        if not tiers:
            continue
        if kept(stand.region, stand.keep, slot):
            yield from tiers
            yield from behind
            behind.clear()
        else:
            behind += tiers
    yield from behind


def verdict(plan: Plan, slot: int, chosen: Candidate) -> Verdict:
    """What to say of `chosen`, the first in the order of this slot."""
    if plan.why in (Why.STARTING, Why.FAIL_OPEN):
        return Verdict(plan.why, 0)
    return Verdict(_why(plan, slot, chosen), _checks(plan, slot, chosen))


def _why(plan: Plan, slot: int, chosen: Candidate) -> Why:
    for stand in plan.stands:
        if any(chosen in tier for tier in stand.tiers):
            break
        if any(not c.dropped for tier in stand.tiers for c in tier) and not kept(stand.region, stand.keep, slot):
            return Why.SPILL
    if stand.kind == "rule" or plan.why is Why.RULE:
        return Why.RULE
    if plan.plain is not None and order(plan.plain, slot, plan.sticky)[0].site != chosen.site:
        return Why.FASTEST
    return plan.why


def _checks(plan: Plan, slot: int, chosen: Candidate) -> int:
    """Of the first choice, and of every site that would stand before it if it were well; 0 for one in slow start."""
    fewest = _own_checks(chosen)
    for tier in (tier for stand in plan.stands for tier in stand.tiers):
        last = chosen in tier
        for rival in tier:
            if may_rise(rival) and not (last and not before(rival, chosen, slot, plan.sticky)):
                fewest = min(fewest, _own_checks(rival))
        if last:
            break
    return fewest


def _own_checks(candidate: Candidate) -> int:
    return 0 if candidate.ramp < RAMP_STEPS and not candidate.dropped else candidate.checks


def may_rise(candidate: Candidate) -> bool:
    return bool(candidate.dropped) or candidate.rank == UNKNOWN or candidate.ramp < RAMP_STEPS


def before(rival: Candidate, chosen: Candidate, slot: int, sticky: bool) -> bool:
    """Whether it would stand before the other, its equal, if both were well."""
    mine = ideal_keys(rival.site, rival.weight, sticky)[slot]
    return mine < ideal_keys(chosen.site, chosen.weight, sticky)[slot]


def ttl_s(checks: int, interval_s: float, least_s: int, most_s: int) -> int:
    return min(most_s, max(least_s, int(interval_s * checks)))
