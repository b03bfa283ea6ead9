"""Fuzz what somebody pastes as a client: an address, a network or an AS, or a refusal with a sentence.

python -m tests.fuzz.fuzz_asked SCRATCH tests/fuzz/corpus/asked -runs=100000
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.admin.asked"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.admin.asked import parse

CORPUS: Final = Path(__file__).with_name("corpus") / "asked"


def one_input(data: bytes) -> None:
    try:
        asked = parse(data.decode("utf-8", errors="replace"))
    except ValueError as refused:
        assert str(refused)  # noqa: PT017 - no test of pytest
        return
    assert (asked.network is None) == (asked.kind == "asn")
    assert parse(asked.text) == asked
    assert asked.text.isascii()
    assert " " not in asked.text


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
