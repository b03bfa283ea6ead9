"""Fuzz the reader of probe results from other vantage points.

    python -m tests.fuzz.fuzz_probe_result SCRATCH tests/fuzz/corpus/probe_result -runs=100000

Any bytes are a Result that survives the way back, or a ReportError; nothing else is raised.
"""

import sys

import atheris

with atheris.instrument_imports():
    from probes.wire import ReportError, from_json, parse, to_json


def read(data: bytes) -> None:
    """One input."""
    try:
        result = parse(data)
    except ReportError:
        return
    if from_json(to_json(result)) != result:
        raise AssertionError("a result that was read is not the one that is written")


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
