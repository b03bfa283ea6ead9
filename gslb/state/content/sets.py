"""What becomes of a release set over time: which generation is served since when, whether it is being rolled out, or scarce."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from gslb.model import Edition
from gslb.state.content.editions import Generation, Holders, choose, remembered, seen


@dataclass(frozen=True, slots=True)
class SetState:
    """`firm`: what is served was chosen when all sites had been looked at; before that it may still change its mind.

    `rolling`: sites that are up hold more than one generation, or have not been looked at whole since they did. `newer` is the
    newest that is held, if that is not the one served; `words` say so, and how few hold what is served. `few`: they do at this
    moment; `short`: for a while.
    """

    served: str = ""
    since: datetime | None = None
    firm: bool = False
    rolling: bool = False
    few: bool = False
    short: bool = False
    newer: str = ""
    words: str = ""
    generations: tuple[Generation, ...] = ()

    @property
    def edition(self) -> Edition:
        return Edition(self.served, self.words)

    def generation(self, name: str) -> Generation | None:
        return next((each for each in self.generations if each.name == name), None)


def sighted(state: SetState, name: str, modified: datetime | None, utc: datetime) -> SetState:
    """A site has shown this generation."""
    known = state.generation(name)
    now = seen(known, name, modified, utc)
    if now == known:
        return state
    return replace(state, generations=(*(each for each in state.generations if each.name != name), now))


class Sight(NamedTuple):
    """`settled`: every site has been looked at, or was waited for long enough."""

    holders: Holders
    settled: bool
    held: frozenset[str]  # generations that some site holds or held last, up or not


def follow(state: SetState, sight: Sight, utc: datetime) -> SetState:
    """The state after a look at who holds what."""
    holders = sight.holders
    if state.firm and not sight.settled:
        return state  # a restart: what was served stays until it is known who holds it
    for name in holders.by_generation.keys() | holders.likely.keys():
        if state.generation(name) is None:  # of a state file that lost it
            state = sighted(state, name, None, utc)
    known = {each.name: each for each in state.generations}
    found = choose(state.served if state.firm else "", holders, known)
    served = found.generation or state.served
    kept = remembered(known, {*sight.held, served})
    mixed = len([name for name, sites in holders.by_generation.items() if sites]) > 1
    return SetState(
        served=served,
        since=state.since if served == state.served else utc,
        firm=state.firm or (sight.settled and bool(served)),
        rolling=sight.settled and (mixed or (state.rolling and (bool(holders.likely) or not found.sites))),
        few=sight.settled and found.few,
        short=state.short,
        newer=found.newer,
        words=found.words,
        generations=tuple(kept.values()),
    )
