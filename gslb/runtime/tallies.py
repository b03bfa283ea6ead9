"""What the workers counted, added up; and a few of their decisions, for people who watch."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

MOST_SERIES = 20_000
MOST_SAMPLES = 500
MOST_LABEL = 300
MOST_COUNT = 1 << 48  # between two tallies; beyond, it is no count
MOST_SAMPLE = 4096  # characters of one sample as JSON


class Tallies:
    """`counts` are by (metric, label values…). Bounded: a worker can't make series without end."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, ...], int] = {}
        self.samples: deque[dict[str, Any]] = deque(maxlen=MOST_SAMPLES)
        self.refused = 0

    def add(self, told: Mapping[str, Any]) -> None:
        """Takes what `DataPlane.tally` gave, after a journey as JSON: anything of another shape is counted, and left."""
        for row in _rows(told.get("counts")):
            self._count(row)
        for row in _rows(told.get("samples")):
            self._keep(row)

    def _count(self, row: object) -> None:
        if not isinstance(row, list) or len(row) < 2 or type(row[-1]) is not int or not 0 <= row[-1] <= MOST_COUNT:
            self.refused += 1
            return
        key = tuple(row[:-1])
        sound = all(isinstance(label, str) and len(label) <= MOST_LABEL for label in key)
        if not sound or (key not in self.counts and len(self.counts) >= MOST_SERIES):
            self.refused += 1
            return
        self.counts[key] = self.counts.get(key, 0) + row[-1]

    def _keep(self, row: object) -> None:
        if isinstance(row, dict) and len(json.dumps(row)) <= MOST_SAMPLE:
            self.samples.append(row)
        else:
            self.refused += 1


def _rows(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
