"""/api/v1: what is so, and what an operator may do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import IPvAnyAddress, StringConstraints, WithJsonSchema

from gslb.admin import draining, shown
from gslb.admin.asked import ClientText, network_of
from gslb.admin.asked import parse as asked_of
from gslb.admin.board import Boards
from gslb.admin.content import WholeSite, site_content
from gslb.admin.conventions.paging import Before, paged
from gslb.admin.explanation import Explanation, Via, explain
from gslb.admin.gate import Overseer, Reader
from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.admin.problems import documented, refusal
from gslb.admin.times import Time
from gslb.admin.views import Condition, ConfigView, DrainRequest, EventView, ServiceView, SiteView, StatusView
from gslb.errors import UsageError
from gslb.model import EventFilter, Family, Severity
from gslb.state import SiteReport

PREFIX = "/api/v1"
EVENTS_MOST = 1000

# What pydantic calls it, ipvanyaddress, nobody else knows.
_RESOLVER = WithJsonSchema({"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]})
_FAMILIES: dict[str | None, Family] = {"4": 4, "6": 6}

_ANY: frozenset[Condition] = frozenset(get_args(Condition))

Word = Annotated[str, StringConstraints(max_length=255)]
SiteId = Annotated[str, Path(max_length=63, description="As in the configuration.")]

router = APIRouter(prefix=PREFIX, tags=["node"], responses=documented(400, 401, 403, 422, 429))


@router.get("/status")
async def status(request: Request, principal: Reader) -> StatusView:
    """How the node is, and what is the matter, in a sentence."""
    return _boards(request).now(principal).status


@router.get("/sites")
async def sites(
    request: Request,
    principal: Reader,
    region: Annotated[list[str] | None, Query(max_length=16, description="One of these.")] = None,
    condition: Annotated[list[Condition] | None, Query(max_length=16, description="One of these.")] = None,
) -> list[SiteView]:
    """All sites in short. In the order of the configuration; an owner gets the own ones."""
    found = _boards(request).now(principal).sites
    return [site for site in found if site.region in (region or (site.region,)) and site.condition in (condition or _ANY)]


@router.get("/sites/{site}", responses=documented(404))
async def site_detail(request: Request, site: SiteId, principal: Reader) -> WholeSite:
    """All that is known of a site: each address with its last results, and the `curl` line that repeats the last probe."""
    node, report = _node(request), _report(request, site, principal)
    detail = shown.site_detail(report, node.configuration, shown.seen_lately(node.flows, report), node.orders.weights())
    return WholeSite(**dict(detail), content=site_content(node, site))


@router.post("/sites/{site}/drain", responses=documented(404))
async def drain(request: Request, site: SiteId, body: DrainRequest, principal: Reader) -> SiteView:
    """Take a site out, for a time or until it is enabled. Draining it again replaces reason and end."""
    _may_steer(request, site, principal)
    draining.drain(_node(request), principal, site, body.reason, body.for_s, body.owner)
    return _view(request, site)


@router.post("/sites/{site}/enable", responses=documented(404))
async def enable(request: Request, site: SiteId, principal: Reader) -> SiteView:
    """End a drain, if there is one. A failing site is not forced up."""
    _may_steer(request, site, principal)
    draining.enable(_node(request), principal, site)
    return _view(request, site)


@router.get("/services")
async def services(request: Request, principal: Overseer) -> list[ServiceView]:
    """What is steered, and how many sites are well for it, by door and family."""
    return list(_boards(request).now(principal).services)


@router.get("/explain", responses=documented(404))
async def explained(
    request: Request,
    address: Annotated[ClientText, Query(description="Of the client, or its network, or its AS: then a network of that.")],
    _: Overseer,
    service: Annotated[str | None, Query(max_length=255, description="Its host; may be left out where there is one.")] = None,
    via: Annotated[Via, Query()] = "dns",
    path: Annotated[str | None, Query(max_length=8192, pattern=r"^/[!-~]*$", description="DNS sees none.")] = None,
    family: Annotated[Literal["4", "6"] | None, Query(description="Of the address asked for; else the client's.")] = None,
    resolver: Annotated[IPvAnyAddress | None, _RESOLVER, Query(description="Who asks on its behalf, by DNS.")] = None,
) -> Explanation:
    """Where this client lands now, and why: every site, kept or dropped, with the reason."""
    node = _node(request)
    try:
        asked = await network_of(asked_of(address), node.systems)
        return explain(node.world, node.lookup, asked, service, via, path, _FAMILIES.get(family), node.scopes, resolver)
    except UsageError as error:
        raise refusal(404, str(error)) from error


@router.get("/events")
async def events(
    request: Request,
    response: Response,
    principal: Reader,
    limit: Annotated[int, Query(ge=1, le=EVENTS_MOST)] = 100,
    before: Before = None,
    kind: Annotated[list[Word] | None, Query(max_length=16, description="One of these kinds.")] = None,
    severity: Annotated[list[Severity] | None, Query(max_length=16, description="One of these.")] = None,
    subject: Annotated[
        list[Word] | None, Query(max_length=16, description="A site, service, file or node: one of these.")
    ] = None,
    since: Annotated[Time | None, Query(description="With its offset from UTC.")] = None,
    until: Annotated[Time | None, Query(description="With its offset from UTC; not itself within.")] = None,
) -> list[EventView]:
    """What happened, the newest first. An owner sees what is about the own sites."""
    subjects = _subjects(principal, subject)
    severities = None if severity is None else frozenset(each.value for each in severity)
    wanted = EventFilter(None if kind is None else frozenset(kind), severities, subjects, since, until)
    found = _node(request).events(limit, before, wanted)
    paged(request, response, found, limit, found[-1].number if found else None)
    return [shown.event_view(event) for event in found]


@router.get("/config")
async def config(request: Request, _: Overseer) -> ConfigView:
    """What runs, and what became of the last attempt to change it."""
    return shown.config_view(_node(request))


def _node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


def _boards(request: Request) -> Boards:
    boards: Boards = request.app.state.boards
    return boards


def _subjects(principal: Principal, asked: Sequence[str] | None) -> frozenset[str] | None:
    """What the events may be about that are shown: of those asked for, the own ones; None: about anything."""
    if principal.sees_all:
        return None if asked is None else frozenset(asked)
    return frozenset(principal.sites if asked is None else set(asked) & set(principal.sites))


def _may_steer(request: Request, site: str, principal: Principal) -> None:
    _report(request, site, principal)
    if not principal.steers(site):
        raise refusal(403, f"the role {principal.role} may look, and change nothing")


def _report(request: Request, site: str, principal: Principal) -> SiteReport:
    """Nobody learns which sites there are by trying names that are not theirs."""
    if not principal.sees(site):
        raise refusal(403, f"{site} is not yours; yours: {', '.join(principal.sites) or 'none'}")
    try:
        return _node(request).report(site)
    except UsageError as error:
        raise refusal(404, str(error)) from error


def _view(request: Request, site: str) -> SiteView:
    node = _node(request)
    report = node.report(site)
    return shown.site_view(report, node.configuration, shown.seen_lately(node.flows, report), node.orders.weights())
