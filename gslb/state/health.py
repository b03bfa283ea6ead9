"""The health of one target as one vantage sees it.

The problem. One lost packet is no outage, and a site that answers one probe in three is no mirror. Boot
loaders try one address once: sending a client to a dead site costs a boot, while leaving out a live one
costs some distance. So a site falls quickly, on little evidence that was looked at twice, and rises slowly,
on much.

The rules. The machine counts, then looks at its table; the first rule that holds for the present state
names the next.

    unknown   the first result counts at once: no rise, no fall. Nothing is known, so one look beats none.
    up        down after `fall` failures in a row, or 5 of the last 10 rounds (lossy sites never fail in a
              row); after two expired certificates; `wrong` after two wrong contents.
    down      up after `rise` good rounds in a row; `wrong` after two wrong contents, so that fail-open skips
              it.
    wrong     up after five good rounds and no other way out: a site that then refuses is still wrong, for
              nobody has seen its bytes mended.

A failure is probed again within seconds. Such a re-check counts for `fall`: that is what makes a fall
quick. It does not enter the window, which would otherwise hold one bad moment three times, and it is no
round, so it does not count for `rise`: three good answers in two seconds say what one says. It does end a
run of failures.

Silence. A record whose last result is older than three intervals has no voice (see quorum). After five
minutes it is forgotten and starts as unknown, but a wrong one stays wrong. Who asks us to wait
(Retry-After) keeps its voice for that long. A 429 is about our probes and counts for nothing; a 503 with
Retry-After is what clients get too: the site says itself that it is away, so it is down at once, as it
won't be asked a second time before the time is over.

The warning. Every rule is a promise to somebody: change a number here and the 15 s and 75 s of the
documentation move. Time is an argument; the record is frozen; the same results at the same times give the
same record, on every node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from gslb.model import ProbeSettings, State
from probes.model import Result
from probes.verdict import Verdict

WINDOW = 10
WINDOW_FALL = 5
GRAVE_FALL = 2
WRONG_RISE = 5
FRESH_INTERVALS = 3
FORGET_S = 300.0
PATIENCE_LIMIT_S = 300.0  # how long a Retry-After is believed


class Outcome(StrEnum):
    """What a result means to the machine."""

    GOOD = "good"
    BAD = "bad"
    EXPIRED = "expired"
    WRONG = "wrong"
    AWAY = "away"
    MUTE = "mute"  # says nothing of the site


@dataclass(frozen=True, slots=True)
class HealthRecord:
    """Counters and state; times are of the monotonic clock. `before` is the state that this one replaced.

    `wrongs` and `expired` count within the present run of failures.
    """

    state: State
    reason: str
    since_s: float
    before: State = State.UNKNOWN
    last_s: float | None = None
    last_good_s: float | None = None
    fresh_until_s: float | None = None
    failures: int = 0
    successes: int = 0
    wrongs: int = 0
    expired: int = 0
    away: bool = False
    window: tuple[Outcome, ...] = ()

    def fresh(self, now_s: float) -> bool:
        return self.fresh_until_s is not None and now_s <= self.fresh_until_s

    @property
    def rounds(self) -> int:
        return len(self.window)


def fresh_record(now_s: float, reason: str = "no result yet") -> HealthRecord:
    return HealthRecord(State.UNKNOWN, reason, now_s)


def outcome_of(result: Result) -> Outcome:
    if result.verdict is Verdict.THROTTLED:
        return Outcome.AWAY if _status(result) == "503" else Outcome.MUTE
    if result.verdict.ours:
        return Outcome.MUTE
    return _OUTCOMES.get(result.verdict, Outcome.BAD)


_OUTCOMES = {
    Verdict.OK: Outcome.GOOD,
    Verdict.WRONG_CONTENT: Outcome.WRONG,
    Verdict.CERTIFICATE_EXPIRED: Outcome.EXPIRED,
}


def _status(result: Result) -> str:
    """Of the status line that was kept: `HTTP/1.1 503 …`."""
    return result.exchange.response[:16].partition(" ")[2][:3]


def _passed(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.successes > 0


def _failed(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.failures > 0


def _wrong_once(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.wrongs > 0


def _wrong_twice(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.wrongs >= GRAVE_FALL


def _grave_twice(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.wrongs + record.expired >= GRAVE_FALL


def _away(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.away


def _fell_in_a_row(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.failures >= settings.fall


def _fell_in_window(record: HealthRecord, settings: ProbeSettings) -> bool:
    return _bad_rounds(record.window) >= WINDOW_FALL


def _wrong_in_window(record: HealthRecord, settings: ProbeSettings) -> bool:
    return _fell_in_window(record, settings) and record.window.count(Outcome.WRONG) >= GRAVE_FALL


def _rose(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.successes >= settings.rise


def _mended(record: HealthRecord, settings: ProbeSettings) -> bool:
    return record.successes >= WRONG_RISE


class Rule(NamedTuple):
    """If `holds`, the state becomes `then`; `words` tell a person why."""

    holds: Callable[[HealthRecord, ProbeSettings], bool]
    then: State
    words: str = "{reason}"


_IN_A_ROW = "{reason} ({record.failures} failures in a row)"
_OF_LAST = "{reason} ({bad} of the last {record.rounds} rounds failed)"

TABLE: Mapping[State, tuple[Rule, ...]] = {
    State.UNKNOWN: (
        Rule(_wrong_once, State.WRONG),
        Rule(_failed, State.DOWN),
        Rule(_passed, State.UP),
    ),
    State.UP: (
        Rule(_wrong_twice, State.WRONG),
        Rule(_wrong_in_window, State.WRONG, _OF_LAST),
        Rule(_grave_twice, State.DOWN),
        Rule(_away, State.DOWN),
        Rule(_fell_in_a_row, State.DOWN, _IN_A_ROW),
        Rule(_fell_in_window, State.DOWN, _OF_LAST),
    ),
    State.DOWN: (
        Rule(_wrong_twice, State.WRONG),
        Rule(_rose, State.UP),
    ),
    State.WRONG: (Rule(_mended, State.UP),),
}


def step(
    record: HealthRecord,
    outcome: Outcome,
    reason: str,
    settings: ProbeSettings,
    now_s: float,
    *,
    recheck: bool = False,
    retry_after_s: float | None = None,
) -> HealthRecord:
    """The record after one more result. `reason` is the sentence that came with it."""
    patience_s = FRESH_INTERVALS * settings.interval_s + min(retry_after_s or 0.0, PATIENCE_LIMIT_S)
    if outcome is Outcome.MUTE:
        return record if retry_after_s is None else replace(record, fresh_until_s=now_s + patience_s)
    counted = _count(record, outcome, now_s, recheck)
    counted = replace(counted, last_s=now_s, fresh_until_s=now_s + patience_s)
    return _settle(counted, outcome, reason, settings, now_s)


def _count(record: HealthRecord, outcome: Outcome, now_s: float, recheck: bool) -> HealthRecord:
    window = record.window if recheck else (*record.window, outcome)[-WINDOW:]
    if outcome is Outcome.GOOD:
        rounds = record.successes + (not recheck or record.state is State.UNKNOWN)
        passed = replace(record, successes=rounds, window=window, last_good_s=now_s)
        return replace(passed, failures=0, wrongs=0, expired=0, away=False)
    return replace(
        record,
        failures=record.failures + 1,
        wrongs=record.wrongs + (outcome is Outcome.WRONG),
        expired=record.expired + (outcome is Outcome.EXPIRED),
        away=record.away or outcome is Outcome.AWAY,
        successes=0,
        window=window,
    )


def _settle(record: HealthRecord, outcome: Outcome, reason: str, settings: ProbeSettings, now_s: float) -> HealthRecord:
    rule = next((rule for rule in TABLE[record.state] if rule.holds(record, settings)), None)
    if rule is None:
        return replace(record, reason=reason) if _tells_more(record.state, outcome) else record
    words = rule.words.format(reason=reason, record=record, bad=_bad_rounds(record.window))
    # Up begins with an empty window: the failures that led here have been paid for with `rise`.
    window = () if rule.then is State.UP else record.window
    return replace(record, state=rule.then, reason=words, since_s=now_s, before=record.state, window=window)


def _tells_more(state: State, outcome: Outcome) -> bool:
    """Whether a result is a better reason for a state than the one it had."""
    if state is State.UP:
        return outcome is Outcome.GOOD
    return outcome is Outcome.WRONG if state is State.WRONG else outcome is not Outcome.GOOD


def forget(record: HealthRecord, now_s: float) -> HealthRecord:
    """The record after a silence: unknown after five minutes, unless it is wrong or asked us to wait."""
    if record.last_s is None or record.state in (State.UNKNOWN, State.WRONG):
        return record
    if now_s < max(record.last_s + FORGET_S, record.fresh_until_s or 0.0):
        return record
    unknown = fresh_record(now_s, "no result for 5 minutes")
    return replace(unknown, before=record.state, last_good_s=record.last_good_s)


def vouched(record: HealthRecord, now_s: float) -> HealthRecord:
    """Up again without `rise`: it was the vantage that failed, and the site has answered it since."""
    if record.state is not State.DOWN or record.failures or not record.successes:
        return record
    return replace(record, state=State.UP, reason="answers; it was the vantage that failed", since_s=now_s, window=())


def checks_to_change(record: HealthRecord, settings: ProbeSettings) -> int:
    """The fewest further results that could change the state."""
    if record.state is State.UP:
        return max(1, min(_failures_to_fall(record, settings)))
    if record.state is State.UNKNOWN:
        return 1
    rise = WRONG_RISE if record.state is State.WRONG else settings.rise
    return max(1, rise - record.successes)


def _failures_to_fall(record: HealthRecord, settings: ProbeSettings) -> list[int]:
    """By each rule. The grave ones count once one was seen: else every site were always two from its end."""
    ways = [settings.fall - record.failures, _rounds_to_window_fall(record.window)]
    grave = record.wrongs + record.expired
    return [*ways, GRAVE_FALL - grave] if grave else ways


def _rounds_to_window_fall(window: tuple[Outcome, ...]) -> int:
    """How many bad rounds more make 5 of 10; old ones leave at the other end."""
    return next(n for n in range(WINDOW_FALL + 1) if _bad_rounds(window[-(WINDOW - n) :]) + n >= WINDOW_FALL)


def _bad_rounds(window: tuple[Outcome, ...]) -> int:
    return len(window) - window.count(Outcome.GOOD)
