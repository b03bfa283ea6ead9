"""What came out, in a sentence or a few, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gslb.model import Match, Reweight, Rule, Steer
from gslb.steering.simulation.change import Off, Out, Trial
from gslb.steering.simulation.outcome import Outcome

_MOST_NAMED = 3


def sentence(found: Outcome, trials: Sequence[Trial], other: bool = False) -> str:
    """`other`: another configuration is tried."""
    return " ".join((_moved(found, trials, other), *_losses(found), *_loads(found), *_ways(found)))


def tried_words(trials: Iterable[Trial]) -> str:
    """The changes: "without a and b, with c drained"."""
    trials = list(trials)
    parts = []
    if off := [trial.site for trial in trials if isinstance(trial, Off)]:
        parts.append(f"without {listed(off)}")
    if out := [trial.site for trial in trials if isinstance(trial, Out)]:
        parts.append(f"with {listed(out)} drained")
    parts += [f"with {each.site} at weight {each.weight}" for each in trials if isinstance(each, Reweight)]
    parts += [f"with a rule that {rule_words(each.rule)}" for each in trials if isinstance(each, Steer)]
    return ", ".join(parts)


def rule_words(rule: Rule) -> str:
    verb = {"prefer": "sends {} to {} first", "only": "sends {} to {} alone", "never": "keeps {} off {}"}[rule.action]
    return verb.format(match_words(rule.match), listed(rule.targets))


def match_words(match: Match) -> str:
    named = [*map(str, match.networks), *(f"AS{asn}" for asn in match.asns), *match.countries]
    return listed(named) if named else "nobody"


def listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMED + 1:
        names = (*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def percent(share: float) -> str:
    if 0 < share < 0.0005:
        return "less than 0.1%"
    return f"{share:.0%}" if share >= 0.0995 else f"{share:.1%}"


def _moved(found: Outcome, trials: Sequence[Trial], other: bool) -> str:
    said = tried_words(trials)
    said = ", ".join(part for part in ("under the other configuration" if other else "", said) if part)
    if not said:
        return "Nothing is changed."
    began = said[0].upper() + said[1:]
    if not found.moved:
        return f"{began}, no client moves."
    gains: dict[str, float] = {}
    for move in found.moves:
        if move.target is not None:
            gains[move.target] = gains.get(move.target, 0.0) + move.share
    to = [f"{site} ({percent(gains[site])})" for site in sorted(gains, key=lambda site: (-gains[site], site))]
    return f"{began}, {percent(found.moved)} of the clients move{f', to {listed(to)}' if to else ''}."


def _losses(found: Outcome) -> Iterator[str]:
    before, after = found.none
    if before or after:
        was = "as before" if abs(after - before) < 1e-9 else f"{percent(before)} had none" if before else "all had one"
        yield f"{percent(after) if after else 'None'} of the clients {'have no site' if after else 'is without a site'}, {was}."


def _loads(found: Outcome) -> Iterator[str]:
    if found.load_mbit_s is None:
        return
    over = sorted((row for row in found.sites if row.after.overloaded), key=lambda row: -(row.after.load or 0.0))
    if over:
        told = [f"{row.site} ({row.after.load or 0.0:.0%} of its capacity)" for row in over]
        yield f"Overloaded: {listed(told)}."
    elif any(row.capacity for row in found.sites):
        yield "No site is overloaded."


def _ways(found: Outcome) -> Iterator[str]:
    before, after = found.total
    if before.distance_km is None or after.distance_km is None:
        return
    old, new = before.distance_km, after.distance_km
    parts = [
        f"{what} within {now:,.0f} km of their site, it was {was:,.0f} km"
        for what, was, now in (("half of all clients are", old.p50, new.p50), ("95% are", old.p95, new.p95))
        if now != was
    ]
    if parts:
        said = "; ".join(parts)
        yield f"{said[0].upper()}{said[1:]}."
