"""Fuzz the populations that people bring: a list of networks, or a log.

    python -m tests.fuzz.fuzz_population SCRATCH tests/fuzz/corpus/population -runs=100000

The first octet says which of the two the rest is.
"""

from __future__ import annotations

import contextlib
import io
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.steering.simulation.listing", "gslb.cli.trials"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.cli.trials import lines_of
    from gslb.errors import UsageError
    from gslb.geo.overlay import UNIT_SHIFT
    from gslb.model import ADDRESS_BITS, FINEST_PREFIX
    from gslb.steering.simulation import Crowd
    from gslb.steering.simulation.listing import MOST_WEIGHT, LogReader, read_list

CORPUS: Final = Path(__file__).with_name("corpus") / "population"
MOST: Final = 4
HOST: Final = "knoppix.inetboot.net"


def seeds() -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(CORPUS.iterdir()))


def one_input(data: bytes) -> None:
    crowd, said = _read(data[:1], data[1:])
    assert said.isprintable()
    if crowd is not None:
        check(crowd)


def _read(kind: bytes, data: bytes) -> tuple[Crowd | None, str]:
    try:
        if kind != b"L":
            return read_list(lines_of(io.BytesIO(data)), "list", MOST), ""
        reader = LogReader(HOST, MOST)
        reader.take(lines_of(io.BytesIO(data)))
        assert reader.read + reader.bad + reader.others <= data.count(b"\n") + 1
        return reader.crowd("log"), ""
    except UsageError as error:
        return None, str(error)


def check(crowd: Crowd) -> None:
    assert 1 <= len(crowd) <= MOST
    assert crowd.source.isprintable()
    seen = set()
    for family, address, length, weight in crowd:
        assert 0 <= address < 1 << ADDRESS_BITS[family]
        assert 0 <= length <= FINEST_PREFIX[family]
        assert address % (1 << UNIT_SHIFT[family] + FINEST_PREFIX[family] - length) == 0
        assert 0 < weight <= MOST_WEIGHT * 1000
        assert math.isfinite(weight)
        seen.add((family, address, length))
    assert len(seen) == len(crowd) == len(list(crowd.networks()))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
