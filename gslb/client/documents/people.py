"""What the API answers of what people did and set.

Written by `python -m tests.client.documents` from the OpenAPI document.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from gslb.client.documents.sites import Severity

__all__ = [
    "AcknowledgementView",
    "ActView",
    "AudienceView",
    "ChannelView",
    "EndedView",
    "ImpactView",
    "IncidentView",
    "LineView",
    "MaintenanceState",
    "MaintenanceView",
    "MeView",
    "MomentView",
    "NewToken",
    "PlannedView",
    "QuietView",
    "TokenView",
    "TriedView",
]


class AcknowledgementView(TypedDict):
    who: str
    at: str
    note: str


class ActView(TypedDict):
    number: int
    at: str
    who: str
    role: str
    by: str
    action: str
    subject: str
    why: str
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: int | None
    undone_by: int | None
    undoable: bool


class AudienceView(TypedDict):
    sites: list[str]
    regions: list[str]
    owners: list[str]
    severity: Severity


ChannelView = TypedDict(
    "ChannelView",
    {
        "name": "str",
        "kind": "Literal['webhook', 'slack', 'alertmanager', 'email']",
        "for": "AudienceView",
        "quiet": "QuietView | None",
        "digest_s": "float | None",
        "repeat_s": "float | None",
        "last_sent": "str | None",
        "last_error": "str | None",
        "waiting": "int",
        "failures": "int",
    },
)


class EndedView(TypedDict):
    ended: int


class ImpactView(TypedDict):
    share_degraded: float
    clients_per_s: float | None
    capacity_left: dict[str, float]


class IncidentView(TypedDict):
    number: int
    opened: str
    closed: str | None
    severity: Severity
    title: str
    sites: list[str]
    services: list[str]
    regions: list[str]
    impact: ImpactView
    cause: str
    what_now: str
    active: bool
    merged: int | None
    timeline: list[MomentView]
    acknowledged: AcknowledgementView | None


class LineView(TypedDict):
    number: int
    at: str
    kind: str
    severity: Severity
    subject: str
    message: str
    who: str
    data: dict[str, str]
    act: int | None
    why: str
    undoable: bool


MaintenanceState = Literal["planned", "running", "done", "cancelled"]


class MaintenanceView(TypedDict):
    id: str
    site: str
    start: str
    end: str
    reason: str
    owner: str | None
    who: str
    state: MaintenanceState


class MeView(TypedDict):
    name: str
    role: Literal["viewer", "owner", "operator"]
    by: Literal["loopback", "token", "session", "oidc", "node"]
    sites: list[str]
    expires: str | None
    csrf: str | None
    may: list[str]


class MomentView(TypedDict):
    at: str
    kind: str
    message: str
    who: str


NewToken = TypedDict(
    "NewToken",
    {
        "id": "str",
        "name": "str",
        "role": "Literal['viewer', 'owner', 'operator']",
        "sites": "list[str]",
        "created": "str | None",
        "created_by": "str | None",
        "expires": "str | None",
        "revoked": "str | None",
        "last_used": "str | None",
        "from": "Literal['configuration', 'api']",
        "token": "str",
    },
)


class PlannedView(TypedDict):
    id: str
    site: str
    start: str
    end: str
    reason: str
    owner: str | None
    who: str
    state: MaintenanceState
    warnings: list[str]


QuietView = TypedDict("QuietView", {"from": "str", "to": "str", "timezone": "str", "but": "Severity"})


TokenView = TypedDict(
    "TokenView",
    {
        "id": "str",
        "name": "str",
        "role": "Literal['viewer', 'owner', 'operator']",
        "sites": "list[str]",
        "created": "str | None",
        "created_by": "str | None",
        "expires": "str | None",
        "revoked": "str | None",
        "last_used": "str | None",
        "from": "Literal['configuration', 'api']",
    },
)


class TriedView(TypedDict):
    delivered: bool
    error: str | None
