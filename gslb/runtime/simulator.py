"""Carries a simulation out: opens the databases, draws the population, and counts, in several processes where that pays.

As a program it is the process that control leaves this to: one order on standard input, one answer on standard output. It
runs when nobody else wants to, within bounds, and may fail.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gslb.errors import GeoError
from gslb.geo import GeoIndex
from gslb.geo.atlas import Atlas
from gslb.geo.census import census, draw, source
from gslb.geo.shelf import Shelf
from gslb.model import Family, GeoSettings
from gslb.steering.simulation import (
    COUNTRIES,
    Answer,
    CoverageQuestion,
    Crowd,
    Question,
    Side,
    Tally,
    covered,
    outcome,
    sides,
    tally,
    together,
)

WORTH: Final = 50_000  # clients for which another process pays
MOST_OCTETS: Final = 1_000_000_000  # of memory that is not a file
_NICE = 10


@dataclass(frozen=True, slots=True)
class Order:
    """`other_geo` is that of the World after, where it is another. Lists of blocks are read from `cache`, and kept there."""

    question: Question | CoverageQuestion
    geo: GeoSettings
    other_geo: GeoSettings | None = None
    cache: Path | None = None
    processes: int = 1


def carried_out(order: Order) -> Answer:
    """Raises GeoError."""
    began = time.monotonic()
    question = order.question
    index = GeoIndex.open(order.geo)
    crowd = question.crowd or drawn(index, order.cache, question.view.family, question.clients)
    if isinstance(question, CoverageQuestion):
        return Answer(covered(question, crowd, index.lookup), crowd, time.monotonic() - began)
    other = index if order.other_geo in (None, order.geo) else GeoIndex.open(order.other_geo)
    counted = _counted(sides(question, index.lookup, other.lookup), crowd, order.processes)
    told = outcome(question.before, question.after, question.host, question.view, counted, question.load_mbit_s)
    return Answer(told, crowd, time.monotonic() - began)


def drawn(index: GeoIndex, cache: Path | None, family: Family, clients: int) -> Crowd:
    """A crowd of all countries. Raises GeoError where the databases place nobody."""
    shelf = Shelf(cache)
    atlas = Atlas(index, [shelf.blocks(database) for database in index.databases])
    members = draw(census(atlas, family), family, clients)
    if not members:
        raise GeoError(f"no database of `geo` says in which country a network of IPv{family} is")
    return Crowd.of(COUNTRIES, source(len(members)), members)


_sides: tuple[Side, Side] | None = None  # of this process and those that it makes


def _counted(both: tuple[Side, Side], crowd: Crowd, processes: int) -> Tally:
    global _sides
    count = min(processes, len(crowd) // WORTH)
    if count > 1:
        _sides = both
        try:
            with ProcessPoolExecutor(count, multiprocessing.get_context("fork")) as pool:
                return together(pool.map(_part, crowd.parts(count)))
        except (OSError, BrokenProcessPool):
            pass  # alone it takes longer
    return tally(*both, crowd)


def _part(crowd: Crowd) -> Tally:
    assert _sides is not None  # noqa: S101 - set before this process was made
    return tally(*_sides, crowd)


def main() -> None:
    with contextlib.suppress(OSError):  # where a sandbox forbids even that, we are no worse than without
        os.nice(_NICE)
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_OCTETS if hard < 0 else min(MOST_OCTETS, hard), hard))
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own control, which started us
    try:
        sys.stdout.buffer.write(pickle.dumps(carried_out(order)))
    except GeoError as error:
        sys.exit(str(error))
    except MemoryError:
        sys.exit(f"the simulation wants more than {MOST_OCTETS // 1_000_000} MB of memory")


if __name__ == "__main__":
    # What comes back must be of the module that control knows, not of `__main__`.
    from gslb.runtime import simulator

    simulator.main()
