"""What the API answers of the node and what happened.

Written by `python -m tests.client.documents` from the OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from gslb.client.documents.sites import Door, FileFaultView, Hold, LastScanView, Severity

__all__ = [
    "ConfigView",
    "EventView",
    "FaultView",
    "GenerationView",
    "GeoView",
    "MeasurementView",
    "PlaceView",
    "ReloadView",
    "SetView",
]


class ConfigView(TypedDict):
    node: str
    file: str
    digest: str
    world: int
    reload: ReloadView
    geo: list[GeoView]
    limits: dict[str, Any]


class EventView(TypedDict):
    number: int
    at: str
    kind: str
    severity: Severity
    subject: str
    message: str
    who: str
    data: dict[str, str]


class FaultView(TypedDict):
    file: str
    line: int
    key: str
    message: str


class GenerationView(TypedDict):
    name: str
    first_seen: str
    modified: str | None
    files: int | None
    sites: list[str]


class GeoView(TypedDict):
    path: str
    type: str
    built: str
    sha256: str


class MeasurementView(TypedDict):
    network: str
    site: str
    ms: float
    at: str
    count: int


class PlaceView(TypedDict):
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


class ReloadView(TypedDict):
    at: str
    accepted: bool
    faults: list[FaultView]
    changes: list[str]


class SetView(TypedDict):
    service: str
    content: str
    served: str
    since: str | None
    short: bool
    rolling: bool
    shortage: str
    carrying: list[str]
    generations: list[GenerationView]
    places: list[PlaceView]
