"""/api/v1/maintenance: the calendar of planned drains."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.orders.calendar import MEDIA_TYPE, calendar
from gslb.admin.orders.changes import Word
from gslb.admin.orders.overrides import document
from gslb.admin.orders.shortage import shortages
from gslb.admin.principal import Principal
from gslb.admin.problems import Unfit, documented, refusal
from gslb.admin.times import Time
from gslb.admin.views import LONGEST_S, Asked, Line, View
from gslb.errors import ConflictError, UsageError
from gslb.model import Maintenance, MaintenanceState

AHEAD_S = 2 * 366 * 86400

router = APIRouter(prefix="/api/v1", tags=["orders"], responses=documented(400, 401, 403, 422, 429))


class MaintenanceView(View):
    """A planned drain. Times are UTC."""

    id: str
    site: str
    start: datetime
    end: datetime
    reason: str
    owner: str | None = Field(description="Who does the work, where that is told.")
    who: str = Field(description="Who planned it.")
    state: MaintenanceState


class PlannedView(MaintenanceView):
    warnings: list[str] = Field(description="What it leaves short, in sentences.")


class MaintenanceRequest(Asked):
    site: Word
    start: Time = Field(description="With its offset from UTC. In the past: at once.")
    end: Time
    reason: Line
    owner: Line | None = Field(None, description="Who does the work, if that is somebody else.")


PlanId = Annotated[str, Path(max_length=63, description="As in the list of them.")]
From = Annotated[Time | None, Query(alias="from", description="What ends after this.")]
To = Annotated[Time | None, Query(description="What begins before this.")]


@router.get("/maintenance")
async def maintenance(request: Request, principal: Reader, from_: From = None, to: To = None) -> list[MaintenanceView]:
    """The calendar, by start: what is planned, runs, or is over, as far as that is kept. An owner sees the own sites."""
    return [MaintenanceView.model_validate(each) for each in _seen(request, principal, from_, to)]


_ICS: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "description": "iCalendar (RFC 5545)."}
}


@router.get("/maintenance.ics", response_class=Response, responses=_ICS)
async def as_calendar(request: Request, principal: Reader) -> Response:
    """The same as iCalendar, for the calendar of a person."""
    node: Node = request.app.state.node
    text = calendar(_seen(request, principal, None, None), node.configuration.node, request.app.state.utc_now())
    return Response(text, media_type=MEDIA_TYPE, headers={"Content-Disposition": 'inline; filename="maintenance.ics"'})


@router.post("/maintenance", status_code=201, responses=documented(409))
async def plan(request: Request, body: MaintenanceRequest, principal: Reader) -> PlannedView:
    """Plan a drain, which begins and ends by itself; the site comes back slowly. `warnings` tell what that leaves short."""
    node: Node = request.app.state.node
    if not principal.sees(body.site):
        raise refusal(403, f"{body.site} is not yours; yours: {', '.join(principal.sites) or 'none'}")
    if not principal.steers(body.site):
        raise refusal(403, f"the role {principal.role} may look, and change nothing")
    _need_room(node, principal)
    start, end = _times(body, request.app.state.utc_now(), {site.id for site in node.configuration.sites})
    new = Maintenance(f"m-{secrets.token_hex(4)}", body.site, start, end, body.reason, principal.name, body.owner)
    try:
        planned(node, principal, new)
    except ConflictError as error:
        raise refusal(409, str(error)) from error
    except UsageError as error:
        raise Unfit("body.end", str(error)) from error
    view = MaintenanceView.model_validate(_find(node, new.id) or new)
    return PlannedView(**dict(view), warnings=shortages(node.configuration, node.orders, new))


@router.delete("/maintenance/{plan_id}", status_code=204, responses=documented(404, 409))
async def cancel(request: Request, plan_id: PlanId, principal: Reader) -> None:
    """Cancel what is planned, or end what runs: the site comes back slowly."""
    node: Node = request.app.state.node
    found = _find(node, plan_id)
    if found is None or not principal.sees(found.site):
        raise refusal(404, f"there is no maintenance {plan_id}")
    if not principal.steers(found.site):
        raise refusal(403, f"the role {principal.role} may look, and change nothing")
    if not found.open:
        raise refusal(409, f"that maintenance of {found.site} is {found.state.value} already")
    cancelled(node, principal, found)


def planned(node: Node, principal: Principal, new: Maintenance) -> None:
    """Does it, and notes who did. Raises ConflictError and UsageError."""
    node.order(lambda orders, clock: orders.plan(new, node.configuration, clock))
    after = document(MaintenanceView.model_validate(new))
    node.acts.record(principal, "maintenance", new.site, new.reason, {}, after, told=True)


def cancelled(node: Node, principal: Principal, found: Maintenance) -> None:
    before = document(MaintenanceView.model_validate(found))
    node.order(lambda orders, clock: orders.cancel(found.id, principal.name, clock))
    node.acts.record(principal, "maintenance-cancel", found.site, "", before, {}, told=True)


def _need_room(node: Node, principal: Principal) -> None:
    """An owner fills no more than half of the calendar: the rest is for others, and for the night in which one is needed."""
    most = max(1, node.configuration.limits.maintenance // 2)
    own = [each for each in node.orders.maintenance if each.open and each.site in principal.sites]
    if principal.role == "owner" and len(own) >= most:
        raise refusal(409, f"{most} are planned for your sites already, half of limits.maintenance: cancel some")


def _times(body: MaintenanceRequest, utc: datetime, sites: set[str]) -> tuple[datetime, datetime]:
    if body.site not in sites:
        raise Unfit("body.site", f"there is no site {body.site}")
    start, end = body.start, body.end
    if end <= start:
        raise Unfit("body.end", "has to be after the start")
    if end <= utc:
        raise Unfit("body.end", "is over already")
    if end - start > timedelta(seconds=LONGEST_S):
        raise Unfit("body.end", "is more than a year after the start; drain the site until it is enabled")
    if start - utc > timedelta(seconds=AHEAD_S):
        raise Unfit("body.start", "is more than two years ahead")
    return start, end


def _find(node: Node, plan_id: str) -> Maintenance | None:
    return next((each for each in node.orders.maintenance if each.id == plan_id), None)


def _seen(request: Request, principal: Principal, start: datetime | None, end: datetime | None) -> Sequence[Maintenance]:
    node: Node = request.app.state.node
    return [
        each
        for each in node.orders.maintenance
        if principal.sees(each.site) and (start is None or each.end > start) and (end is None or each.start < end)
    ]
