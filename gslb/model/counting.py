"""What a door counts: a dict from (name, label values…) to a number. The names are in the METRICS of each."""

from __future__ import annotations

Counters = dict[tuple[str, ...], int]


def add(counters: Counters, *key: str) -> None:
    counters[key] = counters.get(key, 0) + 1
