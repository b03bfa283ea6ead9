"""Retry-After of a receiver of alerts, of any bytes: seconds within the bound, or nothing."""

from __future__ import annotations

import contextlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.runtime.alerting.patience"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.runtime.alerting.patience import LONGEST_ASKED_S, judged, retry_after_s, wait_s

CORPUS: Final = Path(__file__).with_name("corpus") / "retry_after"
NOW: Final = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def one_input(data: bytes) -> None:
    text = data.decode("latin-1")
    found = retry_after_s(text, NOW)
    assert found is None or 0.0 <= found <= LONGEST_ASKED_S
    assert judged(503, text, NOW).asked_s == found
    assert 0.0 < wait_s(3, found, 0.5) <= LONGEST_ASKED_S


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
