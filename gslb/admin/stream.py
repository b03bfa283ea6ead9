"""/api/v1/stream: everything live, as server-sent events.

A client that connects gets `status`, `sites` and `services` whole, then what changes: `status` and `services` whole, `site`
for one site, `event` for an event. Events alone have an id, their number; a client that comes back with `Last-Event-ID`
(every browser does) gets those it missed, or `reset` where that is not possible.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gslb.admin import credentials
from gslb.admin.api import PREFIX
from gslb.admin.board import Board, Boards, steady
from gslb.admin.feed import WATCHERS_OF_PEER_MOST, Feed, Signal, Subscription
from gslb.admin.flows import STREAMED_MOST, WINDOW_S, flows_view
from gslb.admin.gate import Gate, Reader
from gslb.admin.incidents import open_views
from gslb.admin.principal import Principal
from gslb.admin.problems import documented, refusal
from gslb.admin.shown import event_view
from gslb.admin.views import View
from gslb.errors import BusyError
from gslb.model import Event

# Changes of sites come with every probe result: so many a second are enough to look at.
PAUSE_S: Final = 0.25
RETRY_MS: Final = 2000

router = APIRouter(prefix=PREFIX, tags=["node"], responses=documented(400, 401, 403, 422, 429, 503))


async def watcher(
    request: Request,
    principal: Reader,
    last_event_id: Annotated[str | None, Header(description="The number of the last event seen.", max_length=64)] = None,
    after: Annotated[int | None, Query(ge=0, le=10**15, description="As Last-Event-ID, for the first connection.")] = None,
) -> AsyncIterator[Subscription]:
    """A subscription that ends with the request. Refused before the stream starts, as long as there is a status to say so."""
    feed: Feed = request.app.state.node.feed
    number = credentials.event_number(last_event_id) if last_event_id else after
    peer = credentials.network_of(request.client.host if request.client else "")
    if feed.watchers_of(peer) >= WATCHERS_OF_PEER_MOST:
        raise refusal(429, f"{WATCHERS_OF_PEER_MOST} clients at {peer} watch already", Retry_After="5")
    try:
        subscription = feed.subscribe(number, peer)
    except BusyError as error:
        raise refusal(503, str(error), Retry_After="5") from error
    with subscription:
        yield subscription


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request, principal: Reader, watching: Annotated[Subscription, Depends(watcher)]
) -> AsyncIterator[ServerSentEvent]:
    """Everything live: `status`, `sites`, `services`, `site`, `event`, `reset`."""
    teller = Teller(request.app.state.boards, principal)
    yield ServerSentEvent(retry=RETRY_MS, comment="gslb")
    for message in teller.whole():
        yield message
    async for notice in watching:
        if not still_welcome(request, principal):
            return
        octets = 0
        for message in teller.told(notice):
            octets += len((message.raw_data or "").encode())
            yield message
        if notice is Signal.CHANGED:
            # On a bad day of a large node what is told is newer, not more. What is whole, and events, are told at once.
            rate = request.app.state.node.configuration.limits.admin_stream_rate
            await asyncio.sleep(max(PAUSE_S, octets / rate))


def still_welcome(request: Request, principal: Principal) -> bool:
    """Whether who opened the stream could open it now: a token may have been taken away meanwhile."""
    gate: Gate = request.app.state.gate
    return gate.admits_still(request, principal)


class Teller:
    """What one watcher has been told, and what is new to them."""

    def __init__(self, boards: Boards, principal: Principal) -> None:
        self._boards = boards
        self._principal = principal
        self._told: Board | None = None
        self._flows = -1  # the version that was told
        self._incidents = -1

    def told(self, notice: Event | Signal) -> Iterator[ServerSentEvent]:
        if isinstance(notice, Event):
            if self._principal.sees(notice.subject):
                yield ServerSentEvent(event="event", id=str(notice.number), raw_data=_text(event_view(notice)))
        elif notice is Signal.RESET:
            yield ServerSentEvent(event="reset", raw_data="{}")
            yield from self.whole()
        else:
            yield from self._changes()

    def whole(self) -> Iterator[ServerSentEvent]:
        board = self._told = self._boards.now(self._principal)
        yield _message("status", board.status)
        yield ServerSentEvent(event="sites", raw_data=self._boards.sites_text(board))
        yield _message("services", board.services)
        self._flows = self._incidents = -1
        yield from self._flowing()
        yield from self._wrong()

    def _flowing(self) -> Iterator[ServerSentEvent]:
        """Who is sent where, if anybody is, and there is more to tell."""
        book = self._boards.flows
        if book.version != self._flows:
            self._flows = book.version
            view = flows_view(book, self._principal, None, WINDOW_S, STREAMED_MOST)
            if view.flows:
                yield _message("flows", view)

    def _wrong(self) -> Iterator[ServerSentEvent]:
        """The open incidents, whole, where one of them has changed."""
        book = self._boards.incidents
        if book.version != self._incidents:
            self._incidents = book.version
            yield _message("incidents", tuple(open_views(book, self._principal)))

    def _changes(self) -> Iterator[ServerSentEvent]:
        old, new = self._told, self._boards.now(self._principal)
        if old is None or [site.id for site in old.sites] != [site.id for site in new.sites]:
            yield from self.whole()
            return
        self._told = new
        for before, after in zip(old.sites, new.sites, strict=True):
            if before is not after and steady(before) != steady(after):
                yield _message("site", after)
        if old.services != new.services:
            yield _message("services", new.services)
        if old.status != new.status:
            yield _message("status", new.status)
        yield from self._flowing()
        yield from self._wrong()


def _message(name: str, data: View | tuple[View, ...]) -> ServerSentEvent:
    return ServerSentEvent(event=name, raw_data=_text(data))


def _text(data: View | tuple[View, ...]) -> str:
    """JSON on one line, as pydantic writes it: FastAPI's own way takes ten times as long."""
    if isinstance(data, tuple):
        return f"[{','.join([_text(each) for each in data])}]"
    return data.model_dump_json(by_alias=True)
