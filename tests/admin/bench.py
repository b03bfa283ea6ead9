"""A node without sockets or processes: the real configuration, tracker, map and steering, on a clock that tests turn."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from gslb.admin import Feed, Metrics, Reload, Server, Status, create_app, draining, serve, tokens
from gslb.admin import orders as ordering
from gslb.admin.wire import Patience
from gslb.config import load
from gslb.geo import GeoIndex, Source
from gslb.geo.systems import Systems
from gslb.model import Configuration, Endpoint, Event, EventFilter, Listen, User, World
from gslb.runtime.acts import Acts
from gslb.runtime.alerting.alerting import Alerting
from gslb.runtime.flowing import Flowing
from gslb.runtime.incidents import Incidents
from gslb.runtime.journal import Journal
from gslb.runtime.recollection import Counted
from gslb.runtime.remembering import Remembering
from gslb.runtime.simulating import Simulating
from gslb.runtime.tokens import Tokens
from gslb.state import SiteReport, TargetKey, Tracker
from gslb.state.clock import Clock
from gslb.state.content import SetReport
from gslb.state.incidents import NodeFacts, findings
from gslb.state.incidents.impact import well_shares
from gslb.state.measurements import Measurement, Measurements
from gslb.state.orders import Orders
from gslb.state.rollups import Rollups
from gslb.state.stamps import Stamp
from gslb.steering import Lookup, Scopes
from probes.model import Exchange, Result, Timings
from probes.verdict import Verdict

REFERENCE = Path(__file__).parents[2] / "config" / "inetboot.yaml"
SERVICE = "knoppix.inetboot.net"
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

OPERATOR, VIEWER, OWNER, STRANGER = ("token-of-" + name for name in ("ops", "eve", "osaka", "nobody"))


def user(name: str, role: Any, token: str, *sites: str) -> User:
    return User(name, role, hashlib.sha256(token.encode()).hexdigest(), sites)


USERS = (
    user("ops", "operator", OPERATOR),
    user("eve", "viewer", VIEWER),
    user("osaka", "owner", OWNER, "jp-osaka-1"),
)


@cache
def reference() -> Configuration:
    return replace(load(REFERENCE), users=USERS)


@cache
def geo_index() -> GeoIndex:
    return GeoIndex.open(reference().geo)


class Bench:
    """Implements gslb.admin.Node."""

    def __init__(self, configuration: Configuration | None = None, utc: datetime = START) -> None:
        self.configuration = configuration or reference()
        self.now_s, self.utc, self.started = 1000.0, utc, utc
        self.journal = Journal(None, lambda: self.utc)
        self.book = self.journal.book
        self.feed = Feed()
        self.flows = Flowing(lambda: self.configuration, lambda: self.lookup, self.feed, lambda: self.now_s)
        self.history = Remembering(
            lambda: self.configuration, lambda: self.world, lambda: Counted(dict(self.flows.window.totals), self.counted),
            self.journal, lambda: self.utc.timestamp(),
        )  # fmt: skip
        self.history.use(Rollups(None, 1000, utc), None)  # in memory, and at once: nothing here runs beside
        self.kept: list[Event] = []
        self.tracker = Tracker(self.configuration, now_s=self.now_s, utc=self.utc, book=self.book)
        self.world_at = self.utc
        self.world: World = self.tracker.next_world(self.now_s, self.utc)  # type: ignore[assignment]
        self.reload = Reload(self.utc, True)
        self.workers = self.workers_wanted = 2
        self.remembers = True
        self.stale = False
        self.counted: dict[tuple[str, ...], int] = {}
        self.gauged: dict[tuple[str, ...], float] = {}
        self.metrics: Metrics = {}
        self.measured = Measurements()
        self.scanned: list[str] = []
        self._simulating = Simulating(geo_index, lambda: self.configuration.limits, None)
        self.incidents = Incidents(
            lambda: self.configuration,
            self.journal,
            None,
            self.feed,
            self.facts,
            clock=lambda: self.now_s,
            utc_now=lambda: self.utc,
        )
        self.alerts = Alerting(self.configuration, {}, self.journal, None, lambda: self.utc)
        self.acts = Acts(None, self.journal, lambda: self.configuration.limits.acts_kept, lambda: self.utc)
        self.tokens = Tokens(None, self.journal, lambda: self.configuration.limits.tokens_kept, lambda: self.utc)
        self.oidc_secret: str | None = None
        tokens.install_undoers(self)
        draining.install_undoers(self, lambda: self.utc)
        ordering.install_undoers(self, lambda: self.utc)
        self.journal.add_listener(lambda event: self.told([event]))

    # What the admin side asks

    @property
    def lookup(self) -> Lookup:
        return geo_index().lookup

    @property
    def scopes(self) -> Scopes | None:
        return None

    @property
    def geo(self) -> Sequence[Source]:
        return geo_index().sources

    @property
    def systems(self) -> Systems:
        return Systems(geo_index())

    @property
    def simulating(self) -> Simulating:
        return self._simulating

    def status(self) -> Status:
        return Status(
            self.tracker.ready,
            self.stale,
            self.started,
            self.world_at,
            self.reload,
            self.workers,
            self.workers_wanted,
            self.remembers,
        )

    def reports(self) -> Sequence[SiteReport]:
        return [self.tracker.report(site.id) for site in self.configuration.sites]

    def stamps(self) -> Mapping[str, Stamp]:
        return self.tracker.stamps()

    def report(self, site: str) -> SiteReport:
        return self.tracker.report(site)

    def events(self, limit: int, before: int | None, wanted: EventFilter | None = None) -> Sequence[Event]:
        known = (event for event in reversed(self.kept) if before is None or event.number < before)
        return [event for event in known if wanted is None or wanted.matches(event)][:limit]

    def measurements(self, limit: int, network: str | None, site: str | None) -> Sequence[Measurement]:
        return [each for each in self.measured if network in (None, each.network) and site in (None, each.site)][:limit]

    def drain(self, site: str, reason: str, who: str, for_s: float | None, owner: str | None = None) -> None:
        self.told(self.tracker.drain(site, reason, who, for_s, self.now_s, self.utc, owner))

    @property
    def orders(self) -> Orders:
        return self.tracker.orders

    def order(self, given: Callable[[Orders, Clock], list[Event]]) -> list[Event]:
        told = self.tracker.order(given, self.now_s, self.utc)
        self.told(told)
        return told

    def enable(self, site: str, who: str) -> None:
        self.told(self.tracker.enable(site, who, self.now_s, self.utc))

    def content(self) -> Sequence[SetReport]:
        return self.tracker.content_reports(self.now_s, self.utc)

    def scan(self, site: str) -> tuple[int, int]:
        wanted = [target.key for target in self.tracker.content.targets if target.site == site]
        self.scanned += wanted
        return len(wanted), len(wanted)

    def counters(self) -> Mapping[tuple[str, ...], int]:
        return self.counted

    def gauges(self) -> Mapping[tuple[str, ...], float]:
        return self.gauged

    # What happens to it

    def told(self, events: Iterable[Event]) -> None:
        for event in events:
            self.kept.append(event)
            self.feed.publish(event)
        world = self.tracker.next_world(self.now_s, self.utc)
        if world is not None:
            self.world, self.world_at = world, self.utc
        if self.world.ready:
            self.incidents.take(findings(self.world, self.facts()), well_shares(self.world), self.configuration)
        self.feed.changed()

    def facts(self) -> NodeFacts:
        return NodeFacts(stale=self.stale, workers=self.workers, workers_wanted=self.workers_wanted)

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.utc += timedelta(seconds=seconds)
        self.told(self.tracker.tick(self.now_s, self.utc))

    def result(self, key: str, verdict: Verdict, reason: str, connect_ms: float = 12.0) -> None:
        named = TargetKey.parse(key)
        result = Result(
            key=key,
            site=named.site,
            address=str(named.address),
            verdict=verdict,
            reason=reason,
            timings=Timings(connect_ms=connect_ms, first_byte_ms=2 * connect_ms, total_ms=3 * connect_ms),
            exchange=Exchange(
                request="GET /index.idx HTTP/1.1", response="HTTP/1.1 200 OK", command=f"curl -sv http://{named.address}/"
            ),
            at_monotonic=self.now_s,
            at_utc=self.utc,
        )
        self.told(self.tracker.observe(result, False, self.now_s, self.utc))

    def round(
        self, verdict: Verdict = Verdict.OK, reason: str = "answered 200", *, site: str | None = None, family: int = 0
    ) -> None:
        """A result of every target, or of those of one site or one family."""
        for target in self.tracker.targets:
            key = TargetKey.parse(target.key)
            if site in (None, key.site) and family in (0, key.family):
                self.result(target.key, verdict, reason, connect_ms=_distance_ms(key.site))

    def ready(self) -> Bench:
        """The first round is in, and all is well."""
        self.round()
        self.told(self.tracker.round_complete(self.now_s, self.utc))
        self.wait(1.0)
        return self

    def fail(self, site: str, verdict: Verdict = Verdict.REFUSED, reason: str = "connection refused", family: int = 0) -> None:
        for _ in range(3):
            self.wait(1.0)
            self.round(verdict, reason, site=site, family=family)
        self.wait(1.0)

    def recover(self, site: str) -> None:
        for _ in range(5):
            self.wait(10.0)
            self.round(site=site)
        self.wait(1.0)


def _distance_ms(site: str) -> float:
    return {"jp": 8.0, "us": 110.0, "eu": 230.0}[site[:2]]


def listening(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(512)
    return sock


@asynccontextmanager
async def served(node: Bench, host: str = "127.0.0.1", patience: Patience | None = None, port: int = 0):
    """The base URL of the node's admin side, on a real socket."""
    sock = listening(host, port)
    port = sock.getsockname()[1]
    node.configuration = replace(node.configuration, listen=Listen(admin=Endpoint(host, port)))
    server: Server = await serve(create_app(node, lambda: node.utc), sock, patience)
    try:
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        async with asyncio.timeout(30):
            await server.stop()
