"""POST /api/v1/simulate: what would change for a population, before anybody changes anything."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from gslb.admin.api import PREFIX
from gslb.admin.gate import Simulator
from gslb.admin.node import Node, Simulates
from gslb.admin.orders.changes import MOST_CHANGES, ChangeRequest
from gslb.admin.problems import Unfit, documented, refusal
from gslb.admin.trials import trials_of
from gslb.admin.views import Asked
from gslb.errors import BusyError, NodeError
from gslb.model import Door, Family, Service, View
from gslb.steering.simulation import (
    Answer,
    CoverageQuestion,
    Crowd,
    Gathering,
    Outcome,
    Question,
    document,
    sentence,
    settled,
    tried,
)

WAITING_MOST: Final = 16  # bodies that are to be read
NETWORKS_MOST: Final = 20_000  # of any body that fits; `limits.simulated_networks` is what counts
FAMILIES: Final[dict[str, Family]] = {"4": 4, "6": 6}

router = APIRouter(prefix=PREFIX, tags=["node"], responses=documented(400, 401, 403, 413, 422, 429, 503))


class CountriesBody(Asked):
    """Internet users by country, spread over the networks that the databases place there."""

    kind: Literal["countries"] = "countries"


class WeighedNetwork(Asked):
    network: str = Field(max_length=64, examples=["133.11.0.0/16"])
    weight: float = Field(default=1.0, ge=0, le=1e15, allow_inf_nan=False)


class NetworksBody(Asked):
    """Networks that somebody brings; `limits.simulated_networks` of them at most."""

    kind: Literal["networks"]
    networks: list[WeighedNetwork] = Field(min_length=1, max_length=NETWORKS_MOST)


class RecentBody(Asked):
    """A sample of who asked this node in the last five minutes."""

    kind: Literal["recent"]


PopulationBody = Annotated[CountriesBody | NetworksBody | RecentBody, Field(discriminator="kind")]


class SimulateRequest(Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"changes": [{"kind": "off", "site": "jp-tokyo-1"}], "load_mbit_s": 4000}]}
    )

    service: str | None = Field(default=None, max_length=255, description="Its host; may be left out where there is one.")
    via: Literal["dns", "http"] = "dns"
    family: Literal["4", "6"] = Field(default="4", description="Of the address that is asked for, or connected from.")
    population: PopulationBody = CountriesBody()
    changes: list[ChangeRequest] = Field(default_factory=list, max_length=MOST_CHANGES)
    load_mbit_s: float | None = Field(
        default=None, gt=0, le=1e12, allow_inf_nan=False, description="Of all clients together; without it no site is overloaded."
    )


class SpreadView(BaseModel):
    """Half of the clients are within `p50`, and so on."""

    p50: float
    p95: float
    p99: float


class SiteSideView(BaseModel):
    """`load` is what the site carries of its capacity; absent without a load or a capacity."""

    share: float
    load: float | None
    overloaded: bool
    distance_km: SpreadView | None
    latency_ms: SpreadView | None = Field(description="Of the clients near a vantage.")


class SimulatedSite(BaseModel):
    site: str
    region: str
    capacity: int | None = Field(description="Mbit/s.")
    before: SiteSideView
    after: SiteSideView


class ShareView(BaseModel):
    before: float
    after: float


class WholeView(BaseModel):
    distance_km: SpreadView | None
    latency_ms: SpreadView | None
    fits_mbit_s: float | None = Field(description="The largest load of all clients under which no site is overloaded.")


class WholeSides(BaseModel):
    before: WholeView
    after: WholeView


class RegionShare(ShareView):
    region: str


class MoveView(BaseModel):
    """null is no site."""

    source: str | None = Field(alias="from")
    target: str | None = Field(alias="to")
    share: float


class PopulationView(BaseModel):
    kind: str
    clients: int = Field(description="Different networks.")
    source: str


class SimulationView(BaseModel):
    """Shares are of all clients, 0 to 1."""

    world: int
    service: str
    via: Literal["dns", "http"]
    family: Literal["4", "6"]
    population: PopulationView
    load_mbit_s: float | None
    sites: list[SimulatedSite]
    none: ShareView = Field(description="Clients without a site.")
    total: WholeSides
    regions: list[RegionShare]
    moved: float
    moves: list[MoveView] = Field(description="The biggest first, 100 at most.")
    sentence: str
    decisions: int
    seconds: float


@router.post("/simulate", responses=documented(404))
async def simulate(request: Request, body: SimulateRequest, _: Simulator) -> SimulationView:
    """What if? Where a population lands now, and where under these changes. Nothing is changed."""
    node: Node = request.app.state.node
    service = service_of(node, body.service, Door(body.via), "body.service")
    view = view_of(body.via, body.family)
    trials = trials_of(body.changes, node.world.configuration, service.host)
    before = settled(node.world)
    reading: Reading = request.app.state.reading
    crowd = await reading.crowd(node, body.population, service.host)
    asked = Question(before, tried(before, trials), service.host, view, crowd, load_mbit_s=body.load_mbit_s)
    answer = await answered(node.simulating, asked)
    assert isinstance(answer.found, Outcome)  # noqa: S101 - what a Question gets
    said = sentence(answer.found, trials)
    told = document(answer.found, answer.crowd.kind, answer.crowd.source, said, answer.seconds)
    return SimulationView.model_validate(told)


async def answered(simulating: Simulates, question: Question | CoverageQuestion) -> Answer:
    """Raises 503 in the words of what failed."""
    try:
        return await simulating.run(question)
    except (BusyError, NodeError) as error:
        raise refusal(503, str(error), Retry_After="10") from error


def view_of(via: str, family: str) -> View:
    return View((View.DNS4 if via == "dns" else View.HTTP4) + (family == "6"))


def service_of(node: Node, host: str | None, door: Door, where: str) -> Service:
    """Raises Unfit where it is not said, or there is none of this name by this door."""
    services = [service for service in node.world.configuration.services if door in service.via]
    if host is None and len(services) == 1:
        return services[0]
    wanted = (host or "").lower().removesuffix(".")
    for service in services:
        if service.host == wanted or (door is Door.HTTP and wanted in service.http_hosts):
            return service
    names = ", ".join(service.host for service in services[:10]) or "none"
    raise Unfit(
        where, f"say which service; by {door} there is {names}" if host is None else f"there is no such service by {door}"
    )


class Reading:
    """Ten thousand networks take a tenth of a second to read: that is done beside the loop, of one body at a time."""

    def __init__(self) -> None:
        self._alone = asyncio.Lock()
        self._waiting = 0

    async def crowd(self, node: Node, body: PopulationBody, host: str) -> Crowd | None:
        """None: of all countries. Raises Unfit, and 503 where many wait."""
        if isinstance(body, CountriesBody):
            return None
        if self._waiting >= WAITING_MOST:
            raise refusal(503, "too many simulations wait already; ask again in a minute", Retry_After="10")
        self._waiting += 1
        try:
            async with self._alone:
                if isinstance(body, NetworksBody):
                    return await asyncio.to_thread(_networks, body, node.configuration.limits.simulated_networks)
                recent = [(each.family, each.network, each.length, each.weight) for each in node.flows.recent(host)]
                if not recent:
                    raise Unfit("body.population", "nobody has asked this node in the last five minutes; take another population")
                words = f"{len(recent)} networks that asked this node in the last five minutes"
                return await asyncio.to_thread(Crowd.of, "recent", words, recent)
        finally:
            self._waiting -= 1


def _networks(body: NetworksBody, most: int) -> Crowd:
    if len(body.networks) > most:
        raise Unfit("body.population.networks", f"these are {len(body.networks)}; limits.simulated_networks is {most}")
    gathering = Gathering(most)
    for number, each in enumerate(body.networks):
        where = f"body.population.networks.{number}.network"
        try:
            network = ip_network(each.network, strict=False)
        except ValueError:
            raise Unfit(where, "is neither an address nor a network; write 133.11.0.0/16 or 2001:200::/32") from None
        if each.weight:
            gathering.add(network, each.weight)
    if not len(gathering):
        raise Unfit("body.population.networks", "all of them weigh nothing")
    return gathering.crowd("networks", f"{len(gathering)} networks that were given")
