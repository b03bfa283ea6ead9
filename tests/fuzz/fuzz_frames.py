"""What a worker says to control, as any bytes: refused with a NodeError, or taken and bounded. A worker reads packets of
strangers, so control must stand whatever it might be made to say."""

from __future__ import annotations

import sys
from pathlib import Path

from gslb.errors import NodeError
from gslb.model import ADDRESS_BITS
from gslb.runtime.frames import LARGEST_FROM_WORKER, Reader, document
from gslb.runtime.learning import examples
from gslb.runtime.tallies import Tallies

CORPUS = Path(__file__).with_name("corpus") / "frames"
HOSTS = frozenset(("boot.example.net",))


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def one_input(data: bytes) -> None:
    cut = data[0] % 64 + 1 if data else 1
    reader, tallies = Reader(LARGEST_FROM_WORKER), Tallies()
    try:
        for start in range(0, len(data), cut):
            for _, payload in reader.feed(data[start : start + cut]):
                _take(document(payload), tallies)
    except NodeError:
        pass
    assert all(isinstance(label, str) for key in tallies.counts for label in key)
    assert all(type(count) is int and count >= 0 for count in tallies.counts.values())


def _take(told: dict[str, object], tallies: Tallies) -> None:
    tallies.add(told)
    for found in examples(told.get("classes"), HOSTS):
        assert found.service in HOSTS
        assert 0 <= found.address < 1 << ADDRESS_BITS[found.family]
        assert 0 <= found.length <= ADDRESS_BITS[found.family]


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
