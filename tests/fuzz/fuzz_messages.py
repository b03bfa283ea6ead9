"""What a node, or something else at its address, sends as a stream: read, or a ValueError, however it is cut."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gslb.client.errors import problem_of
from gslb.client.messages import MessageReader, Raw

CORPUS = Path(__file__).with_name("corpus") / "messages"


def seeds() -> list[bytes]:
    return [path.read_bytes() for path in sorted(CORPUS.iterdir())]


def one_input(data: bytes) -> None:
    cut = data[0] % 64 + 1 if data else 1
    assert _read(data, cut) == _read(data, max(len(data), 1))
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return
    assert problem_of(422, "Unprocessable", document).detail


def _read(data: bytes, cut: int) -> list[Raw]:
    reader = MessageReader()
    return [message for start in range(0, len(data), cut) for message in reader.feed(data[start : start + cut])]


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
