"""What machines ask: is it alive, is it ready, what are the numbers. The first two are open to everybody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client.exposition import choose_encoder
from starlette.responses import PlainTextResponse, Response

from gslb.admin.gate import Overseer
from gslb.admin.problems import documented

router = APIRouter(tags=["operations"])

_TEXT = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """Alive: this process answers."""
    return "ok\n"


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    response_class=PlainTextResponse,
    responses={503: {"description": "The first round of probes is not in yet.", **_TEXT}},
)
async def readyz(request: Request) -> PlainTextResponse:
    """Ready: the first round of probes is in, so answers go by health and not by geography alone."""
    if request.app.state.node.status().ready:
        return PlainTextResponse("ready\n")
    return PlainTextResponse("the first round of probes is not in yet\n", 503, headers={"Retry-After": "5"})


@router.get("/metrics", response_class=PlainTextResponse, responses=documented(401, 403, 429))
async def metrics(request: Request, _: Overseer) -> Response:
    """Prometheus text, or OpenMetrics where that is asked for."""
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(request.app.state.registry), headers={"Content-Type": media_type})
