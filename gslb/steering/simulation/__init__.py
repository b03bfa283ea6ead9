"""What if? A population through the real engine, before a change and after it. Pure, as all of steering."""

from gslb.steering.simulation.change import Off, Out, Trial, settled, tried, under
from gslb.steering.simulation.coverage import Coverage, Measured, coverage
from gslb.steering.simulation.crowd import Crowd, Gathering
from gslb.steering.simulation.document import document
from gslb.steering.simulation.outcome import Outcome, numbers_of, outcome
from gslb.steering.simulation.question import CLIENTS, COUNTRIES, Answer, CoverageQuestion, Question, covered, found, sides
from gslb.steering.simulation.side import NOBODY, Side
from gslb.steering.simulation.tally import Tally, tally, together
from gslb.steering.simulation.words import sentence

__all__ = [
    "CLIENTS",
    "COUNTRIES",
    "NOBODY",
    "Answer",
    "Coverage",
    "CoverageQuestion",
    "Crowd",
    "Gathering",
    "Measured",
    "Off",
    "Out",
    "Outcome",
    "Question",
    "Side",
    "Tally",
    "Trial",
    "coverage",
    "covered",
    "document",
    "found",
    "numbers_of",
    "outcome",
    "sentence",
    "settled",
    "sides",
    "tally",
    "together",
    "tried",
    "under",
]
