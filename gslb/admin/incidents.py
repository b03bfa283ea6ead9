"""/api/v1/incidents: what is wrong, for whom, and since when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.responses import PlainTextResponse

from gslb.admin.conventions.paging import NUMBER_MOST, Before, paged
from gslb.admin.gate import Reader
from gslb.admin.incidentbook import Incidents
from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.admin.problems import documented, refusal
from gslb.admin.views import Asked, Note, View
from gslb.errors import UsageError
from gslb.model import Severity
from gslb.state.incidents import Incident, limited, markdown

PREFIX: Final = "/api/v1"
INCIDENTS_MOST: Final = 200
STREAMED_MOST: Final = 50
STREAMED_MOMENTS: Final = 10  # of a timeline: the rest is in /incidents/{number}
READ_MOST: Final = 2000  # to find those that an owner may see

router = APIRouter(prefix=PREFIX, tags=["incidents"], responses=documented(400, 401, 403, 422, 429))


class ImpactView(View):
    share_degraded: float = Field(description="Share of all clients, 0 to 1, that are sent elsewhere than if all were well.")
    clients_per_s: float | None = Field(description="The same in answers a second, where that is counted.")
    capacity_left: dict[str, float] = Field(description="By region, 0 to 1: those that are touched, and those that are short.")


class MomentView(View):
    at: datetime
    kind: str
    message: str
    who: str


class AcknowledgementView(View):
    who: str
    at: datetime
    note: str


class IncidentView(View):
    number: int
    opened: datetime
    closed: datetime | None
    severity: Severity = Field(description="The worst that it came to.")
    title: str
    sites: list[str]
    services: list[str]
    regions: list[str]
    impact: ImpactView
    cause: str
    what_now: str
    active: bool = Field(description="Something of it is wrong now; else it is open because it might come back.")
    merged: int | None = Field(description="The incident as which this one went on.")
    timeline: list[MomentView]
    acknowledged: AcknowledgementView | None


class AcknowledgeRequest(Asked):
    note: Note | None = Field(None, description="For those who look on.")


Number = Annotated[int, Path(ge=1, le=NUMBER_MOST, description="Of an incident.")]


@router.get("/incidents")
async def incidents(
    request: Request,
    response: Response,
    principal: Reader,
    state: Annotated[Literal["open", "all"], Query(description="open: the worst for clients first; all: the newest.")] = "open",
    limit: Annotated[int, Query(ge=1, le=INCIDENTS_MOST)] = 50,
    before: Before = None,
) -> list[IncidentView]:
    """What is wrong, or was. An owner sees those of the own sites."""
    node: Node = request.app.state.node
    if state == "open":
        shown = [each for each in node.incidents.open if sees(principal, each) and (before is None or each.number < before)]
        return [view(each, principal) for each in shown[:limit]]
    found = _page(node, principal, limit, before)
    paged(request, response, found, limit, found[-1].number if found else None)
    return [view(each, principal) for each in found]


def _page(node: Node, principal: Principal, limit: int, before: int | None) -> list[Incident]:
    if principal.sees_all:
        return list(node.incidents.page(limit, before))
    found: list[Incident] = []
    read = 0
    while read < READ_MOST:
        page = node.incidents.page(INCIDENTS_MOST, before)
        found += [each for each in page if sees(principal, each)]
        read += len(page)
        if len(page) < INCIDENTS_MOST or len(found) >= limit:
            break
        before = page[-1].number
    return found[:limit]


@router.get(
    "/incidents/{number}.md",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}, **documented(404)},
)
async def document(request: Request, number: Number, principal: Reader) -> Response:
    """The same as a document in Markdown, for a ticket or a report."""
    incident = _found(request, number, principal)
    headers = {"Content-Disposition": f'inline; filename="incident-{number}.md"'}
    return Response(markdown(seen_by(principal, incident)), media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/incidents/{number}", responses=documented(404))
async def incident(request: Request, number: Number, principal: Reader) -> IncidentView:
    """One incident, whole."""
    return view(_found(request, number, principal), principal)


@router.post("/incidents/{number}/acknowledge", responses=documented(404, 409))
async def acknowledge(request: Request, number: Number, body: AcknowledgeRequest, principal: Reader) -> IncidentView:
    """Say that somebody looks after it. Who does it again replaces the note."""
    node: Node = request.app.state.node
    known = _found(request, number, principal)
    if not _may(principal, known):
        raise refusal(403, f"the role {principal.role} may look, and change nothing")
    note = body.note or ""
    try:
        done = node.incidents.acknowledge(number, principal.name, note)
    except UsageError as error:
        raise refusal(409, str(error)) from error
    node.acts.record(principal, "acknowledge", f"incident {number}", note, message=f"incident {number} is looked after")
    return view(done, principal)


def _found(request: Request, number: int, principal: Principal) -> Incident:
    found: Incident | None = request.app.state.node.incidents.find(number)
    if found is None or not sees(principal, found):
        raise refusal(404, f"there is no incident {number}")
    return found


def sees(principal: Principal, incident: Incident) -> bool:
    """An owner sees what touches a site of theirs."""
    return principal.sees_all or any(principal.sees(site) for site in incident.sites)


def _may(principal: Principal, incident: Incident) -> bool:
    return principal.role == "operator" or any(principal.steers(site) for site in incident.sites)


def seen_by(principal: Principal, incident: Incident) -> Incident:
    """An owner reads nothing about sites of others, though they are part of it."""
    return incident if principal.sees_all else limited(incident, principal.sites)


def view(whole: Incident, principal: Principal) -> IncidentView:
    incident = seen_by(principal, whole)
    return IncidentView(
        number=incident.number,
        opened=incident.opened,
        closed=incident.closed,
        severity=incident.severity,
        title=incident.title,
        sites=list(incident.sites),
        services=list(incident.services),
        regions=list(incident.regions),
        impact=ImpactView(
            share_degraded=incident.impact.share_degraded,
            clients_per_s=incident.impact.clients_per_s,
            capacity_left=dict(incident.impact.capacity_left),
        ),
        cause=incident.cause,
        what_now=incident.what_now,
        active=bool(incident.active),
        merged=incident.merged,
        timeline=[MomentView.model_validate(each) for each in incident.timeline],
        acknowledged=None if incident.acknowledged is None else AcknowledgementView.model_validate(incident.acknowledged),
    )


def open_views(book: Incidents, principal: Principal) -> list[IncidentView]:
    """For the stream: those that are open, the worst for clients first, with the end of their timelines."""
    shown = [replace(each, timeline=each.timeline[-STREAMED_MOMENTS:]) for each in book.open if sees(principal, each)]
    return [view(each, principal) for each in shown[:STREAMED_MOST]]
