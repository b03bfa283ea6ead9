"""From what the node knows to what the API shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from gslb.admin.flowbook import FlowBook
from gslb.admin.node import Node
from gslb.admin.views import (
    CheckView,
    Condition,
    ConfigView,
    DrainView,
    EventView,
    ExchangeView,
    GeoView,
    LatencyView,
    LeftView,
    LocationView,
    ReloadView,
    ResultView,
    ServiceView,
    SideView,
    SiteDetail,
    SiteView,
    TargetView,
    TimingsView,
    TransitionView,
    VantageView,
)
from gslb.model import RAMP_STEPS, Configuration, Drain, Event, Service, State, World
from gslb.state import SiteReport, TargetReport
from gslb.state.flows import FlowsSeen
from gslb.state.history import Observation
from gslb.state.worlds import outages

LEFT_WINDOW_S = 15.0  # what went there before its drain should be out of sight soon


def condition(report: SiteReport) -> Condition:
    """A drain covers what lies under it, and wrong content what is merely down."""
    states = {target.state for target in report.targets}
    if report.drain is not None:
        return "drained"
    if State.WRONG in states:
        return "wrong"
    if not states or states == {State.UNKNOWN}:
        return "unknown"
    if states == {State.DOWN}:
        return "down"
    if states != {State.UP}:
        return "partial"
    return "starting" if ramp(report) < RAMP_STEPS else "up"


def ramp(report: SiteReport) -> int:
    """Of the address that has come least far."""
    return min([report.ramp, *(target.ramp for target in report.targets)])


def site_view(
    report: SiteReport, configuration: Configuration, seen: FlowsSeen | None = None, weights: Mapping[str, int] | None = None
) -> SiteView:
    """`seen` is what was sent where lately, for a drained site; `weights` are those that operators gave by hand."""
    site = configuration.site(report.site)
    drain, word = report.drain, condition(report)
    return SiteView(
        id=site.id,
        region=site.region,
        country=site.country,
        location=LocationView.model_validate(site.location),
        url=site.url,
        url_https=site.url_https,
        weight=site.weight,
        weight_now=site.weight if weights is None else weights.get(site.id, site.weight),
        capacity=site.capacity,
        condition=word,
        reason=drain.reason if drain else report.reason,
        since=drain.since if drain else report.since,
        ramp=ramp(report),
        returning=ramp(report) if word == "starting" else None,
        slow=report.slow,
        flapping=report.flapping,
        drain=drain_view(drain, seen) if drain else None,
        checks=[CheckView.model_validate(target) for target in report.targets],
        latency=[LatencyView.model_validate(each) for each in report.latency],
    )


def drain_view(drain: Drain, seen: FlowsSeen | None) -> DrainView:
    view = DrainView.model_validate(drain)
    return view if seen is None else view.model_copy(update={"left": left_at(drain.site, seen)})


def seen_lately(flows: FlowBook, *reports: SiteReport) -> FlowsSeen | None:
    """Counted where a site is drained, and nowhere else."""
    return flows.seen(window_s=LEFT_WINDOW_S) if any(report.drain for report in reports) else None


def left_at(site: str, seen: FlowsSeen) -> LeftView:
    """Rounded, so that a watcher hears of it when it is another number for people."""
    count = sum(found for flow, found in seen.counts.items() if flow.site == site)
    return LeftView(per_s=round(count / seen.window_s, 1), share=round(count / seen.total, 4) if seen.total else 0.0)


def site_detail(
    report: SiteReport, configuration: Configuration, seen: FlowsSeen | None = None, weights: Mapping[str, int] | None = None
) -> SiteDetail:
    summary = site_view(report, configuration, seen, weights)
    targets = [target_view(target) for target in report.targets]
    return SiteDetail(**dict(summary), last_good=report.last_good, targets=targets)


def target_view(target: TargetReport) -> TargetView:
    return TargetView(
        **dict(CheckView.model_validate(target)),
        last_good=target.last_good,
        results_to_change=target.checks,
        changes=target.changes,
        curl=target.curl,
        vantages=[VantageView.model_validate(each) for each in target.vantages],
        results=[result_view(each) for each in target.observations],
        transitions=[TransitionView.model_validate(each) for each in target.transitions],
    )


def result_view(observation: Observation) -> ResultView:
    result = observation.result
    return ResultView(
        at=result.at_utc,
        vantage=observation.vantage,
        recheck=observation.recheck,
        verdict=result.verdict.value,
        reason=result.reason,
        timings=TimingsView.model_validate(result.timings),
        exchange=ExchangeView.model_validate(result.exchange),
    )


def event_view(event: Event) -> EventView:
    return EventView.model_validate(event)


def service_views(world: World) -> list[ServiceView]:
    return [service_view(service, world) for service in world.configuration.services]


def service_view(service: Service, world: World) -> ServiceView:
    down = service.when_all_down
    return ServiceView(
        host=service.host,
        http_hosts=list(service.http_hosts),
        via=sorted(service.via),
        ttl_min_s=service.ttl_min_s,
        ttl_max_s=service.ttl_max_s,
        answers=service.answers,
        when_all_down=down if isinstance(down, str) else [str(address) for address in down],
        policy=list(service.policy),
        sides=list(_sides(service, world)),
    )


def _sides(service: Service, world: World) -> Iterable[SideView]:
    """Each door and family for which the service has a site at all."""
    own = {key: standing for key, standing in world.standings.items() if key.service == service.host}
    dark = {(each.door, each.family) for each in outages(world.configuration, own, world.drains)}
    for door, family in sorted({(key.door, key.family) for key in own}):
        there = {key.site: standing for key, standing in own.items() if (key.door, key.family) == (door, family)}
        up = sum(standing.state is State.UP and site not in world.drains for site, standing in there.items())
        yield SideView(door=door, family=family, sites=len(there), up=up, all_down=(door, family) in dark)


def config_view(node: Node) -> ConfigView:
    configuration, reload = node.configuration, node.status().reload
    return ConfigView(
        node=configuration.node,
        file=configuration.file,
        digest=configuration.digest,
        world=node.world.number,
        reload=ReloadView.model_validate(reload),
        geo=[
            GeoView(
                path=source.path, type=source.type, built=datetime.fromtimestamp(source.build_epoch, UTC), sha256=source.sha256
            )
            for source in node.geo
        ],
        limits=asdict(configuration.limits),
    )
