"""How far each site is in milliseconds, and whether it has grown slow.

The problem. A single time says little: queues, a busy mirror, a lost SYN. And every change of a value that
an answer depends on may move clients. So three numbers, each slower than the one before:

    estimate   the median of the last ten rounds, each older one weighing 20 % less: two spikes do not move
               it, a new route does after three rounds
    used       what answers depend on; it takes the estimate's place when that was at least 15 % and 10 ms
               away for three rounds on end
    usual      the site's own long-run median, which moves a thousandth a round towards what it sees: three
               hours of being three times as slow are the new usual

A site is slow from three rounds at three times its usual on, and no longer after three rounds under twice;
with 10 ms of grace, for on a local network 0.2 ms and 0.6 ms are both nothing. A round is one interval: a
site has several addresses and checks, and the fastest of them in a round is its distance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gslb.model import ProbeSettings

ROUNDS = 10
DECAY = 0.8
AWAY_SHARE = 0.15
AWAY_MS = 10.0
AWAY_ROUNDS = 3
SLOW_FACTOR = 3.0
SLOW_OVER_FACTOR = 2.0
SLOW_GRACE_MS = 10.0
USUAL_STEP = 0.001
UNMEASURED_S = 300.0
ROUND_SHARE = 0.8  # of an interval: probes come ±10 %


@dataclass(frozen=True, slots=True)
class LatencyRecord:
    """`past` are the rounds before the present one, whose best time so far is `best_ms`.

    `away` and `turning` count the rounds, this one included, for which the estimate was away from `used_ms`,
    and for which slowness seemed to have changed; `*_before` are those numbers without this round.
    """

    used_ms: float
    usual_ms: float
    estimate_ms: float
    best_ms: float
    round_s: float
    last_s: float
    rounds: int = 1
    past: tuple[float, ...] = ()
    away: int = 0
    away_before: int = 0
    slow: bool = False
    slow_before: bool = False
    turning: int = 0
    turning_before: int = 0
    usual_before_ms: float = 0.0


def first(sample_ms: float, now_s: float) -> LatencyRecord:
    """The first time is used at once: any measurement beats none."""
    return LatencyRecord(sample_ms, sample_ms, sample_ms, sample_ms, now_s, now_s, usual_before_ms=sample_ms)


def add(record: LatencyRecord, sample_ms: float, settings: ProbeSettings, now_s: float) -> LatencyRecord:
    """The record after one more time; several in a round count as their least."""
    if now_s - record.round_s >= ROUND_SHARE * settings.interval_s:
        record = _next_round(record, sample_ms, now_s)
    best_ms = min(record.best_ms, sample_ms)
    estimate_ms = weighted_median((best_ms, *reversed(record.past)))
    record = replace(record, best_ms=best_ms, estimate_ms=estimate_ms, last_s=now_s)
    return _judge_slow(_judge_used(_judge_usual(record)))


def _next_round(record: LatencyRecord, sample_ms: float, now_s: float) -> LatencyRecord:
    return replace(
        record,
        past=(*record.past, record.best_ms)[-(ROUNDS - 1) :],
        best_ms=sample_ms,
        round_s=now_s,
        rounds=record.rounds + 1,
        away_before=record.away,
        slow_before=record.slow,
        turning_before=record.turning,
        usual_before_ms=record.usual_ms,
    )


def _judge_used(record: LatencyRecord) -> LatencyRecord:
    distance_ms = abs(record.estimate_ms - record.used_ms)
    if distance_ms < AWAY_MS or distance_ms < AWAY_SHARE * record.used_ms:
        return replace(record, away=0)
    away = record.away_before + 1
    if away < AWAY_ROUNDS:
        return replace(record, away=away)
    return replace(record, used_ms=record.estimate_ms, away=0)


def _judge_usual(record: LatencyRecord) -> LatencyRecord:
    """A step towards this round's time: a running median. Large at first, so that it soon knows the site."""
    if record.rounds <= 1:  # 0: a stored state that somebody spoiled
        return replace(record, usual_ms=record.best_ms)
    share = max(USUAL_STEP, 0.5 / record.rounds)
    low, high = record.usual_before_ms * (1 - share), record.usual_before_ms * (1 + share)
    return replace(record, usual_ms=min(max(record.best_ms, low), high))


def _judge_slow(record: LatencyRecord) -> LatencyRecord:
    factor = SLOW_OVER_FACTOR if record.slow_before else SLOW_FACTOR
    bound_ms = max(factor * record.usual_ms, record.usual_ms + SLOW_GRACE_MS)
    turns = (record.estimate_ms >= bound_ms) is not record.slow_before
    turning = record.turning_before + 1 if turns else 0
    if turning < AWAY_ROUNDS:
        return replace(record, turning=turning, slow=record.slow_before)
    return replace(record, turning=0, slow=not record.slow_before)


def weighted_median(newest_first: tuple[float, ...]) -> float:
    """The value at which half of the weight is reached, each older value weighing 20 % less."""
    weighted = sorted((value, DECAY**age) for age, value in enumerate(newest_first))
    half = sum(weight for _, weight in weighted) / 2
    reached = 0.0
    for value, weight in weighted:
        reached += weight
        if reached >= half:
            return value
    return weighted[-1][0]


def is_measured(record: LatencyRecord, now_s: float) -> bool:
    return now_s - record.last_s < UNMEASURED_S


class LatencyBook:
    """The records by (vantage, site)."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], LatencyRecord] = {}
        self._slow: frozenset[str] | None = None  # as far as it is known

    def take(self, vantage: str, site: str, sample_ms: float, settings: ProbeSettings, now_s: float) -> bool:
        """Whether that changed the used value."""
        had = self.records.get((vantage, site))
        now = add(had, sample_ms, settings, now_s) if had else first(sample_ms, now_s)
        self.records[(vantage, site)] = now
        if had is None or had.slow is not now.slow:
            self._slow = None
        return had is None or had.used_ms != now.used_ms

    def forget(self, now_s: float) -> None:
        """What a vantage that has measured nothing for five minutes has measured.

        A site that is down keeps its place: were it forgotten, the windows of equals behind it would shift, and
        clients of other sites would move five minutes after it died.
        """
        alive = {vantage for (vantage, _), record in self.records.items() if is_measured(record, now_s)}
        self.records = {key: record for key, record in self.records.items() if key[0] in alive}
        self._slow = None

    def keep_sites(self, sites: Iterable[str]) -> None:
        known = frozenset(sites)
        self.records = {key: record for key, record in self.records.items() if key[1] in known}
        self._slow = None

    def used_ms(self) -> dict[tuple[str, str], float]:
        return {key: round(record.used_ms, 1) for key, record in self.records.items()}

    def slow_sites(self) -> frozenset[str]:
        """Sites that more than half of the vantages that measure them find slow."""
        if self._slow is None:
            self._slow = self._found_slow()
        return self._slow

    def _found_slow(self) -> frozenset[str]:
        said: dict[str, list[bool]] = {}
        for (_, site), record in self.records.items():
            said.setdefault(site, []).append(record.slow)
        return frozenset(site for site, slow in said.items() if 2 * sum(slow) > len(slow))
