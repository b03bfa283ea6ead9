"""What was seen of a target lately, for people.

Bounded, and failures outlive successes: they are what one looks for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gslb.model import State
from probes.model import Result

FAILURES_KEPT = 5
SUCCESSES_KEPT = 3
TRANSITIONS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Observation:
    """One result, with its exchange, as a vantage reported it."""

    vantage: str
    recheck: bool
    result: Result


@dataclass(frozen=True, slots=True)
class Transition:
    at: datetime  # UTC
    old: State
    new: State
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """All in the order of time."""

    failures: tuple[Observation, ...] = ()
    successes: tuple[Observation, ...] = ()
    transitions: tuple[Transition, ...] = ()
    last: Observation | None = None

    def observed(self, observation: Observation) -> History:
        if observation.result.ok:
            successes = (*self.successes, observation)[-SUCCESSES_KEPT:]
            return replace(self, successes=successes, last=observation)
        failures = (*self.failures, observation)[-FAILURES_KEPT:]
        return replace(self, failures=failures, last=observation)

    def turned(self, transition: Transition) -> History:
        return replace(self, transitions=(*self.transitions, transition)[-TRANSITIONS_KEPT:])

    def observations(self) -> tuple[Observation, ...]:
        """What is kept, in the order of time."""
        return tuple(sorted(self.failures + self.successes, key=lambda each: each.result.at_utc))
