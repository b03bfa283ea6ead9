"""What clients measured: how long a fetch from a site takes for a network. Kept for people and for later; it steers nobody.

A latency is known by (network, site); each report moves it by an eighth, or more while there were fewer. There are at most so
many of them: then the network that was silent for longest goes, and so does whatever is too old.
"""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator
from ipaddress import ip_network
from typing import Any, Final, NamedTuple

FORMAT: Final = 1
SITES_MOST: Final = 16  # in one report
LONGEST_MS: Final = 60_000
SMOOTHED_OVER: Final = 8  # reports
TOKEN_KEPT_S: Final = 900.0  # longer than any token is good for


class Latency(NamedTuple):
    """`at_s` is when it was last told, in seconds since 1970; `times` how often."""

    ms: float
    at_s: float
    times: int


class Measurement(NamedTuple):
    network: str
    site: str
    latency: Latency


class Measurements:
    """`duplicates` are reports whose token has come before, `refused` what is no report, `evicted` latencies without room."""

    def __init__(self) -> None:
        self.accepted = self.duplicates = self.refused = self.evicted = 0
        self._networks: OrderedDict[str, dict[str, Latency]] = OrderedDict()  # the one told last at the end
        self._tokens: dict[str, float] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Measurement]:
        """Those told last come first."""
        for network, latencies in reversed(self._networks.items()):
            for site, latency in latencies.items():
                yield Measurement(network, site, latency)

    @property
    def networks(self) -> int:
        return len(self._networks)

    def take(self, told: object, sites: Container[str], most: int, utc_s: float) -> None:
        """Rows of (token, network, rows of (site, ms)), as workers tell them: whatever is none is counted, and left."""
        for row in told if isinstance(told, list) else []:
            report = _report(row, sites)
            if report is None:
                self.refused += 1
            elif self._is_new(report[0], most, utc_s):
                self.accepted += 1
                self._add(report[1], report[2], utc_s)
        self._shrink(most)

    def forget(self, sites: Container[str], most: int, before_s: float) -> None:
        """What is older, of sites that there are no more, or beyond the bound."""
        for network in list(self._networks):
            kept = {
                site: latency for site, latency in self._networks[network].items() if site in sites and latency.at_s >= before_s
            }
            self._replace(network, kept)
        self._shrink(most)

    def restore(self, text: str, sites: Container[str], most: int) -> None:
        """Of what `dump` wrote as much as is sound."""
        for network, site, latency in _restored(text, sites):
            known = self._networks.setdefault(network, {})
            self._count += site not in known
            known[site] = latency
        self._shrink(most)

    def _is_new(self, token: str, most: int, utc_s: float) -> bool:
        while self._tokens:
            oldest = next(iter(self._tokens))
            if len(self._tokens) < most and 0.0 <= utc_s - self._tokens[oldest] <= TOKEN_KEPT_S:
                break
            del self._tokens[oldest]
        if token in self._tokens:
            self.duplicates += 1
            return False
        self._tokens[token] = utc_s
        return True

    def _add(self, network: str, told: dict[str, int], utc_s: float) -> None:
        known = self._networks.setdefault(network, {})
        self._networks.move_to_end(network)
        for site, ms in told.items():
            old = known.get(site, Latency(float(ms), utc_s, 0))
            count = old.times + 1
            known[site] = Latency(round(old.ms + (ms - old.ms) / min(count, SMOOTHED_OVER), 1), utc_s, count)
            self._count += count == 1

    def _shrink(self, most: int) -> None:
        while self._count > most:
            network = next(iter(self._networks))
            self.evicted += len(self._networks[network])
            self._replace(network, {})

    def _replace(self, network: str, kept: dict[str, Latency]) -> None:
        self._count += len(kept) - len(self._networks[network])
        if kept:
            self._networks[network] = kept
        else:
            del self._networks[network]


def dump(measurements: Iterable[Measurement]) -> str:
    """As `Measurements` has them: those told last first."""
    rows = [[network, site, *latency] for network, site, latency in measurements]
    return json.dumps({"format": FORMAT, "measurements": rows[::-1]}, separators=(",", ":"))


def _report(row: Any, sites: Container[str]) -> tuple[str, str, dict[str, int]] | None:
    if not isinstance(row, list) or len(row) != 3:
        return None
    token, network, told = row
    if not (isinstance(token, str) and len(token) <= 128 and _is_network(network)):
        return None
    if not isinstance(told, list) or not 1 <= len(told) <= SITES_MOST:
        return None
    if not all(isinstance(each, list) and len(each) == 2 and _is_told(each[0], each[1], sites) for each in told):
        return None
    return token, network, dict(told)


def _is_told(site: Any, ms: Any, sites: Container[str]) -> bool:
    return isinstance(site, str) and site in sites and type(ms) is int and 1 <= ms <= LONGEST_MS


def _is_network(text: Any) -> bool:
    """As it is written here; another spelling would be another network."""
    if not isinstance(text, str) or len(text) > 64:
        return False
    try:
        return str(ip_network(text)) == text
    except ValueError:
        return False


def _restored(text: str, sites: Container[str]) -> Iterable[Measurement]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    rows = document.get("measurements") if isinstance(document, dict) and document.get("format") == FORMAT else None
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) == 5 and _is_network(row[0]) and isinstance(row[1], str) and row[1] in sites:
            latency = _latency(*row[2:])
            if latency is not None:
                yield Measurement(row[0], row[1], latency)


def _latency(ms: Any, at_s: Any, count: Any) -> Latency | None:
    numbers = all(type(each) in (int, float) and math.isfinite(each) for each in (ms, at_s))
    sound = numbers and 0 < ms <= LONGEST_MS and 0 <= at_s < 1e11 and type(count) is int and 0 < count < 1 << 53
    return Latency(float(ms), float(at_s), count) if sound else None
