"""/api/v1/history: how things were, in steps; and /api/v1/clients: who asked, and what they got."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, get_args

from fastapi import APIRouter, Query, Request
from pydantic import Field

from gslb.admin.api import PREFIX, SiteId
from gslb.admin.gate import Overseer, Reader
from gslb.admin.historybook import HistoryBook, Wanted
from gslb.admin.node import Node
from gslb.admin.problems import documented, refusal
from gslb.admin.views import View
from gslb.errors import StoreError
from gslb.model.clients import CANNOT_FOLLOW
from gslb.state.rollups import History, Series

RangeName = Literal["1h", "24h", "7d", "30d", "1y"]
LineName = Literal["up", "latency", "share", "requests"]
Values = tuple[float | None, ...]

# What the labels of a series are called; without any, it is of the site as a whole.
_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "up": ("service", "door", "family"),
    "requests": ("service", "door"),
    "share": ("service", "door"),
    "latency": ("vantage",),
    "latency_max": ("vantage",),
    "octets": (),
}
_WHOLE: Final = ("up", "requests", "share")
_RANGE = Query(description="The finest steps that are kept for so long.")

router = APIRouter(prefix=PREFIX, tags=["history"], responses=documented(400, 401, 403, 422, 429, 503))


class SeriesView(View):
    """`up` is the share of the time, `share` that of all answers, 0 to 1; `requests` are answers a second that named the site,
    `octets` those a second that are served through from it; `latency` and `latency_max` are in ms."""

    name: str
    labels: dict[str, str] = Field(description="None: of the site as a whole.")
    values: Values = Field(description="One a step, the oldest first; null where nothing is known.")


class SiteHistoryView(View):
    site: str
    range: RangeName
    step_s: int
    start: datetime
    series: tuple[SeriesView, ...]


class SiteLinesView(View):
    up: Values
    latency: dict[str, Values] = Field(description="By vantage.")
    share: Values
    requests: Values


class HistoryView(View):
    range: RangeName
    step_s: int
    start: datetime
    sites: dict[str, SiteLinesView]


class KindView(View):
    """One kind of client, in numbers of requests."""

    kind: str
    requests: int
    redirected: int
    served_through: int
    scripts: int = Field(description="To boot by.")
    documents: int = Field(description="Lists of mirrors, Metalinks and hashes.")
    retries: int = Field(description="Requests for the second-best site or a later one (/@2/).")
    avoided: int = Field(description="Requests for any site but one (?avoid=).")
    refused: int
    errors: int = Field(description="No site, or a fault of ours.")
    cannot_follow: bool = Field(description="Whether such a client takes no redirect.")


class FailureView(View):
    """How often clients wanted another site than this one: most likely it did not do."""

    site: str
    retries: int
    avoided: int
    share: float = Field(description="Of all such wishes, 0 to 1.")


class ClientsView(View):
    range: Literal["1h", "24h"]
    kinds: tuple[KindView, ...] = Field(description="The most requests first.")
    failures: tuple[FailureView, ...] = Field(description="The most wished away first.")


@router.get("/history")
async def history(
    request: Request,
    principal: Reader,
    range: Annotated[RangeName, _RANGE] = "1h",
    series: Annotated[list[LineName] | None, Query(max_length=4, description="Those alone; the others are empty.")] = None,
    points: Annotated[int | None, Query(ge=2, le=1000, description="No more than so many values, each the mean of some.")] = None,
) -> HistoryView:
    """Every site as a whole; an owner gets the own ones."""
    sites = [site.id for site in _node(request).configuration.sites if principal.sees(site.id)]
    known, whole = frozenset(sites), frozenset(series or get_args(LineName))
    found = await _read(
        request, range, lambda each: each.site in known and each.name in whole and (not each.labels or each.name == "latency")
    )
    longest = max((len(values) for values in found.series.values()), default=0)
    together = -(-longest // points) if points and longest else 1
    lines = await asyncio.to_thread(_lines, found, sites, together)
    return HistoryView(range=range, step_s=found.step_s * together, start=datetime.fromtimestamp(found.start_s, UTC), sites=lines)


@router.get("/history/sites/{site}", responses=documented(404))
async def site_history(
    request: Request, site: SiteId, principal: Reader, range: Annotated[RangeName, _RANGE] = "1h"
) -> SiteHistoryView:
    """One site, as a whole and by service, door and family."""
    if not principal.sees(site):
        raise refusal(403, f"{site} is not yours; yours: {', '.join(principal.sites) or 'none'}")
    if site not in {each.id for each in _node(request).configuration.sites}:
        raise refusal(404, f"there is no site {site}")
    found = await _read(request, range, lambda each: each.site == site and each.name in _LABELS)
    rows = sorted(found.series.items(), key=lambda row: (len(row[0].labels), row[0]))
    return SiteHistoryView(
        site=site,
        range=range,
        step_s=found.step_s,
        start=datetime.fromtimestamp(found.start_s, UTC),
        series=tuple(
            SeriesView(name=each.name, labels=dict(zip(_LABELS[each.name], each.labels, strict=False)), values=_rounded(values))
            for each, values in rows
        ),
    )


@router.get("/clients")
async def clients(request: Request, _: Overseer, range: Annotated[Literal["1h", "24h"], Query()] = "1h") -> ClientsView:
    """Requests over HTTP by kind of client, and which sites they did not want: neither is told of anybody in particular."""
    book = _node(request).history
    try:
        found = await book.totals(range, lambda each: each.name == "second" or (not each.site and each.name == "clients"))
    except StoreError as error:
        raise _unavailable(error) from error
    return ClientsView(range=range, kinds=_kinds(found), failures=_failures(found))


def _node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


async def _read(request: Request, range: str, wanted: Wanted) -> History:
    book: HistoryBook = _node(request).history
    try:
        return await book.read(range, wanted)
    except StoreError as error:
        raise _unavailable(error) from error


def _unavailable(error: StoreError) -> Exception:
    return refusal(503, f"the history can't be read now: {error}", Retry_After="10")


def _lines(found: History, sites: Sequence[str], together: int) -> dict[str, SiteLinesView]:
    """Without those of which nothing is known yet. `together` values become one."""
    latency: defaultdict[str, dict[str, Values]] = defaultdict(dict)
    whole: defaultdict[str, dict[str, Values]] = defaultdict(dict)
    for each, values in found.series.items():
        if each.name == "latency" and each.labels:
            latency[each.site][each.labels[0]] = _rounded(_fewer(values, together))
        elif each.name in _WHOLE and not each.labels:
            whole[each.site][each.name] = _rounded(_fewer(values, together))
    return {
        site: SiteLinesView(latency=latency[site], **{name: whole[site].get(name, ()) for name in _WHOLE})
        for site in sites
        if latency[site] or any(whole[site].values())
    }


def _fewer(values: Sequence[float | None], together: int) -> Sequence[float | None]:
    """Each the mean of what is known of so many."""
    if together == 1:
        return values
    groups = ([each for each in values[at : at + together] if each is not None] for at in range(0, len(values), together))
    return [sum(group) / len(group) if group else None for group in groups]


def _kinds(found: Mapping[Series, float]) -> tuple[KindView, ...]:
    counts: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for each, count in found.items():
        if not each.site and len(each.labels) == 2:
            kind, what = each.labels
            counts[kind][what] += count
            if each.name == "clients":
                counts[kind]["requests"] += count
    views = [
        KindView(
            kind=kind,
            requests=round(what["requests"]),
            redirected=round(what["redirected"]),
            served_through=round(what["through"]),
            scripts=round(what["script"]),
            documents=round(what["document"]),
            retries=round(what["retry"]),
            avoided=round(what["avoid"]),
            refused=round(what["refused"]),
            errors=round(what["unavailable"] + what["error"]),
            cannot_follow=kind in CANNOT_FOLLOW,
        )
        for kind, what in counts.items()
    ]
    return tuple(sorted((view for view in views if view.requests), key=lambda view: (-view.requests, view.kind)))


def _failures(found: Mapping[Series, float]) -> tuple[FailureView, ...]:
    counts: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for each, count in found.items():
        if each.site and each.name == "second" and each.labels:
            counts[each.site][each.labels[0]] += count
    whole = sum(sum(how.values()) for how in counts.values()) or 1.0
    views = [
        FailureView(site=site, retries=round(how["retry"]), avoided=round(how["avoid"]), share=_short(sum(how.values()) / whole))
        for site, how in counts.items()
        if round(sum(how.values()))
    ]
    return tuple(sorted(views, key=lambda view: (-view.retries - view.avoided, view.site)))


def _rounded(values: Sequence[float | None]) -> Values:
    return tuple(None if value is None else _short(value) for value in values)


def _short(value: float) -> float:
    """Five digits: more is not known, and would only be carried about."""
    return float(f"{value:.5g}")
