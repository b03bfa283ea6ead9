"""/metrics: what the doors counted, and how things are, in the words of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import gslb
from gslb.admin.connections import CONNECTIONS_MOST
from gslb.admin.conventions.idempotency import Remembered
from gslb.admin.counting import Counters
from gslb.admin.feed import WATCHERS_MOST
from gslb.admin.gate import Gate
from gslb.admin.node import Labels, Metrics, Node
from gslb.admin.shown import service_views
from gslb.model import MaintenanceState, State

_SIDE: Final = ("service", "door", "family")

METRICS: Final[Metrics] = {
    "gslb_info": ("Always 1; which node this is, and what it runs.", ("node", "version")),
    "gslb_start_time_seconds": ("When the node started, in Unix time.", ()),
    "gslb_ready": ("1 once the first round of probes is in.", ()),
    "gslb_stale": ("1 while answers go by a World older than three intervals.", ()),
    "gslb_workers": ("Worker processes that answer; 0 in a node of one process.", ()),
    "gslb_workers_wanted": ("Worker processes that there should be.", ()),
    "gslb_world_number": ("The number of the World that runs.", ()),
    "gslb_world_timestamp_seconds": ("Since when that World runs, in Unix time.", ()),
    "gslb_site_up": ("1 if the site is up over this family for this service through this door.", (*_SIDE, "site")),
    "gslb_site_wrong": ("1 if it serves wrong content there: then it is not used even if all are down.", (*_SIDE, "site")),
    "gslb_site_flapping": ("1 while it is held down there for changing too often.", (*_SIDE, "site")),
    "gslb_site_ramp_ratio": ("How far slow start is, 0 to 1; 1 without one.", (*_SIDE, "site")),
    "gslb_site_drained": ("1 while an operator has drained the site.", ("site",)),
    "gslb_site_weight": ("Its share among equals, as it counts now: that of an override, where there is one.", ("site",)),
    "gslb_overrides": ("What of the configuration operators have overridden, of limits.overrides.", ("kind",)),
    "gslb_maintenance": ("Maintenance that is planned, of limits.maintenance, or runs.", ("state",)),
    "gslb_site_slow": ("1 while it answers at three times its own usual latency.", ("site",)),
    "gslb_site_latency_seconds": ("The latency that answers depend on, as a vantage measures it.", ("vantage", "site")),
    "gslb_service_sites_up": ("Sites that are up and not drained.", _SIDE),
    "gslb_service_all_down": ("1 while no site is well and `when_all_down` says what is answered.", _SIDE),
    "gslb_config_reload_success": ("1 if the configuration file was accepted when it was last read.", ()),
    "gslb_config_reload_timestamp_seconds": ("When it was last read, in Unix time.", ()),
    "gslb_geo_database_build_timestamp_seconds": ("When an open database was built, in Unix time.", ("path", "type")),
    "gslb_limit": ("The bounds of this node, as configured; a name that ends in _s is seconds.", ("limit",)),
    "gslb_events_total": ("What happened, by kind of event.", ("kind",)),
    "gslb_admin_requests_total": ("Requests to this API, by method and status.", ("method", "status")),
    "gslb_admin_idempotency_keys": ("Requests that are remembered by their Idempotency-Key.", ()),
    "gslb_admin_idempotent_replays_total": ("Requests that came again with their key and were answered as before.", ()),
    "gslb_admin_sessions": ("Browsers that are logged in, of limits.admin_sessions.", ()),
    "gslb_admin_wrong_tokens_total": ("Times that a token was nobody's.", ()),
    "gslb_admin_throttled_total": ("Requests that were refused for wrong tokens before them.", ()),
    "gslb_admin_guessers": ("Networks whose wrong tokens are counted, of limits.admin_guessers.", ()),
    "gslb_admin_streams": ("Clients that watch the stream of events.", ()),
    "gslb_admin_stream_events_lost_total": ("Events that such clients were too slow for.", ()),
}

Samples = Iterable[tuple[Labels, float]]


class NodeCollector(Collector):
    """Asked at each scrape; keeps nothing."""

    def __init__(self, node: Node, requests: Counters, remembered: Remembered, gate: Gate) -> None:
        self._gate = gate
        self._node = node
        self._requests = requests
        self._remembered = remembered

    def collect(self) -> Iterator[Metric]:
        found: dict[Labels, float] = dict(self._samples())
        for counted in (self._node.counters(), self._node.gauges()):
            for key, value in counted.items():
                found[key] = found.get(key, 0) + value
        yield from families({**self._node.metrics, **METRICS}, found)

    def describe(self) -> Iterable[Metric]:
        return ()  # nothing is asked of the node before a scrape

    def _samples(self) -> Samples:
        yield from self._of_node()
        yield from self._of_sites()
        yield from self._of_orders()
        yield from self._of_services()
        yield from self._of_configuration()
        yield from self._of_admin()

    def _of_node(self) -> Samples:
        status, world = self._node.status(), self._node.world
        yield ("gslb_info", self._node.configuration.node, gslb.__version__), 1
        yield ("gslb_start_time_seconds",), status.started.timestamp()
        yield ("gslb_ready",), status.ready
        yield ("gslb_stale",), status.stale
        yield ("gslb_workers",), status.workers
        yield ("gslb_workers_wanted",), status.workers_wanted
        yield ("gslb_world_number",), world.number
        yield ("gslb_world_timestamp_seconds",), status.world_at.timestamp()

    def _of_sites(self) -> Samples:
        world = self._node.world
        for key, standing in world.standings.items():
            labels = (key.service, key.door.value, str(key.family), key.site)
            yield ("gslb_site_up", *labels), standing.state is State.UP
            yield ("gslb_site_wrong", *labels), standing.state is State.WRONG
            yield ("gslb_site_flapping", *labels), standing.flapping
            yield ("gslb_site_ramp_ratio", *labels), standing.ramp / 10
        for site in world.configuration.sites:
            yield ("gslb_site_drained", site.id), site.id in world.drains
            yield ("gslb_site_slow", site.id), site.id in world.slow
            yield ("gslb_site_weight", site.id), site.weight
        for (vantage, name), used_ms in world.latency_ms.items():
            yield ("gslb_site_latency_seconds", vantage, name), used_ms / 1000

    def _of_orders(self) -> Samples:
        orders = self._node.orders
        weights = len(orders.weights())
        yield ("gslb_overrides", "weight"), weights
        yield ("gslb_overrides", "rule"), len(orders.overrides) - weights
        states = [each.state for each in orders.maintenance]
        for state in (MaintenanceState.PLANNED, MaintenanceState.RUNNING):
            yield ("gslb_maintenance", state.value), states.count(state)

    def _of_services(self) -> Samples:
        for service in service_views(self._node.world):
            for side in service.sides:
                labels = (service.host, side.door.value, str(side.family))
                yield ("gslb_service_sites_up", *labels), side.up
                yield ("gslb_service_all_down", *labels), side.all_down

    def _of_configuration(self) -> Samples:
        reload = self._node.status().reload
        yield ("gslb_config_reload_success",), reload.accepted
        yield ("gslb_config_reload_timestamp_seconds",), reload.at.timestamp()
        for source in self._node.geo:
            yield ("gslb_geo_database_build_timestamp_seconds", source.path, source.type), source.build_epoch
        for name, bound in asdict(self._node.configuration.limits).items():
            yield ("gslb_limit", name), bound
        yield ("gslb_limit", "admin_connections"), CONNECTIONS_MOST
        yield ("gslb_limit", "admin_streams"), WATCHERS_MOST

    def _of_admin(self) -> Samples:
        feed = self._node.feed
        yield from ((("gslb_events_total", kind), count) for kind, count in feed.counts.items())
        yield from self._requests.items()
        yield from self._remembered.counters.items()
        yield ("gslb_admin_idempotency_keys",), len(self._remembered)
        yield ("gslb_admin_sessions",), len(self._gate.sessions)
        yield ("gslb_admin_guessers",), len(self._gate.throttle)
        yield ("gslb_admin_streams",), feed.watchers
        yield ("gslb_admin_stream_events_lost_total",), feed.lost


def families(tables: Metrics, found: Mapping[Labels, float]) -> Iterator[Metric]:
    """One family per name in `tables`; what is in no table, or has other labels, is not shown."""
    by_name: dict[str, list[tuple[Labels, float]]] = {name: [] for name in tables}
    for (name, *labels), value in found.items():
        if name in by_name and len(labels) == len(tables[name][1]):
            by_name[name].append((tuple(labels), float(value)))
    for name, samples in by_name.items():
        words, names = tables[name]
        kind = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
        family = kind(name, words, labels=names)
        if not names and not samples:
            samples = [((), 0.0)]
        for values, value in samples:
            family.add_metric(values, value)
        yield family


def registry(node: Node, requests: Counters, remembered: Remembered, gate: Gate) -> CollectorRegistry:
    made = CollectorRegistry(auto_describe=False)
    made.register(NodeCollector(node, requests, remembered, gate))
    ProcessCollector(registry=made)
    return made
