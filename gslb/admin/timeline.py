"""/api/v1/timeline: one list of what happened and of what people did, so that one stands beside the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from gslb.admin.conventions.paging import Before, paged
from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.problems import documented
from gslb.admin.shown import event_view
from gslb.admin.times import Time
from gslb.admin.views import EventView
from gslb.model import Act, Event, EventFilter

PREFIX: Final = "/api/v1"
LINES_MOST: Final = 1000
ACTS_MOST: Final = 1000
TOGETHER: Final = timedelta(seconds=5)  # an act and its event are told one after the other

router = APIRouter(prefix=PREFIX, tags=["incidents"], responses=documented(400, 401, 403, 422, 429))


class LineView(EventView):
    """An event; if somebody did it, with the number of the act in the audit log."""

    act: int | None
    why: str
    undoable: bool = Field(description="The act can be taken back.")


@router.get("/timeline")
async def timeline(
    request: Request,
    response: Response,
    principal: Reader,
    since: Annotated[Time | None, Query(description="From this time on.")] = None,
    until: Annotated[Time | None, Query(description="Before this time.")] = None,
    limit: Annotated[int, Query(ge=1, le=LINES_MOST)] = 100,
    before: Before = None,
) -> list[LineView]:
    """Changes of state, drains, reloads, databases and acts of people, the newest first."""
    node: Node = request.app.state.node
    wanted = EventFilter(subjects=principal.subjects(None), since=since, until=until)
    found = node.events(limit, before, wanted)
    paged(request, response, found, limit, found[-1].number if found else None)
    acts = _acts(node, found)
    return [_line(node, event, acts.get(event.number)) for event in found]


def _acts(node: Node, events: Sequence[Event]) -> dict[int, Act]:
    """By the number of the event that tells of each."""
    done = [event for event in events if event.who]
    found: dict[int, Act] = {}
    if not done:
        return found
    oldest: datetime = done[-1].at  # by a clock that may have been in the year 1
    acts = [act for act in node.acts.latest(ACTS_MOST) if oldest - act.at <= TOGETHER]
    by_number = {str(act.number): act for act in acts}
    for event in done:
        act = by_number.get(event.data.get("act", "")) or next((each for each in acts if _same(each, event)), None)
        if act is not None:
            found[event.number] = act
    return found


def _same(act: Act, event: Event) -> bool:
    alike = (act.action, act.subject, act.who) == (event.kind, event.subject, event.who)
    return alike and abs(act.at - event.at) <= TOGETHER


def _line(node: Node, event: Event, act: Act | None) -> LineView:
    plain = dict(event_view(event))
    if act is None:
        return LineView(**plain, act=None, why="", undoable=False)
    return LineView(**plain, act=act.number, why=act.why, undoable=node.acts.undoable(act))
