"""What the API shows of sites and services. A field may be added; one that is here keeps its name and meaning."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gslb.model import Door, Family, Severity, State
from gslb.model.text import unprintable

Condition = Literal["up", "starting", "partial", "unknown", "down", "wrong", "drained"]
Text = Annotated[str, BeforeValidator(str)]  # of an address or an enumeration


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class LocationView(View):
    latitude: float
    longitude: float


class LeftView(View):
    """Of the answers of the last seconds, those that named a drained site."""

    per_s: float
    share: float = Field(description="Of all answers, 0 to 1.")


class DrainView(View):
    reason: str
    who: str
    since: datetime
    until: datetime | None = Field(description="Absent: until somebody enables the site.")
    owner: str | None = Field(None, description="Who does the work, where that is told.")
    left: LeftView | None = Field(None, description="What still goes there; absent where nobody counts.")


class LatencyView(View):
    vantage: str
    used_ms: float = Field(description="What answers depend on; it follows the estimate in steps.")
    usual_ms: float
    slow: bool


class CheckView(View):
    """One address of a site, for one service through one door."""

    service: str
    door: Door
    family: Family
    address: Text
    state: State
    reason: str
    since: datetime
    ramp: int = Field(description="Steps of slow start that are done, of 10.")
    flapping: bool


class SiteView(View):
    id: str
    region: str
    country: str | None
    location: LocationView
    url: str
    url_https: str | None
    weight: int = Field(description="As configured.")
    weight_now: int = Field(description="What counts: that of an override, where there is one.")
    capacity: int | None = Field(description="Mbit/s")
    condition: Condition = Field(description="All of it in one word; partial: well over one family, door or address alone.")
    reason: str
    since: datetime
    ramp: int = Field(description="Steps of slow start that are done, of 10.")
    returning: int | None = Field(description="Those steps, while it comes back slowly; else absent.")
    slow: bool = Field(description="It answers at three times its own usual latency.")
    flapping: bool
    drain: DrainView | None
    checks: list[CheckView]
    latency: list[LatencyView]


class TimingsView(View):
    connect_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None


class ExchangeView(View):
    request: str
    response: str
    bytes_read: int
    error: str
    command: str
    certificate_days: float | None


class ResultView(View):
    at: datetime
    vantage: str
    recheck: bool
    verdict: str
    reason: str
    timings: TimingsView
    exchange: ExchangeView


class TransitionView(View):
    at: datetime
    old: State
    new: State
    reason: str


class VantageView(View):
    vantage: str
    state: State
    reason: str
    since: datetime
    last: datetime | None
    last_good: datetime | None
    failures: int
    successes: int
    fresh: bool
    frozen: bool


class TargetView(CheckView):
    last_good: datetime | None
    results_to_change: int = Field(description="The fewest further results that could change the state.")
    changes: int = Field(description="Between up and down, in the window of flapping.")
    curl: str = Field(description="Repeats the last probe by hand.")
    vantages: list[VantageView]
    results: list[ResultView] = Field(description="The last ones, failures kept longer, in the order of time.")
    transitions: list[TransitionView]


class SiteDetail(SiteView):
    last_good: datetime | None
    targets: list[TargetView]


class EventView(View):
    number: int
    at: datetime
    kind: str
    severity: Severity
    subject: str
    message: str
    who: str
    data: dict[str, str]


class SideView(View):
    """A service through one door over one family."""

    door: Door
    family: Family
    sites: int
    up: int
    all_down: bool


class ServiceView(View):
    host: str
    http_hosts: list[str]
    via: list[Door]
    ttl_min_s: int
    ttl_max_s: int
    answers: int
    when_all_down: str | list[str]
    policy: list[str]
    sides: list[SideView]


class HeadlineView(View):
    """What is the matter, in a sentence."""

    level: Severity
    headline: str
    details: list[str]


class StatusView(View):
    node: str
    version: str
    ready: bool
    stale: bool
    started: datetime
    world: int
    world_at: datetime
    world_digest: str
    workers: int
    workers_wanted: int
    configuration_accepted: bool
    last_event: int
    incident: HeadlineView


class FaultView(View):
    file: str
    line: int
    key: str
    message: str


class ReloadView(View):
    at: datetime
    accepted: bool
    faults: list[FaultView]
    changes: list[str]


class GeoView(View):
    path: str
    type: str
    built: datetime
    sha256: str


class ConfigView(View):
    """What runs, and what became of the last attempt to change it."""

    node: str
    file: str
    digest: str = Field(description="SHA-256 of the file that runs.")
    world: int
    reload: ReloadView
    geo: list[GeoView]
    limits: dict[str, Any]


# For OpenAPI: what `_line` says in sentences.
_HIDDEN = r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
_BLANK = r"\s\u200c\u200d\ufe00-\ufe0f"  # which join others, or choose how they look
_LINE = rf"^[^{_HIDDEN}]*[^{_BLANK}{_HIDDEN}][^{_HIDDEN}]*$"


def _line(text: str) -> str:
    found = unprintable(text)
    if found is not None:
        raise ValueError(f"is not one line of plain text: U+{ord(found):04X} controls what is shown, and shows nothing")
    if not re.search(_LINE, text):
        raise ValueError("says nothing")
    return text.strip()


LONGEST_S = 366 * 86400
Line = Annotated[
    str,
    AfterValidator(_line),
    Field(
        min_length=1,
        max_length=200,
        description="One line, without control characters of any kind.",
        json_schema_extra={"pattern": _LINE},
    ),
]

Note = Annotated[
    str,
    AfterValidator(lambda text: text and _line(text)),
    Field(max_length=200, description="One line, or nothing.", json_schema_extra={"pattern": rf"^$|{_LINE}"}),
]


class Asked(BaseModel):
    """A body. Strict: `true` is no second, and "60" is no minute."""

    model_config = ConfigDict(extra="forbid", strict=True)


class DrainRequest(Asked):
    reason: Line
    for_s: float | None = Field(None, ge=1, le=LONGEST_S, allow_inf_nan=False, description="Seconds; absent: until enabled.")
    owner: Line | None = Field(None, description="Who does the work, if that is somebody else.")
