"""What the API answers of who goes where.

Written by `python -m tests.client.documents` from the OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = [
    "Applied",
    "ClientsView",
    "CoverageRowView",
    "CoverageView",
    "Diff",
    "ExplainedClient",
    "ExplainedSite",
    "Explanation",
    "FailureView",
    "FlowView",
    "FlowsView",
    "HistoryView",
    "KindView",
    "MoveView",
    "OverrideView",
    "PopulationView",
    "ReachView",
    "RegionShare",
    "SeriesView",
    "ShareView",
    "SimulatedSite",
    "SimulationView",
    "SiteFlowView",
    "SiteHistoryView",
    "SiteLinesView",
    "SiteSideView",
    "SpreadView",
    "Stage",
    "WholeSides",
    "WholeView",
]


class Applied(TypedDict):
    overrides: list[OverrideView]
    drains: list[str]
    acts: list[int]


class ClientsView(TypedDict):
    range: Literal["1h", "24h"]
    kinds: list[KindView]
    failures: list[FailureView]


class CoverageRowView(TypedDict):
    key: str
    label: str
    share: float
    sites: list[ReachView]
    chosen: str | None
    fastest_measured: str | None
    disagrees: bool
    gain_ms: float | None
    measured_by: Literal["clients", "vantage"] | None
    measured_networks: int


class CoverageView(TypedDict):
    service: str
    via: Literal["dns", "http"]
    family: Literal["4", "6"]
    by: Literal["region", "country", "asn"]
    world: int
    clients: int
    source: str
    rows: list[CoverageRowView]


class Diff(TypedDict):
    file: str
    diff: str


class ExplainedClient(TypedDict):
    address: str
    given: str
    resolver: str | None
    network: str
    country: str | None
    location: list[float] | None
    asn: int | None
    home: str | None


class ExplainedSite(TypedDict):
    site: str
    region: str
    rank: int | None
    filter: str
    reason: str
    distance_km: float | None
    addresses: list[str]
    share: float
    weight: int
    capacity: int | None
    latency_ms: float | None
    vantage: str | None


class Explanation(TypedDict):
    service: str
    via: Literal["dns", "http", "https"]
    family: int
    path: str | None
    client: ExplainedClient
    why: str
    answers: list[str]
    ttl_s: int
    scope: int
    scope_by: Literal["map", "database"]
    slot: int
    world: int
    command: str
    policy: list[str]
    stages: list[Stage]
    sites: list[ExplainedSite]


class FailureView(TypedDict):
    site: str
    retries: int
    avoided: int
    share: float


class FlowView(TypedDict):
    region: str | None
    country: str | None
    door: str
    site: str | None
    per_s: float
    share: float


class FlowsView(TypedDict):
    window_s: float
    service: str | None
    total_per_s: float
    flows: list[FlowView]
    sites: list[SiteFlowView]


class HistoryView(TypedDict):
    range: Literal["1h", "24h", "7d", "30d", "1y"]
    step_s: int
    start: str
    sites: dict[str, SiteLinesView]


class KindView(TypedDict):
    kind: str
    requests: int
    redirected: int
    served_through: int
    scripts: int
    documents: int
    retries: int
    avoided: int
    refused: int
    errors: int
    cannot_follow: bool


MoveView = TypedDict("MoveView", {"from": "str | None", "to": "str | None", "share": "float"})


class OverrideView(TypedDict):
    id: str
    kind: Literal["weight", "rule"]
    site: str | None
    weight: int | None
    configured_weight: int | None
    service: str | None
    rule: dict[str, Any] | None
    reason: str
    who: str
    since: str
    until: str | None


class PopulationView(TypedDict):
    kind: str
    clients: int
    source: str


class ReachView(TypedDict):
    site: str
    share: float
    distance_km: float | None
    latency_ms: float | None


class RegionShare(TypedDict):
    before: float
    after: float
    region: str


class SeriesView(TypedDict):
    name: str
    labels: dict[str, str]
    values: list[float | None]


class ShareView(TypedDict):
    before: float
    after: float


class SimulatedSite(TypedDict):
    site: str
    region: str
    capacity: int | None
    before: SiteSideView
    after: SiteSideView


class SimulationView(TypedDict):
    world: int
    service: str
    via: Literal["dns", "http"]
    family: Literal["4", "6"]
    population: PopulationView
    load_mbit_s: float | None
    sites: list[SimulatedSite]
    none: ShareView
    total: WholeSides
    regions: list[RegionShare]
    moved: float
    moves: list[MoveView]
    sentence: str
    decisions: int
    seconds: float


class SiteFlowView(TypedDict):
    site: str
    per_s: float
    share: float
    target: float | None


class SiteHistoryView(TypedDict):
    site: str
    range: Literal["1h", "24h", "7d", "30d", "1y"]
    step_s: int
    start: str
    series: list[SeriesView]


class SiteLinesView(TypedDict):
    up: list[float | None]
    latency: dict[str, list[float | None]]
    share: list[float | None]
    requests: list[float | None]


class SiteSideView(TypedDict):
    share: float
    load: float | None
    overloaded: bool
    distance_km: SpreadView | None
    latency_ms: SpreadView | None


class SpreadView(TypedDict):
    p50: float
    p95: float
    p99: float


class Stage(TypedDict):
    filter: str
    dropped: list[str]
    left: int


class WholeSides(TypedDict):
    before: WholeView
    after: WholeView


class WholeView(TypedDict):
    distance_km: SpreadView | None
    latency_ms: SpreadView | None
    fits_mbit_s: float | None
