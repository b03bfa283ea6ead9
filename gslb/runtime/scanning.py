"""Keeps what is known of release sets true while the node runs: looks at sites, and scans them when the tracker asks for it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from gslb.model import Configuration, Event, Hold
from gslb.runtime.looking import bounds_of
from gslb.state.content import ContentKey, PlaceReport, SetReport
from gslb.state.content.holdings import WORST_FIRST
from gslb.state.content.record import short
from gslb.state.tracker import Tracker
from probes.content.model import ContentResult
from probes.content.schedule import ContentScheduler
from probes.setting import Setting

LOOKS_AT_A_TIME = 64
_SET: Final = ("service", "content")
_PLACE: Final = (*_SET, "door", "family", "site")

METRICS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_content_looks_total": (
        "Looks at a release set on a site, by kind (round, scan) and what was found: good, absent, wrong, unknown.",
        (*_SET, "site", "kind", "look"),
    ),
    "gslb_content_octets_total": ("Octets of whole files and parts that such looks have read.", (*_SET, "site")),
    "gslb_content_internal_errors_total": ("Looks that failed by a fault of our own.", ()),
    "gslb_content_current": ("1 while the site has the set in good order at the generation that is served.", _PLACE),
    "gslb_content_wrong": ("1 while a file is not what it should be: the site is not used for the set.", _PLACE),
    "gslb_content_lag_seconds": (
        "For how long the generation that is served has been known while the site has an older one; 0 if it has not.",
        _PLACE,
    ),
    "gslb_content_look_age_seconds": ("Time since somebody could look at the set on the site.", _PLACE),
    "gslb_content_served": ("1; which generation of the set is served, the first 12 digits of it.", (*_SET, "generation")),
    "gslb_content_served_timestamp_seconds": ("Since when that generation is served, in Unix time.", _SET),
    "gslb_content_sites": ("Sites that hold a generation in good order.", (*_SET, "generation")),
    "gslb_content_short": ("1 while sites with less than half of the capacity hold what is served.", _SET),
    "gslb_content_rolling": ("1 while sites that are up hold more than one generation.", _SET),
    "gslb_content_manifest_files": ("Files of the manifests that answers go by, of limits.manifest_files.", ()),
    "gslb_content_manifests_left_out": ("Generations whose manifests are beyond that bound.", ()),
}

_Gauges = dict[tuple[str, ...], float]


class Scanning:
    """`did` gets the events of each look, and has the next World made."""

    def __init__(
        self, configuration: Configuration, tracker: Tracker, setting: Setting, did: Callable[[list[Event]], None]
    ) -> None:
        self._tracker, self._did = tracker, did
        self._looks: Counter[tuple[str, ...]] = Counter()
        self._octets: Counter[tuple[str, ...]] = Counter()
        self._scheduler = ContentScheduler(
            tracker.content.targets,
            bounds_of(configuration, setting),
            self._looked,
            interval_s=configuration.probes.interval_s,
            concurrency=min(LOOKS_AT_A_TIME, configuration.probes.concurrency),
        )

    @property
    def round_complete(self) -> bool:
        return self._scheduler.round_complete

    def start(self) -> None:
        self._scheduler.start()

    async def stop(self) -> None:
        await self._scheduler.stop()

    def reconfigure(self, configuration: Configuration, setting: Setting) -> None:
        """After the tracker."""
        interval_s = configuration.probes.interval_s
        self._scheduler.update(self._tracker.content.targets, setting=bounds_of(configuration, setting), interval_s=interval_s)

    def scan(self, site: str) -> tuple[int, int]:
        """Look at all release sets of a site as soon as may be, and scan them: how many will be, of how many. Those of a site
        that has asked us to wait are not.
        """
        keys = [target.key for target in self._tracker.content.targets if target.site == site]
        for key in keys:
            self._scheduler.look_now(key)
        return sum(self._scheduler.scan_now(key) for key in keys), len(keys)

    def counters(self) -> dict[tuple[str, ...], int]:
        found = {("gslb_content_looks_total", *key): count for key, count in self._looks.items()}
        found |= {("gslb_content_octets_total", *key): count for key, count in self._octets.items()}
        found["gslb_content_internal_errors_total",] = self._scheduler.internal_errors
        return found

    def gauges(self) -> _Gauges:
        manifests = self._tracker.content.manifests
        found: _Gauges = {
            ("gslb_content_manifest_files",): manifests.files,
            ("gslb_content_manifests_left_out",): manifests.left_out,
        }
        utc = datetime.now(UTC)
        for report in self._tracker.content_reports(time.monotonic(), utc):
            found |= _of_set(report)
            found |= _of_places(report, utc)
        return found

    def _looked(self, result: ContentResult) -> None:
        key = ContentKey.parse(result.key)
        place = (key.service, key.content, key.site)
        self._looks[*place, "scan" if result.full else "round", result.look.value] += 1
        self._octets[place] += result.octets
        now_s = time.monotonic()
        self._did(self._tracker.observe_content(result, now_s, datetime.now(UTC)))
        if self._tracker.content.scan_due(result.key, now_s) and not self._scheduler.is_scanning(result.key):
            self._scheduler.scan_now(result.key)


def _of_set(report: SetReport) -> _Gauges:
    names = (report.service, report.content)
    found: _Gauges = {("gslb_content_short", *names): report.short, ("gslb_content_rolling", *names): report.rolling}
    if report.served and report.since is not None:
        found["gslb_content_served", *names, short(report.served)] = 1
        found["gslb_content_served_timestamp_seconds", *names] = report.since.timestamp()
    for generation in report.generations:
        if generation.sites:
            found["gslb_content_sites", *names, short(generation.name)] = len(generation.sites)
    return found


def _of_places(report: SetReport, utc: datetime) -> _Gauges:
    """Of several addresses the worst."""
    places: dict[tuple[str, ...], list[PlaceReport]] = {}
    for each in report.places:
        place = (report.service, report.content, each.door.value, str(each.family), each.site)
        places.setdefault(place, []).append(each)
    found: _Gauges = {}
    for labels, group in places.items():
        found |= {(name, *labels): value for name, value in _of_place(group, report.served, utc).items()}
    return found


def _of_place(group: list[PlaceReport], served: str, utc: datetime) -> Mapping[str, float]:
    worst = min(group, key=lambda place: WORST_FIRST.index(place.hold))
    looked = [place.looked for place in group]
    lags = [place.lag_s for place in group if place.lag_s is not None]
    found: dict[str, float] = {
        "gslb_content_current": worst.hold is Hold.GOOD and all(place.generation == served for place in group),
        "gslb_content_wrong": worst.hold is Hold.WRONG,
    }
    if lags:
        found["gslb_content_lag_seconds"] = max(lags)
    oldest = min((at for at in looked if at is not None), default=None)
    if oldest is not None:
        found["gslb_content_look_age_seconds"] = max(0.0, (utc - oldest).total_seconds())
    return found
