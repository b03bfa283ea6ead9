"""Fuzz Accept-Language: whatever a browser sends, there is a language.

python -m tests.fuzz.fuzz_accept_language SCRATCH tests/fuzz/corpus/accept_language -runs=100000
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.admin.pages.language"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.admin.pages.language import CODES, preferred

CORPUS: Final = Path(__file__).with_name("corpus") / "accept_language"


def one_input(data: bytes) -> None:
    assert preferred(data.decode("latin-1")) in CODES


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
