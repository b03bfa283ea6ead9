"""/api/v1/measurements: what clients measured."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field

from gslb.admin.api import PREFIX
from gslb.admin.gate import Overseer
from gslb.admin.node import Node
from gslb.admin.problems import documented
from gslb.admin.views import View
from gslb.state.measurements import Measurement

MOST: Final = 10_000

router = APIRouter(prefix=PREFIX, tags=["node"], responses=documented(400, 401, 403, 422, 429))


class MeasurementView(View):
    """How long the clients of a network take to fetch a small file from a site: about two round trips."""

    network: str = Field(description="What the service keeps together (`sticky`); no more is known of the clients.")
    site: str
    ms: float = Field(description="Of the last reports; the newest counts an eighth.")
    at: datetime = Field(description="When it was last told.")
    count: int = Field(description="How often it was told.")


@router.get("/measurements")
async def measurements(
    request: Request,
    _: Overseer,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    network: Annotated[str | None, Query(max_length=64, description="As it is shown here.")] = None,
    site: Annotated[str | None, Query(max_length=63)] = None,
) -> list[MeasurementView]:
    """What clients measured, the network that told last first. It steers nobody."""
    node: Node = request.app.state.node
    return [_view(each) for each in node.measurements(limit, network, site)]


def _view(measurement: Measurement) -> MeasurementView:
    network, site, latency = measurement
    at = datetime.fromtimestamp(latency.at_s, UTC)
    return MeasurementView(network=network, site=site, ms=latency.ms, at=at, count=latency.times)
