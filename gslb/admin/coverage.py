"""GET /api/v1/coverage: which parts of the world get which sites, and where measurement and geography disagree."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from ipaddress import ip_network
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from gslb.admin.api import PREFIX
from gslb.admin.gate import Overseer
from gslb.admin.node import Node
from gslb.admin.problems import documented
from gslb.admin.simulate import answered, service_of, view_of
from gslb.geo.users import name_of
from gslb.model import Door
from gslb.state.measurements import Measurement
from gslb.steering.simulation import Coverage, CoverageQuestion, Measured, settled

KEPT: Final = 16  # answers
KEPT_S: Final = 60.0  # clients measure meanwhile
MEASUREMENTS_MOST: Final = 20_000  # that are looked at, the newest

router = APIRouter(prefix=PREFIX, tags=["node"], responses=documented(400, 401, 403, 422, 429, 503))


class ReachView(BaseModel):
    site: str
    share: float = Field(description="Of the clients of this row.")
    distance_km: float | None
    latency_ms: float | None


class CoverageRowView(BaseModel):
    """`chosen` gets most of these clients. `disagrees`: another site is measurably faster for them."""

    key: str = Field(description="A region, a country (JP) or an AS (AS2500); empty where nobody knows.")
    label: str
    share: float = Field(description="Of all clients.")
    sites: list[ReachView] = Field(description="Those that get somebody, those measured, and the nearest of the others.")
    chosen: str | None
    fastest_measured: str | None
    disagrees: bool
    gain_ms: float | None = Field(description="By how much it is faster.")
    measured_by: Literal["clients", "vantage"] | None
    measured_networks: int = Field(description="Client networks that told what they measured.")


class CoverageView(BaseModel):
    service: str
    via: Literal["dns", "http"]
    family: Literal["4", "6"]
    by: Literal["region", "country", "asn"]
    world: int
    clients: int
    source: str
    rows: list[CoverageRowView]


class Kept:
    """The last answers: to make one takes a second of a processor."""

    def __init__(self) -> None:
        self._views: OrderedDict[Hashable, tuple[float, CoverageView]] = OrderedDict()

    def get(self, key: Hashable, now_s: float) -> CoverageView | None:
        made_s, view = self._views.get(key, (-KEPT_S, None))
        return view if now_s - made_s < KEPT_S else None

    def put(self, key: Hashable, view: CoverageView, now_s: float) -> None:
        self._views[key] = (now_s, view)
        while len(self._views) > KEPT:
            self._views.popitem(last=False)


@router.get("/coverage")
async def coverage(
    request: Request,
    _: Overseer,
    service: Annotated[str | None, Query(max_length=255, description="Its host; may be left out where there is one.")] = None,
    via: Annotated[Literal["dns", "http"], Query()] = "dns",
    family: Annotated[Literal["4", "6"], Query(description="Of the address asked for, or connected from.")] = "4",
    by: Annotated[Literal["region", "country", "asn"], Query(description="By home region, country or AS.")] = "region",
) -> CoverageView:
    """Which sites the users of each region, country or AS get, how far those are, and which is measurably faster."""
    node: Node = request.app.state.node
    kept: Kept = request.app.state.coverage
    found = service_of(node, service, Door(via), "query.service")
    key = (node.world.number, tuple(source.sha256 for source in node.geo), found.host, via, family, by)
    known = kept.get(key, time.monotonic())
    if known is not None:
        return known
    world = settled(node.world)
    # To read thousands of networks takes longer than the loop may wait.
    measured = await asyncio.to_thread(_measured, node.measurements(MEASUREMENTS_MOST, None, None))
    question = CoverageQuestion(world, found.host, view_of(via, family), by, measured)
    answer = await answered(node.simulating, question)
    assert isinstance(answer.found, Coverage)  # noqa: S101 - what a CoverageQuestion gets
    rows = [
        CoverageRowView(**row._asdict() | {"label": _label(by, row.key), "sites": [ReachView(**s._asdict()) for s in row.sites]})
        for row in answer.found.rows
    ]
    view = CoverageView(
        service=found.host,
        via=via,
        family=family,
        by=by,
        world=world.number,
        clients=answer.found.clients,
        source=answer.crowd.source,
        rows=rows,
    )
    kept.put(key, view, time.monotonic())
    return view


def _label(by: str, key: str) -> str:
    if not key:
        return "nobody knows"
    return name_of(key) if by == "country" else key


def _measured(measurements: Sequence[Measurement]) -> tuple[Measured, ...]:
    return tuple(_of_network(each) for each in measurements)


def _of_network(measurement: Measurement) -> Measured:
    network = ip_network(measurement.network)
    return Measured(
        network.version, int(network.network_address), network.prefixlen, measurement.site, measurement.latency.ms
    )  # fmt: skip
