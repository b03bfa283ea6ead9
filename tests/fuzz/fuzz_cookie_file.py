"""A file of cookie secrets with any octets: one or two secrets, or faults with their lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from gslb.errors import ConfigurationError
from gslb.runtime.cookiefiles import parse_secrets

CORPUS = Path(__file__).with_name("corpus") / "cookie_file"


def one_input(data: bytes) -> None:
    check(data.decode("ascii", "replace"))


def check(text: str) -> None:
    found, lines = _read(text)
    assert bool(found) != bool(lines)
    assert len(found) == len(set(found)) <= 2
    assert {len(secret) for secret in found} <= {16}
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)


def _read(text: str) -> tuple[tuple[bytes, ...], list[int]]:
    try:
        return parse_secrets(text, "cookies"), []
    except ConfigurationError as error:
        return (), [fault.line for fault in error.faults]


def seeds() -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(CORPUS.iterdir()))


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
