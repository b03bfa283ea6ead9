"""The process that grows the trees of scopes: reads one order on standard input, writes one Survey on standard output.

It is not worth a delay of anything else: it runs when nobody else wants to, within bounds, and may fail.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from gslb.errors import GeoError
from gslb.geo import GeoIndex
from gslb.geo.atlas import Atlas
from gslb.geo.shelf import Shelf
from gslb.model import Configuration
from gslb.runtime.survey import Survey, dump
from gslb.steering import Scopes, SteeringMap
from gslb.steering.growth import Growth

MOST_OCTETS: Final = 500_000_000  # of memory that is not a file
MOST_SECONDS: Final = 900  # of a processor
_NICE = 19


@dataclass(frozen=True, slots=True)
class Order:
    """Trees for the services of `configuration`, but for those whose keys are `known`. Lists are kept in `cache`."""

    configuration: Configuration
    today: date
    cache: Path | None
    known: frozenset[str] = frozenset()


def survey(order: Order) -> Survey:
    """Raises GeoError."""
    index = GeoIndex.open(order.configuration.geo)
    shelf = Shelf(order.cache)
    atlas = Atlas(index, [shelf.blocks(database) for database in index.databases])
    services = SteeringMap(order.configuration, order.today).services.values()
    wanted = {each.key: each for each in services if each.key not in order.known}
    growth = Growth(atlas, list(wanted.values()))
    trees = dict(zip(wanted, growth.trees(), strict=True))
    return Survey(Scopes(index.stamp, trees), growth.blocks, tuple(shelf.built), tuple(shelf.notices))


def main() -> None:
    with contextlib.suppress(OSError):  # where a sandbox forbids even that, we are no worse than without
        os.nice(_NICE)
        _bound(resource.RLIMIT_DATA, MOST_OCTETS)
        _bound(resource.RLIMIT_CPU, MOST_SECONDS)
    order: Order = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own control, which started us
    try:
        sys.stdout.buffer.write(dump(survey(order)))
    except GeoError as error:
        sys.exit(str(error))
    except MemoryError:
        sys.exit(f"the databases want more than {MOST_OCTETS // 1_000_000} MB of memory")


def _bound(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    main()
