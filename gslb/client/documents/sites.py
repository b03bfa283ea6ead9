"""What the API answers of sites and services.

Written by `python -m tests.client.documents` from the OpenAPI document.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

__all__ = [
    "CheckView",
    "Door",
    "DrainView",
    "ExchangeView",
    "FileFaultView",
    "HeadlineView",
    "Hold",
    "LastScanView",
    "LatencyView",
    "LeftView",
    "LocationView",
    "ResultView",
    "ScanView",
    "ServiceView",
    "Severity",
    "SideView",
    "SiteContentView",
    "SiteView",
    "State",
    "StatusView",
    "TargetView",
    "TimingsView",
    "TransitionView",
    "VantageView",
    "WholeSite",
]


class CheckView(TypedDict):
    service: str
    door: Door
    family: Literal[4, 6]
    address: str
    state: State
    reason: str
    since: str
    ramp: int
    flapping: bool


Door = Literal["dns", "http"]


class DrainView(TypedDict):
    reason: str
    who: str
    since: str
    until: str | None
    owner: NotRequired[str | None]
    left: NotRequired[LeftView | None]


class ExchangeView(TypedDict):
    request: str
    response: str
    bytes_read: int
    error: str
    command: str
    certificate_days: float | None


class FileFaultView(TypedDict):
    path: str
    look: str
    reason: str


class HeadlineView(TypedDict):
    level: Severity
    headline: str
    details: list[str]


Hold = Literal["good", "unknown", "absent", "wrong"]


class LastScanView(TypedDict):
    at: str
    look: str
    reason: str
    checked: int
    hashed: int
    lacking: int
    wrong: int
    faults: list[FileFaultView]
    curl: str


class LatencyView(TypedDict):
    vantage: str
    used_ms: float
    usual_ms: float
    slow: bool


class LeftView(TypedDict):
    per_s: float
    share: float


class LocationView(TypedDict):
    latitude: float
    longitude: float


class ResultView(TypedDict):
    at: str
    vantage: str
    recheck: bool
    verdict: str
    reason: str
    timings: TimingsView
    exchange: ExchangeView


class ScanView(TypedDict):
    site: str
    scans: int
    held: int


class ServiceView(TypedDict):
    host: str
    http_hosts: list[str]
    via: list[Door]
    ttl_min_s: int
    ttl_max_s: int
    answers: int
    when_all_down: str | list[str]
    policy: list[str]
    sides: list[SideView]


Severity = Literal["info", "warning", "error"]


class SideView(TypedDict):
    door: Door
    family: Literal[4, 6]
    sites: int
    up: int
    all_down: bool


class SiteContentView(TypedDict):
    site: str
    door: Door
    family: Literal[4, 6]
    address: str
    hold: Hold
    reason: str
    since: str
    generation: str
    scanned: bool
    lag_s: float | None
    looked: str | None
    checked: int
    full: bool
    lacking: int
    wrong: int
    faults: list[FileFaultView]
    curl: str
    scan: LastScanView | None
    service: str
    content: str


class SiteView(TypedDict):
    id: str
    region: str
    country: str | None
    location: LocationView
    url: str
    url_https: str | None
    weight: int
    weight_now: int
    capacity: int | None
    condition: Literal["up", "starting", "partial", "unknown", "down", "wrong", "drained"]
    reason: str
    since: str
    ramp: int
    returning: int | None
    slow: bool
    flapping: bool
    drain: DrainView | None
    checks: list[CheckView]
    latency: list[LatencyView]


State = Literal["up", "unknown", "down", "wrong"]


class StatusView(TypedDict):
    node: str
    version: str
    ready: bool
    stale: bool
    started: str
    world: int
    world_at: str
    world_digest: str
    workers: int
    workers_wanted: int
    configuration_accepted: bool
    last_event: int
    incident: HeadlineView


class TargetView(TypedDict):
    service: str
    door: Door
    family: Literal[4, 6]
    address: str
    state: State
    reason: str
    since: str
    ramp: int
    flapping: bool
    last_good: str | None
    results_to_change: int
    changes: int
    curl: str
    vantages: list[VantageView]
    results: list[ResultView]
    transitions: list[TransitionView]


class TimingsView(TypedDict):
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None


class TransitionView(TypedDict):
    at: str
    old: State
    new: State
    reason: str


class VantageView(TypedDict):
    vantage: str
    state: State
    reason: str
    since: str
    last: str | None
    last_good: str | None
    failures: int
    successes: int
    fresh: bool
    frozen: bool


class WholeSite(TypedDict):
    id: str
    region: str
    country: str | None
    location: LocationView
    url: str
    url_https: str | None
    weight: int
    weight_now: int
    capacity: int | None
    condition: Literal["up", "starting", "partial", "unknown", "down", "wrong", "drained"]
    reason: str
    since: str
    ramp: int
    returning: int | None
    slow: bool
    flapping: bool
    drain: DrainView | None
    checks: list[CheckView]
    latency: list[LatencyView]
    last_good: str | None
    targets: list[TargetView]
    content: list[SiteContentView]
