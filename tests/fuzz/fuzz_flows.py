"""What a worker tells of flows and samples, in any shape: taken, or left and counted.

As a program it is an atheris fuzzer: `python -m tests.fuzz.fuzz_flows`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from gslb.state.flows import FlowWindow
from tests.state.scene import configuration, site

_CONFIGURATION = configuration((site(1, "us"), site(2, "eu")))


def one_input(data: bytes) -> None:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(told, dict):
        taken(told)


def taken(told: dict[str, Any]) -> None:
    window = FlowWindow(4, 60, 0.0)
    for turn in range(3):
        window.take(told, _CONFIGURATION, 5.0 * turn)
    seen = window.seen(15.0, 300.0)
    assert seen.total == sum(seen.counts.values()) == window.totals.total()
    assert all(weight > 0 for weight in window.population(15.0).values())
    assert len(window.recent(15.0)) <= len(window) <= 60


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
