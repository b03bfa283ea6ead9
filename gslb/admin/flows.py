"""/api/v1/flows: who is sent where now, and where the map intends them to go."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field

from gslb.admin.api import PREFIX
from gslb.admin.flowbook import FlowBook
from gslb.admin.gate import Reader
from gslb.admin.principal import Principal
from gslb.admin.problems import documented, refusal
from gslb.admin.views import View
from gslb.state.flows import Flow

MOST: Final = 1000
STREAMED_MOST: Final = 200  # flows in one message of the stream
WINDOW_S: Final = 60  # seconds, unless another is asked for

router = APIRouter(prefix=PREFIX, tags=["node"], responses=documented(400, 401, 403, 422, 429))


class FlowView(View):
    """Clients of one home region, and country where that is known, sent to one site by one door."""

    region: str | None
    country: str | None
    door: str
    site: str | None = Field(description="Absent: to none.")
    per_s: float
    share: float = Field(description="Of all answers in the window, 0 to 1.")


class SiteFlowView(View):
    site: str
    per_s: float
    share: float
    target: float | None = Field(description="The share that the map intends now for those who asked in the last five minutes.")


class FlowsView(View):
    window_s: float = Field(description="How long was counted; shorter than asked for after a start.")
    service: str | None
    total_per_s: float
    flows: tuple[FlowView, ...] = Field(description="The largest first.")
    sites: tuple[SiteFlowView, ...]


@router.get("/flows", responses=documented(404))
async def flows(
    request: Request,
    principal: Reader,
    service: Annotated[str | None, Query(max_length=255, description="Its host; absent: all.")] = None,
    window: Annotated[int, Query(ge=5, le=300, description="Seconds.")] = WINDOW_S,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 500,
) -> FlowsView:
    """Answers a second by home region, country, door and site; an owner sees those to the own sites."""
    node = request.app.state.node
    if service is not None and service not in {each.host for each in node.configuration.services}:
        raise refusal(404, f"there is no service {service}")
    await node.flows.refresh()
    return flows_view(node.flows, principal, service, window, limit)


def flows_view(book: FlowBook, principal: Principal, service: str | None, window_s: float, limit: int) -> FlowsView:
    seen, targets = book.seen(service, window_s), book.targets(service)
    whole, span_s = seen.total or 1, seen.window_s
    merged: Counter[Flow] = Counter()
    sites: Counter[str] = Counter()
    for flow, count in seen.counts.items():
        if principal.sees(flow.site):
            merged[flow._replace(service="")] += count
            sites[flow.site] += count
    rows = tuple(
        FlowView(
            region=flow.region or None, country=flow.country or None, door=flow.door, site=flow.site or None,
            per_s=round(count / span_s, 3), share=round(count / whole, 5),
        )
        for flow, count in merged.most_common(limit)
    )  # fmt: skip
    named = sorted(site for site in {*sites, *targets} if site and principal.sees(site))
    return FlowsView(
        window_s=round(span_s, 1),
        service=service,
        total_per_s=round(sum(sites.values()) / span_s, 3),
        flows=rows,
        sites=tuple(
            SiteFlowView(
                site=site, per_s=round(sites[site] / span_s, 3), share=round(sites[site] / whole, 5),
                target=round(targets.get(site, 0.0), 5) if targets else None,
            )
            for site in named
        ),
    )  # fmt: skip
