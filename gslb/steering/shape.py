"""A Plan worked out for all 1024 slots at once.

It gives what `arrange` gives slot by slot. What is different from slot to slot is little: which regions spill it, which
sites in slow start have it already, which of the equals wins it, and who of those not well would win it. Slots that
are alike in the first two go through one order of tiers; the winners come out of columns of keys.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gslb.model import RAMP_STEPS, SLOTS, Why
from gslb.steering.arrange import Plan, Stand, Tier, may_rise, order, tiers_in_order, verdict
from gslb.steering.candidates import Candidate
from gslb.steering.slots import draws, ideal_keys, keys

Told = tuple[Candidate, ...]


class Result(NamedTuple):
    """What some slots get: the sites that are told, why the first, and for how many results that surely holds."""

    why: Why
    sites: tuple[str, ...]
    checks: int


class Shape(NamedTuple):
    """`picks` gives the number of its result for each slot."""

    picks: Sequence[int]
    results: tuple[Result, ...]


def shape_of(plan: Plan, told: int) -> Shape:
    picks = array("H", bytes(2 * SLOTS))
    results: dict[Result, int] = {}
    for slots in _alike(plan):
        known: dict[object, int] = {}
        for slot, (mark, sites) in zip(slots, _outcomes(plan, told, slots), strict=True):
            number = known.get(mark)
            if number is None:
                why, checks = verdict(plan, slot, sites[0])
                result = Result(why, tuple(candidate.site for candidate in sites), checks)
                number = known[mark] = results.setdefault(result, len(results))
            picks[slot] = number
    return Shape(bytes(picks.tolist()) if len(results) <= 256 else picks, tuple(results))


def _alike(plan: Plan) -> Iterable[Sequence[int]]:
    """The slots in groups for which the order of tiers is the same."""
    stands = (*plan.stands, *(plan.plain or ()))
    shares = {("spill", stand.region, stand.keep) for stand in stands if stand.keep < 1.0}
    shares |= {
        ("ramp", candidate.site, candidate.ramp / RAMP_STEPS)
        for stand in stands
        for tier in stand.tiers
        for candidate in tier
        if candidate.ramp < RAMP_STEPS
    }
    if not shares:
        return (range(SLOTS),)
    flags = [[draw < share for draw in draws(purpose, name)] for purpose, name, share in sorted(shares)]
    groups: dict[tuple[bool, ...], list[int]] = {}
    for slot, flag in enumerate(zip(*flags, strict=True)):
        groups.setdefault(flag, []).append(slot)
    return groups.values()


def _outcomes(plan: Plan, told: int, slots: Sequence[int]) -> Iterator[tuple[object, Told]]:
    """By slot, a mark that is the same where the verdict is, and the sites to tell."""
    tier, firsts = _winners(plan.stands, plan.sticky, slots)
    rivals = _rivals(plan, tier, firsts, slots)
    plains = firsts if plan.plain is None else _plain_winners(plan.plain, plan.sticky, slots)
    if told == 1:
        singles: list[Told] = [(candidate,) for candidate in tier]
        return zip(zip(firsts, rivals, plains, strict=True), [singles[first] for first in firsts], strict=True)
    tops: list[Told] = [tuple(order(plan.stands, slot, plan.sticky)[:told]) for slot in slots]
    return zip(zip(tops, rivals, plains, strict=True), tops, strict=True)


def _winners(stands: tuple[Stand, ...], sticky: bool, slots: Sequence[int]) -> tuple[Tier, list[int]]:
    """The tier that comes first for all of these slots, and by slot the index of the candidate that wins it."""
    tier = next(tiers_in_order(stands, slots[0]))
    if len(tier) == 1:
        return tier, [0] * len(slots)
    columns = [_of(keys(c.site, c.weight, c.rank, c.ramp, sticky), slots) for c in tier]
    return tier, [row.index(min(row)) for row in zip(*columns, strict=True)]


def _plain_winners(stands: tuple[Stand, ...], sticky: bool, slots: Sequence[int]) -> list[str]:
    tier, firsts = _winners(stands, sticky, slots)
    return [tier[first].site for first in firsts]


def _rivals(plan: Plan, tier: Tier, firsts: Sequence[int], slots: Sequence[int]) -> Sequence[int]:
    """By slot, which of the winner's equals would win if they were well, as bits."""
    equals = next(whole for stand in plan.stands for whole in stand.tiers if tier[0] in whole)
    weak = [candidate for candidate in equals if may_rise(candidate)]
    if not weak or plan.why in (Why.STARTING, Why.FAIL_OPEN):
        return [0] * len(slots)
    ideal = {c.site: _of(ideal_keys(c.site, c.weight, plan.sticky), slots) for c in equals}
    winning = [ideal[tier[first].site][index] for index, first in enumerate(firsts)]
    bits = [0] * len(slots)
    for number, rival in enumerate(weak):
        bit = 1 << number
        bits = [had | bit if mine < best else had for had, mine, best in zip(bits, ideal[rival.site], winning, strict=True)]
    return bits


def _of(column: array[float], slots: Sequence[int]) -> Sequence[float]:
    return column if len(slots) == SLOTS else [column[slot] for slot in slots]
