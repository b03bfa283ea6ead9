"""Fuzz what comes after `/~measured?`: a report, or a refusal with a sentence.

    python -m tests.fuzz.fuzz_measured SCRATCH tests/fuzz/corpus/measured -runs=100000

`GOOD` in an input stands for a token that is good.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    import atheris

    instrumented = atheris.instrument_imports(include=["gslb.redirect.boot"])
else:
    instrumented = contextlib.nullcontext()

with instrumented:
    from gslb.redirect.boot.measured import LONGEST_MS, SITES_MOST, Measured, Unfit, read_report
    from gslb.redirect.boot.token import Bearer, make_token

CORPUS: Final = Path(__file__).with_name("corpus") / "measured"
SITES: Final = frozenset({"jp-tokyo-1", "us-fremont", "eu-frankfurt"})
RESULTS: Final = frozenset({"malformed", "foreign", "expired", "unknown", "absurd"})

_NOW_S: Final = 1_800_000_000.0
_SECRETS: Final = (bytes(16),)
_BEARER: Final = Bearer("boot.example.net", "192.0.0.0/16")
_GOOD: Final = make_token(_SECRETS, _BEARER, _NOW_S, bytes(8)).encode()


def one_input(data: bytes) -> None:
    query = data.replace(b"GOOD", _GOOD)
    found = _read(query)
    if isinstance(found, Unfit):
        assert 400 <= found.status < 500
        assert found.result in RESULTS
        assert found.text.endswith(".")
    else:
        check(found, query)


def _read(query: bytes) -> Measured | Unfit:
    try:
        return read_report(query, SITES, _SECRETS, _BEARER, _NOW_S)
    except Unfit as unfit:
        return unfit


def check(report: Measured, query: bytes) -> None:
    told = dict(report.ms)
    assert report.network == _BEARER.network
    assert 1 <= len(told) == len(report.ms) <= SITES_MOST
    assert told.keys() <= SITES
    assert all(1 <= ms <= LONGEST_MS for ms in told.values())
    written = ",".join(f"{site}:{ms}" for site, ms in report.ms)
    assert query.startswith(b"token=" + _GOOD + b"&ms=")
    assert len(written) <= len(query)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
