"""/api/v1/content: which generation of each release set is served, and how each site has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field

from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.admin.problems import documented, refusal
from gslb.admin.views import SiteDetail, Text, View
from gslb.model import Door, Family, Hold
from gslb.state.content import PlaceReport, SetReport

router = APIRouter(prefix="/api/v1", tags=["content"], responses=documented(400, 401, 403, 422, 429))


class FileFaultView(View):
    path: str
    look: Text
    reason: str


class LastScanView(View):
    at: datetime = Field(description="When it ended.")
    look: Text
    reason: str
    checked: int
    hashed: int = Field(description="Files that were read whole.")
    lacking: int
    wrong: int
    faults: list[FileFaultView] = Field(description="The first ones.")
    curl: str


class PlaceView(View):
    """One set on one site, at one address, as the clients of one door ask for it."""

    site: str
    door: Door
    family: Family
    address: Text
    hold: Hold = Field(description="wrong: a file is not what it should be, and the site is not used for the set.")
    reason: str
    since: datetime
    generation: str = Field(description="SHA-256; empty while none is known.")
    scanned: bool = Field(description="Whether all files of that generation were found good since they are there.")
    lag_s: float | None = Field(
        description="For how long the generation that is served has been known, while the site has an older one; 0 if it has "
        "not, absent before anybody could look."
    )
    looked: datetime | None = Field(description="When somebody could look last.")
    checked: int = Field(description="Files that the last look was at.")
    full: bool = Field(description="Whether that was a scan of all files.")
    lacking: int
    wrong: int
    faults: list[FileFaultView] = Field(description="The first ones.")
    curl: str = Field(description="Repeats by hand what decided.")
    scan: LastScanView | None = Field(description="The last scan of all files; absent before there was one.")


class GenerationView(View):
    name: str
    first_seen: datetime
    modified: datetime | None = Field(description="The earliest Last-Modified of its manifest.")
    files: int | None = Field(description="Absent where its manifest is not kept.")
    sites: list[str] = Field(description="That hold it in good order.")


class SetView(View):
    service: str
    content: str
    served: str = Field(description="The generation that is served; empty while none is known.")
    since: datetime | None
    short: bool = Field(description="Sites with less than half of the capacity hold it.")
    rolling: bool = Field(description="Sites that are up hold more than one generation.")
    shortage: str = Field(description="Why not a newer one, or that few hold it; empty when all is well.")
    carrying: list[str] = Field(description="The sites that should have the set.")
    generations: list[GenerationView] = Field(description="The newest first.")
    places: list[PlaceView]


class SiteContentView(PlaceView):
    """A place, with the set that it is of."""

    service: str
    content: str


class WholeSite(SiteDetail):
    content: list[SiteContentView] = Field(description="Each release set that is looked at, at each address, by door.")


class ScanView(View):
    """What was asked for. What comes of it is in `/content`."""

    site: str
    scans: int = Field(description="Sets at addresses, by door, that are scanned as soon as may be.")
    held: int = Field(description="Those that are not: the site has asked us to wait.")


@router.get("/content")
async def content(request: Request, principal: Reader) -> list[SetView]:
    """Release sets that are looked at: what is served of each, and how each site has it. An owner sees the own sites alone."""
    return [_set_view(report, principal) for report in _node(request).content()]


@router.post("/sites/{site}/scan", status_code=202, responses=documented(404, 409))
async def scan(
    request: Request, site: Annotated[str, Path(max_length=63, description="As in the configuration.")], principal: Reader
) -> ScanView:
    """Scan all release sets of a site as soon as may be. This says that it was begun, not what came of it."""
    node = _node(request)
    if not principal.sees(site):
        raise refusal(403, f"{site} is not yours; yours: {', '.join(principal.sites) or 'none'}")
    if all(site != known.id for known in node.configuration.sites):
        raise refusal(404, f"there is no site {site}")
    if not principal.steers(site):
        raise refusal(403, f"the role {principal.role} may look, and change nothing")
    begun, wanted = node.scan(site)
    if not wanted:
        raise refusal(409, f"{site} has no release set with a manifest or sentinels: there is nothing to scan")
    node.acts.record(principal, "scan", site, after={"scans": begun, "held": wanted - begun})
    return ScanView(site=site, scans=begun, held=wanted - begun)


def site_content(node: Node, site: str) -> list[SiteContentView]:
    return list(_of_site(node, site))


def _of_site(node: Node, site: str) -> Iterator[SiteContentView]:
    for report in node.content():
        for place in report.places:
            if place.site == site:
                yield SiteContentView(**dict(_place_view(place)), service=report.service, content=report.content)


def _set_view(report: SetReport, principal: Principal) -> SetView:
    def seen(sites: tuple[str, ...]) -> list[str]:
        return [site for site in sites if principal.sees(site)]

    return SetView(
        service=report.service,
        content=report.content,
        served=report.served,
        since=report.since,
        short=report.short,
        rolling=report.rolling,
        shortage=report.shortage,
        carrying=seen(report.carrying),
        generations=[
            GenerationView(
                name=each.name, first_seen=each.first_seen, modified=each.modified, files=each.files, sites=seen(each.sites)
            )
            for each in report.generations
        ],
        places=[_place_view(place) for place in report.places if principal.sees(place.site)],
    )


def _place_view(place: PlaceReport) -> PlaceView:
    return PlaceView.model_validate(place)


def _node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node
