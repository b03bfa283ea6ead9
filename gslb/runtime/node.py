"""What the admin side sees of control (`gslb.admin.node.Node`)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gslb import dns, redirect
from gslb.admin import Feed, draining, tokens
from gslb.admin import orders as ordering
from gslb.admin.node import Metrics, Reload, Status
from gslb.errors import StoreError
from gslb.geo import GeoIndex, Source
from gslb.geo.systems import Systems
from gslb.model import Configuration, Event, EventFilter, World
from gslb.runtime.acts import METRICS as ACTS_METRICS
from gslb.runtime.acts import Acts
from gslb.runtime.alerting.alerting import METRICS as ALERTING_METRICS
from gslb.runtime.alerting.alerting import Alerting
from gslb.runtime.flowing import METRICS as FLOWING_METRICS
from gslb.runtime.flowing import Flowing
from gslb.runtime.incidents import METRICS as INCIDENT_METRICS
from gslb.runtime.incidents import Incidents
from gslb.runtime.journal import Journal
from gslb.runtime.lookers import Lookers
from gslb.runtime.measuring import METRICS as MEASURING_METRICS
from gslb.runtime.measuring import Measuring
from gslb.runtime.mismatches import Mismatches
from gslb.runtime.notifying import METRICS as NOTIFYING_METRICS
from gslb.runtime.notifying import Notifying
from gslb.runtime.observing import METRICS as OBSERVING_METRICS
from gslb.runtime.pool import Pool
from gslb.runtime.publisher import Publisher
from gslb.runtime.recollection import Counted
from gslb.runtime.remembering import METRICS as HISTORY_METRICS
from gslb.runtime.remembering import Remembering
from gslb.runtime.scanning import METRICS as SCANNING_METRICS
from gslb.runtime.selfcheck import SelfCheck
from gslb.runtime.signing import METRICS as SIGNING_METRICS
from gslb.runtime.signing import Signing
from gslb.runtime.simulating import METRICS as SIMULATING_METRICS
from gslb.runtime.simulating import Simulating
from gslb.runtime.surveying import METRICS as SURVEYING_METRICS
from gslb.runtime.surveying import Surveying
from gslb.runtime.tallies import Tallies
from gslb.runtime.telemetry import METRICS as TELEMETRY_METRICS
from gslb.runtime.telemetry import Telemetry
from gslb.runtime.tokens import METRICS as TOKENS_METRICS
from gslb.runtime.tokens import Tokens
from gslb.runtime.watching import Watch
from gslb.state import SiteReport
from gslb.state.clock import Clock
from gslb.state.content import SetReport
from gslb.state.incidents import NodeFacts
from gslb.state.measurements import Measurement
from gslb.state.orders import Orders
from gslb.state.stamps import Stamp
from gslb.state.store import Store
from gslb.steering import Lookup, Scopes

METRICS: Final[Metrics] = {
    "gslb_probe_results_total": ("Results of probes.", ("site", "door", "verdict")),
    "gslb_probe_internal_errors_total": ("Probes that failed by a fault of our own.", ()),
    "gslb_worker_restarts_total": ("Times that a data-plane worker was started again.", ("worker",)),
    "gslb_store_failures_total": ("Writes to the state directory that failed.", ()),
    "gslb_store_up": ("Whether what happens is kept for a restart.", ()),
    "gslb_world_failures_total": ("Worlds that could not be made or taken, by a fault of our own.", ()),
    "gslb_world_pause_seconds": ("The longest that a worker has stood still to take a World.", ("worker",)),
    "gslb_tally_refused_total": ("Counts or samples of workers that were not understood, or beyond a bound.", ()),
    "gslb_classes_refused_total": ("Classes of clients beyond the bound; they are decided one by one.", ()),
    "gslb_classes": ("Classes of clients that tables are compiled for.", ()),
    "gslb_world_build_seconds": ("Time that the World at hand took to compile and encode.", ()),
    "gslb_world_octets": ("Size of the World at hand as it is sent to each worker.", ()),
    "gslb_worker_world": ("Number of the World that a worker serves.", ("worker",)),
    "gslb_rate_limit_networks": (
        "Networks that response rate limiting has an account of, of limits.rate_limited_networks.",
        ("worker",),
    ),
    "gslb_through_streams": ("Clients that a worker is serving files through to, of limits.through_streams.", ("worker",)),
    "gslb_worker_stale": ("Whether a worker has not heard of control for three intervals.", ("worker",)),
    "gslb_listener_up": ("Whether a listener answered the node's own question.", ("role", "address")),
    "gslb_geo_lookup_errors_total": ("Look-ups that failed on a broken record of a database.", ()),
}


class ControlNode:
    """`configuration` and `geo` are set anew by a reload."""

    def __init__(self, configuration: Configuration, geo: GeoIndex, journal: Journal, store: Store | None, watch: Watch) -> None:
        self.configuration = configuration
        self.feed = Feed(journal.recent)  # who watched before a restart is told what came meanwhile
        self.journal, self.tallies = journal, Tallies()
        self.started = datetime.now(UTC)
        self.reload = Reload(self.started, True)
        self.world_at = self.started
        self.watch = watch
        self.pool: Pool | None = None
        self.publisher: Publisher | None = None
        self.signing: Signing | None = None
        self.notifying: Notifying | None = None
        self.stale: dict[int, bool] = {}
        self.pause_s: dict[int, float] = {}
        self.limited: dict[int, int] = {}
        self.through: dict[int, int] = {}
        self.worlds_failed = 0
        self.selfcheck: SelfCheck | None = None
        self.surveying: Surveying | None = None
        self.lookers = Lookers(journal)
        self.measuring = Measuring(configuration, store, journal)
        self.mismatches = Mismatches(journal)
        self.index = geo
        self._systems = Systems(geo)
        self.flows = Flowing(lambda: self.configuration, lambda: self.index.lookup, self.feed)
        self.history = Remembering(lambda: self.configuration, lambda: self.world, self._counted, journal)
        self.acts = Acts(store, journal, lambda: self.configuration.limits.acts_kept)
        self.tokens = Tokens(store, journal, lambda: self.configuration.limits.tokens_kept)
        self.oidc_secret: str | None = None  # set with each configuration
        tokens.install_undoers(self)
        draining.install_undoers(self, lambda: datetime.now(UTC))
        ordering.install_undoers(self, lambda: datetime.now(UTC))
        self.incidents = Incidents(lambda: self.configuration, journal, store, self.feed, self._facts, self._rate)
        self.incidents.tells = self.alerts = Alerting(configuration, {}, journal, store)  # secrets come with the first `use`
        cache = Path(configuration.state_dir) / "geo"
        self.simulating = Simulating(lambda: self.index, lambda: self.configuration.limits, cache)
        self.telemetry = Telemetry(lambda: self.configuration, self.started.timestamp())
        self._store = store
        self._world: World | None = None
        self._probed = 0  # the number of the first World that knows results of probes
        self._settled = False  # ready once is ready for good

    # What runs

    @property
    def world(self) -> World:
        assert self._world is not None  # noqa: S101 - the first World is published before the admin side starts
        return self._world

    def told(self, index: int, tally: Mapping[str, Any]) -> None:
        """What a worker counted since it last told."""
        self.tallies.add(tally)
        self.stale[index] = tally.get("stale") is True
        pause_s = tally.get("longest_s")
        if isinstance(pause_s, float) and 0.0 <= pause_s < math.inf:
            self.pause_s[index] = pause_s
        self.lookers.told(index, tally.get("outlets"))
        self.mismatches.told(tally.get("counts"))
        self.flows.told(tally)
        through, limited = tally.get("through"), tally.get("limited")
        self.through[index] = through if type(through) is int and through >= 0 else 0
        self.limited[index] = limited if type(limited) is int and limited >= 0 else 0
        if not self._settled and self._ready():
            self._settled = True
            self.feed.changed()

    def reloaded(self, reload: Reload) -> None:
        self.reload = reload
        self.feed.changed()

    def set_world(self, world: World) -> None:
        self._world, self.world_at = world, datetime.now(UTC)
        if world.ready and not self._probed:
            self._probed = world.number
        self.feed.changed()

    @property
    def lookup(self) -> Lookup:
        return self.index.lookup

    @property
    def scopes(self) -> Scopes | None:
        return None if self.surveying is None else self.surveying.scopes_of(self.index)

    @property
    def geo(self) -> Sequence[Source]:
        return self.index.sources

    @property
    def systems(self) -> Systems:
        if self._systems.index is not self.index:
            self._systems = Systems(self.index)
        return self._systems

    def status(self) -> Status:
        workers = self.pool.workers if self.pool else []
        return Status(
            ready=self._ready(),
            stale=any(self.stale.values()),
            started=self.started,
            world_at=self.world_at,
            reload=self.reload,
            workers=sum(worker.serving for worker in workers),
            workers_wanted=len(workers),
            kept=not self.journal.store_failing,
        )

    def _ready(self) -> bool:
        """Whether clients are steered by what the probes found: every worker that serves has had a World that knows."""
        if self._settled or not self._probed:
            return self._settled
        if self.pool is None:
            served = self.publisher.published if self.publisher else None
            return served is not None and served.number >= self._probed
        serving = [worker.world for worker in self.pool.workers if worker.serving]
        return bool(serving) and min(serving) >= self._probed

    def _facts(self) -> NodeFacts:
        """For incidents."""
        status, signing = self.status(), self.signing
        deaf = self.selfcheck.deaf if self.selfcheck else {}
        faults = status.reload.faults
        return NodeFacts(
            stale=status.stale,
            refused="" if status.reload.accepted else str(faults[0]) if faults else "it could not be read",
            store_failing=self.journal.store_failing,
            workers=status.workers,
            workers_wanted=status.workers_wanted,
            deaf=tuple(str(listener.endpoint) for listener, fault in deaf.items() if fault),
            overdue=signing.overdue if signing else (),
            keys_refused=signing is not None and signing.refused,
            short={key: state.words for key, state in self.watch.tracker.content.sets.items() if state.short},
        )

    def _rate(self) -> float | None:
        """Answers a second, as far as they are counted."""
        seen = self.flows.seen()
        return seen.total / seen.window_s if seen.total else None

    def reports(self) -> Sequence[SiteReport]:
        return [self.watch.tracker.report(site.id) for site in self.configuration.sites]

    def stamps(self) -> Mapping[str, Stamp]:
        return self.watch.tracker.stamps()

    def report(self, site: str) -> SiteReport:
        return self.watch.tracker.report(site)

    def content(self) -> Sequence[SetReport]:
        return self.watch.tracker.content_reports(time.monotonic(), datetime.now(UTC))

    # What happened, and what is to happen

    def events(self, limit: int, before: int | None, wanted: EventFilter | None = None) -> Sequence[Event]:
        known = [event for event in reversed(self.journal.recent) if before is None or event.number < before]
        recent = [event for event in known if wanted is None or wanted.matches(event)]
        if len(recent) >= limit or self._store is None:
            return recent[:limit]
        try:
            older = self._store.events(limit - len(recent), known[-1].number if known else before, wanted)
        except StoreError as error:
            self.journal.store_failed(error)
            older = ()
        return [*recent, *older]

    def drain(self, site: str, reason: str, who: str, for_s: float | None, owner: str | None = None) -> None:
        self.watch.drain(site, reason, who, for_s, owner)
        self.feed.changed()

    @property
    def orders(self) -> Orders:
        return self.watch.tracker.orders

    def order(self, given: Callable[[Orders, Clock], list[Event]]) -> list[Event]:
        told = self.watch.order(given)
        self.feed.changed()
        return told

    def enable(self, site: str, who: str) -> None:
        self.watch.enable(site, who)
        self.feed.changed()

    def scan(self, site: str) -> tuple[int, int]:
        return self.watch.scanning.scan(site)

    def measurements(self, limit: int, network: str | None, site: str | None) -> Sequence[Measurement]:
        return self.measuring.latest(limit, network, site)

    # What is counted

    def _counted(self) -> Counted:
        return Counted(dict(self.flows.window.totals), dict(self.tallies.counts))

    @property
    def metrics(self) -> Metrics:
        doors = {**dns.METRICS, **redirect.METRICS, **MEASURING_METRICS, **SCANNING_METRICS, **FLOWING_METRICS, **HISTORY_METRICS}
        return doors | {
            **NOTIFYING_METRICS,
            **SIGNING_METRICS,
            **OBSERVING_METRICS,
            **SURVEYING_METRICS,
            **SIMULATING_METRICS,
            **ACTS_METRICS,
            **INCIDENT_METRICS,
            **ALERTING_METRICS,
            **TOKENS_METRICS,
            **TELEMETRY_METRICS,
            **METRICS,
        }

    def counters(self) -> Mapping[tuple[str, ...], int]:
        own: dict[tuple[str, ...], int] = {
            ("gslb_probe_internal_errors_total",): self.watch.internal_errors,
            ("gslb_store_failures_total",): self.journal.store_failures,
            ("gslb_tally_refused_total",): self.tallies.refused,
            ("gslb_geo_lookup_errors_total",): self.index.errors,
            **self.watch.scanning.counters(),
            ("gslb_scope_tree_failures_total",): 0 if self.surveying is None else self.surveying.failures,
        }
        if self.publisher is not None:
            own["gslb_classes_refused_total",] = self.publisher.classes.refused
            own["gslb_world_failures_total",] = self.publisher.failures + self.worlds_failed
        if self.notifying is not None:
            own |= {("gslb_dns_notifies_total", *key): count for key, count in self.notifying.counts.items()}
        if self.signing is not None:
            own |= self.signing.counters()
        own |= self.flows.counters() | self.history.counters()
        own |= (
            self.measuring.counters()
            | self.simulating.counters()
            | self.acts.counters()
            | self.incidents.counters()
            | self.alerts.counters()
            | self.telemetry.counters()
        )
        own |= {("gslb_probe_results_total", *key): count for key, count in self.watch.results.items()}
        workers = self.pool.workers if self.pool else []
        own |= {("gslb_worker_restarts_total", str(worker.index)): worker.restarts for worker in workers}
        return {**self.tallies.counts, **own}

    def gauges(self) -> Mapping[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {("gslb_store_up",): float(not self.journal.store_failing)}
        if self.publisher is not None:
            found["gslb_classes",] = len(self.publisher.classes)
            found["gslb_world_build_seconds",] = self.publisher.seconds
            found["gslb_world_octets",] = self.publisher.octets
        if self.publisher is not None and self.signing is not None:
            found |= self.signing.gauges(self.publisher.signer)
            found["gslb_dnssec_compact_names",] = len(self.publisher.compacting)
        found |= self.flows.gauges() | self.history.gauges()
        found |= (
            self.lookers.gauges()
            | self.measuring.gauges()
            | self.simulating.gauges()
            | self.acts.gauges()
            | self.tokens.gauges()
            | self.watch.scanning.gauges()
        )
        found |= self.incidents.gauges() | self.alerts.gauges()
        if self.surveying is not None:
            found |= self.surveying.gauges()
        for worker in self.pool.workers if self.pool else []:
            found["gslb_worker_world", str(worker.index)] = worker.world
            found["gslb_world_pause_seconds", str(worker.index)] = self.pause_s.get(worker.index, 0.0)
            found["gslb_worker_stale", str(worker.index)] = float(self.stale.get(worker.index, False))
        if self.configuration.rate_limit is not None:
            found |= {("gslb_rate_limit_networks", str(index)): count for index, count in self.limited.items()}
        found |= {("gslb_through_streams", str(index)): count for index, count in self.through.items()}
        for listener, fault in self.selfcheck.deaf.items() if self.selfcheck else ():
            found["gslb_listener_up", listener.role, str(listener.endpoint)] = float(not fault)
        return found
