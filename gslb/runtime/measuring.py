"""What clients measured, on its way from the workers to those who look at it, and over restarts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from gslb.errors import StoreError
from gslb.model import Configuration
from gslb.runtime.journal import Journal
from gslb.state.measurements import Measurement, Measurements, dump
from gslb.state.store import Store

DOCUMENT: Final = "measurements"
SAVE_EVERY_S: Final = 60.0

METRICS: Final = {
    "gslb_measurements": ("Latencies told by clients that are kept, of limits.measurements.", ()),
    "gslb_measured_networks": ("Client networks that they are of.", ()),
    "gslb_measurement_reports_total": (
        "Reports that control was told of: kept, duplicate (at another worker), refused (not understood).",
        ("result",),
    ),
    "gslb_measurements_evicted_total": ("Latencies that went because there was no room.", ()),
}


class Measuring:
    """Control's end. A store that fails is told, and done without."""

    def __init__(
        self, configuration: Configuration, store: Store | None, journal: Journal, utc_s: Callable[[], float] = time.time
    ) -> None:
        self._store, self._journal, self._utc_s = store, journal, utc_s
        self.measurements = Measurements()
        self._saved = (0, 0)
        self._load(configuration)

    def told(self, rows: object, configuration: Configuration) -> None:
        """What `Waiting.taken` gave, after a journey as JSON."""
        if rows:
            self.measurements.take(rows, _sites(configuration), configuration.limits.measurements, self._utc_s())

    def latest(self, limit: int, network: str | None, site: str | None) -> Sequence[Measurement]:
        fitting = (each for each in self.measurements if network in (None, each.network) and site in (None, each.site))
        return list(islice(fitting, limit))

    async def save_often(self, configuration: Callable[[], Configuration]) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self.save(configuration())

    async def save(self, configuration: Configuration) -> None:
        limits, known = configuration.limits, self.measurements
        known.forget(_sites(configuration), limits.measurements, self._utc_s() - limits.measurement_s)
        now = known.accepted, len(known)
        if self._store is None or now == self._saved:
            return
        try:
            await asyncio.to_thread(_keep, self._store, tuple(known))
        except StoreError as error:
            self._journal.store_failed(error)
        else:
            self._saved = now

    def counters(self) -> dict[tuple[str, ...], int]:
        known = self.measurements
        results = {"kept": known.accepted, "duplicate": known.duplicates, "refused": known.refused}
        counts: dict[tuple[str, ...], int] = {
            ("gslb_measurement_reports_total", result): count for result, count in results.items()
        }
        return {**counts, ("gslb_measurements_evicted_total",): known.evicted}

    def gauges(self) -> dict[tuple[str, ...], float]:
        return {("gslb_measurements",): len(self.measurements), ("gslb_measured_networks",): self.measurements.networks}

    def _load(self, configuration: Configuration) -> None:
        if self._store is None:
            return
        try:
            text = self._store.document(DOCUMENT)
        except StoreError as error:
            self._journal.store_failed(error)
            return
        limits, sites = configuration.limits, _sites(configuration)
        self.measurements.restore(text or "", sites, limits.measurements)
        self.measurements.forget(sites, limits.measurements, self._utc_s() - limits.measurement_s)
        self._saved = 0, len(self.measurements)


def _sites(configuration: Configuration) -> frozenset[str]:
    return frozenset(site.id for site in configuration.sites)


def _keep(store: Store, known: Sequence[Measurement]) -> None:
    store.keep_document(DOCUMENT, dump(known))
