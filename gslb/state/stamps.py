"""Whether what people see of a site is as it was: a stamp for each, made without looking at results.

A node with 300 sites and 20 services has 12,000 targets, and a result every millisecond; a report of them all takes a
second. Nearly every result says what the one before it said, so whoever shows sites makes those again whose stamp changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from gslb.model import Drain
from gslb.state.latency import LatencyRecord
from gslb.state.ledger import Ledger
from gslb.state.targets import TargetKey

Stamp = tuple[object, ...]  # compared, and nothing else


def by_site(keys: Mapping[str, TargetKey]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, key in keys.items():
        found.setdefault(key.site, []).append(text)
    return found


def stamps(
    texts: Mapping[str, Collection[str]],
    ledger: Ledger,
    latency: Mapping[tuple[str, str], LatencyRecord],
    slow: Collection[str],
    drains: Mapping[str, Drain],
    ramp_of: Callable[[str], int],
) -> dict[str, Stamp]:
    """By site. `texts` are the targets of each; usual latencies count in whole milliseconds, as they move with every round."""
    measured: dict[str, list[tuple[object, ...]]] = {}
    for (vantage, site), record in latency.items():
        measured.setdefault(site, []).append((vantage, record.used_ms, round(record.usual_ms), record.slow))
    turns = ledger.turns
    found: dict[str, Stamp] = {}
    for site, own in texts.items():
        turned = sum([turns.get(each, 0) for each in own])
        found[site] = (turned, ramp_of(site), site in slow, drains.get(site), measured.get(site))
    return found
