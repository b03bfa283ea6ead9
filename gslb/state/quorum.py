"""What several vantages say of one target, made one.

It is down when more than half of the vantages with a fresh report say so.

A vantage whose report is older than three intervals has no vote. With nobody left, the last finding stands
until the records themselves are forgotten. When most say that a site is not well and one of them saw wrong
bytes, it is wrong: a site that some see dead and some see corrupt must not be served when everything is
down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gslb.model import State


@dataclass(frozen=True, slots=True)
class Vote:
    """What one vantage says. `failing`: its last result was; `checks`: results until it may change."""

    vantage: str
    state: State
    reason: str
    fresh: bool
    failing: bool = False
    checks: int = 1


@dataclass(frozen=True, slots=True)
class Consensus:
    """`fresh` is False when nobody has a voice and `state` is only the last one known."""

    state: State
    reason: str
    fresh: bool
    failing: bool = False
    checks: int = 1


def combine(votes: Sequence[Vote], last: State, last_reason: str) -> Consensus:
    known = [vote for vote in votes if vote.state is not State.UNKNOWN]
    if not known:
        return Consensus(State.UNKNOWN, votes[0].reason if votes else "no result yet", fresh=False)
    fresh = [vote for vote in known if vote.fresh]
    if not fresh:
        return Consensus(last, last_reason, fresh=False)
    state = _majority(fresh)
    failing = 2 * sum(vote.failing for vote in fresh) > len(fresh)
    return Consensus(state, _reason(fresh, state), True, failing, _checks(fresh, state))


def _majority(fresh: Sequence[Vote]) -> State:
    ill = [vote for vote in fresh if vote.state is not State.UP]
    if 2 * len(ill) <= len(fresh):
        return State.UP
    return State.WRONG if any(vote.state is State.WRONG for vote in ill) else State.DOWN


def _reason(fresh: Sequence[Vote], state: State) -> str:
    said = [vote for vote in fresh if vote.state is state]
    if len(fresh) == 1:
        return said[0].reason
    return f"{said[0].reason} (seen by {len(said)} of {len(fresh)} vantages)"


def _checks(fresh: Sequence[Vote], state: State) -> int:
    """Rounds until enough vantages may have changed their minds: they look at the same time."""
    well = state is State.UP
    same = sorted(vote.checks for vote in fresh if (vote.state is State.UP) is well)
    half = len(fresh) // 2
    wanted = len(same) - (len(fresh) - half) + 1 if well else len(same) - half
    return same[max(1, wanted) - 1]
