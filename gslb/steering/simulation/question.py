"""What somebody wants to know: of a crowd before and after a change, or of a crowd by where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gslb.model import View, World
from gslb.steering.client import Lookup
from gslb.steering.simulation.coverage import By, Coverage, Measured, coverage
from gslb.steering.simulation.crowd import Crowd
from gslb.steering.simulation.outcome import Outcome, numbers_of, outcome
from gslb.steering.simulation.side import Side
from gslb.steering.simulation.tally import tally

COUNTRIES: Final = "countries"
CLIENTS: Final = 20_000  # drawn of all countries, where nobody says how many


@dataclass(frozen=True, slots=True)
class Question:
    """`crowd` None: `clients` of all countries, by their users of the Internet, in networks of the family of `view`."""

    before: World
    after: World
    host: str
    view: View
    crowd: Crowd | None = None
    clients: int = CLIENTS
    load_mbit_s: float | None = None


@dataclass(frozen=True, slots=True)
class CoverageQuestion:
    """The same of one World; `measured` are latencies that clients told."""

    world: World
    host: str
    view: View
    by: By
    measured: Sequence[Measured] = ()
    crowd: Crowd | None = None
    clients: int = CLIENTS


@dataclass(frozen=True, slots=True)
class Answer:
    """`crowd` is who was asked about; one that was drawn is good for the next question."""

    found: Outcome | Coverage
    crowd: Crowd
    seconds: float


def sides(question: Question, lookup: Lookup, other: Lookup) -> tuple[Side, Side]:
    numbers = numbers_of(question.before, question.after)
    return (
        Side(question.before, lookup, question.host, question.view, numbers),
        Side(question.after, other, question.host, question.view, numbers),
    )


def found(question: Question, crowd: Crowd, lookup: Lookup, other: Lookup) -> Outcome:
    """In this process; for a large crowd see who counts parts of it elsewhere."""
    counted = tally(*sides(question, lookup, other), crowd)
    return outcome(question.before, question.after, question.host, question.view, counted, question.load_mbit_s)


def covered(question: CoverageQuestion, crowd: Crowd, lookup: Lookup) -> Coverage:
    side = Side(question.world, lookup, question.host, question.view, numbers_of(question.world, question.world))
    return coverage(side, crowd, question.by, question.measured)
