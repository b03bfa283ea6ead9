"""A file of a TSIG key with any octets: a secret of 16 octets at least, or one printable sentence and its place."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from gslb.model import TsigKey
from gslb.runtime.tsigfiles import LEAST_OCTETS, BadSecret, parse_secret

KEY = TsigKey("transfer-key", "hmac-sha256", "")
CORPUS = Path(__file__).with_name("corpus") / "tsig_file"


def one_input(data: bytes) -> None:
    text = data.decode("ascii", "replace")
    found = _read(text)
    if isinstance(found, BadSecret):
        assert 0 <= found.at <= len(text)
        assert "\n" not in str(found)
    else:
        assert len(found) >= LEAST_OCTETS


def _read(text: str) -> bytes | BadSecret:
    try:
        return parse_secret(text, KEY)
    except BadSecret as fault:
        return fault


def seeds() -> Iterator[bytes]:
    return (path.read_bytes() for path in sorted(CORPUS.iterdir()))


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
