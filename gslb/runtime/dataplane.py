"""Both doors on the sockets of one worker, from the last Snapshot.

Knows nothing of control: a worker process and `--workers 0` use it alike.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from socket import SHUT_RDWR, SOCK_DGRAM, socket
from typing import Any, NamedTuple

import structlog

from gslb import dns, redirect
from gslb.dns.connections import Connections
from gslb.errors import GeoError, UsageError
from gslb.geo import GeoIndex
from gslb.geo.index import BUNDLED
from gslb.model import Configuration, GeoSettings, Limits, Tls
from gslb.redirect.pledges import Pledges
from gslb.runtime.observing import Observing
from gslb.runtime.reports import Waiting
from gslb.runtime.snapshot import Snapshot
from gslb.runtime.sockets import Listener, turn_away
from gslb.steering import ClientClass, Located, Locator, Sample, Scopes, SteeringMap
from gslb.steering.flows import FlowCounts

STALE_INTERVALS = 3
MOST_WAITING = 1000  # new classes, samples and names between two tallies
ACCEPT_TURNS = 6  # of the loop, in which the doors accept what has connected

_log = structlog.get_logger("gslb")


def share(limits: Limits, workers: int) -> Limits:
    """What one of so many workers admits, so that all of them together admit what is configured."""
    return replace(
        limits,
        tcp_connections=-(-limits.tcp_connections // workers),
        tcp_connections_per_client=-(-limits.tcp_connections_per_client // workers),
        transfers=-(-limits.transfers // workers),
        http_connections=-(-limits.http_connections // workers),
        http_connections_per_client=-(-limits.http_connections_per_client // workers),
        through_streams=-(-limits.through_streams // workers),
        through_streams_per_client=-(-limits.through_streams_per_client // workers),
        through_rate=-(-limits.through_rate // workers),
    )


class Certificates(NamedTuple):
    """The same certificate for each door that speaks TLS; None without one."""

    https: ssl.SSLContext | None = None
    dot: ssl.SSLContext | None = None

    @classmethod
    def read(cls, tls: Tls) -> Certificates:
        """Raises UsageError, one sentence, for files that can't be used."""
        return cls(redirect.tls_context(tls), dns.tls_context(tls))


class Servers:
    """What serves the sockets of one worker. The sockets stay the caller's to close."""

    def __init__(self, plane: DataPlane, limits: Limits, tls: Certificates) -> None:
        self._plane, self._limits, self._tls = plane, limits, tls
        self.udp: list[dns.UdpServer] = []
        self.tcp: list[dns.TcpServer] = []
        self.http: list[redirect.HttpServer] = []
        self._datagrams: list[socket] = []
        self._streams: list[socket] = []

    async def start(self, listeners: Sequence[Listener], sockets: Sequence[socket]) -> None:
        for listener, sock in zip(listeners, sockets, strict=True):
            kept = self._datagrams if sock.type == SOCK_DGRAM else self._streams
            kept.append(sock)
            if listener.role == "dns-udp":
                self.udp.append(dns.UdpServer(sock, self._plane.responder))
                self.udp[-1].start(self._plane.loop)
            elif listener.role in ("dns-tcp", "dns-tls"):
                context = self._tls.dot if listener.role == "dns-tls" else None
                server = dns.TcpServer(
                    sock, self._plane.responder, self._limits, transfers=self._plane.transfers, context=context,
                    together=self._plane.streams,
                )  # fmt: skip
                self.tcp.append(server)
                await server.start()
            else:
                context = self._tls.https if listener.role == "https" else None
                self.http.append(redirect.HttpServer(sock, self._plane.redirector, self._limits, context=context))
                await self.http[-1].start()

    def reconfigure(self, limits: Limits, tls: Certificates) -> None:
        """For the connections from now on."""
        self._limits, self._tls = limits, tls
        for tcp in self.tcp:
            tcp.limits = limits
            if tcp.context is not None and tls.dot is not None:
                tcp.context = tls.dot
        for http in self.http:
            http.limits = limits
            http.context = None if http.context is None else tls.https

    async def drain(self) -> None:
        """Answers what has come in, and serves no more."""
        for server in self.udp:
            server.stop(self._plane.loop)
        await asyncio.gather(*(tcp.stop() for tcp in self.tcp), *(http.drain() for http in self.http))

    def close_doors(self) -> None:
        """Before a drain after which nobody serves these sockets: no datagram comes in from now on."""
        self._streams = [sock.dup() for sock in self._streams]  # the doors close theirs
        for sock in self._datagrams:
            turn_away(sock)

    def refuse(self) -> None:
        """All who had connected are accepted: nobody connects from now on, whoever else holds these sockets."""
        for sock in self._streams:
            with contextlib.suppress(OSError):
                sock.shutdown(SHUT_RDWR)
            sock.close()
        self._streams = []


class DataPlane:
    """`worker` is the number of the one that it is in."""

    def __init__(self, loop: asyncio.AbstractEventLoop, worker: int = 0) -> None:
        self.loop = loop
        self.world = 0
        self.counters: dict[tuple[str, ...], int] = {}
        self.flows = FlowCounts()
        self._told_s = time.monotonic()
        self._configuration: Configuration | None = None
        self._geo_stamp: object = None
        self._map_stamp: object = None
        self._scopes: Scopes | None = None
        self._scopes_used: Scopes | None = None
        self._numbers: dict[tuple[str, ClientClass], int] = {}
        self._new: list[list[Any]] = []
        self._samples: list[dict[str, Any]] = []
        self._asked: list[list[Any]] = []
        self._denied: dict[bytes, None] = {}
        self._measured = Waiting()
        self._told: dict[tuple[str, ...], int] = {}
        self._servers: dict[int, Servers] = {}
        self._covered: dict[int, tuple[socket, ...]] = {}
        self._tls = Certificates()
        self.streams: list[Connections] = []  # of every server of DNS over TCP and TLS, which share the limits
        self._tls_stamp: object = None
        self._rate_stamp: object = None
        self._beat_s = 0.0
        self._observing = Observing(worker)
        self._pledges: Pledges | None = None

    # ------------------------------------------------------------------------------------------ Worlds

    async def take(self, snapshot: Snapshot) -> None:
        """Serves by this World from now on. Databases are read off the loop; all else is a matter of milliseconds."""
        stamp = (snapshot.geo, snapshot.world.configuration.geo)
        if stamp != self._geo_stamp:
            self.geo = await asyncio.to_thread(self._opened, snapshot.world.configuration.geo)
            self._geo_stamp = stamp
        self._swap(snapshot)

    def _opened(self, settings: GeoSettings) -> GeoIndex:
        """Control has opened the same files a moment ago. If one is broken since, what is open stays, and a worker that
        has just started does with what every node has, rather than not at all."""
        try:
            return GeoIndex.open(settings)
        except GeoError as error:
            _log.error(str(error), kind="geo-refused")
        return GeoIndex.open(replace(settings, databases=(BUNDLED,))) if self.world == 0 else self.geo

    def widen(self, scopes: Scopes) -> None:
        """Trees of scopes, for the next World and all that follow: those that were made for its map and for our databases."""
        self._scopes = scopes

    def share(self, pledges: Pledges) -> None:
        """What all workers know of their clients, in place of a table of our own."""
        self._pledges = pledges
        if self.world:
            self.redirector.staying.pledges = pledges

    def _swap(self, snapshot: Snapshot) -> None:
        configuration = snapshot.world.configuration
        self._locate_by(snapshot)
        serving = dns.Serving(
            snapshot.book, snapshot.world, snapshot.table, self.locator,
            configuration.limits.cached_decisions, snapshot.keyring, snapshot.copies,
        )  # fmt: skip
        pages = redirect.Serving(
            snapshot.pages, snapshot.world, snapshot.table, self.locator,
            configuration.limits.cached_decisions,
        )  # fmt: skip
        if self.world == 0:
            self._open_doors(snapshot, serving, pages)
        else:
            self.responder.swap(serving)
            self.redirector.swap(pages)
            self.flows.tidy()
            self._reconfigure(snapshot)
        self.redirector.boot.secrets = snapshot.keyring.cookies
        self._observing.take(configuration, snapshot.workers, snapshot.rotated)
        self.responder.observer = self._observing.observer
        self.world, self._configuration = snapshot.world.number, configuration
        self.beat()

    def _locate_by(self, snapshot: Snapshot) -> None:
        """A new map, new databases or another control forget every client; otherwise classes are only appended.

        So do new trees of scopes: a client that is known was told an older scope, true and narrower.
        """
        configuration = snapshot.world.configuration
        stamp = (configuration.digest, snapshot.world.today, self._geo_stamp, snapshot.lineage)
        anew = stamp != self._map_stamp
        if anew:
            self._map_stamp, self._numbers = stamp, {}
        scopes = self._scopes if self._scopes is not None and self._scopes.geo == self.geo.stamp else None
        if anew or scopes is not self._scopes_used:
            self._scopes_used = scopes
            self.steering = SteeringMap(configuration, snapshot.world.today, scopes=scopes)
            self.locator = Locator(self.geo.lookup, self.steering, self._numbers, configuration.limits.cached_networks)
        for number in range(len(self._numbers), len(snapshot.classes)):
            self._numbers[snapshot.classes[number]] = number

    def _open_doors(self, snapshot: Snapshot, serving: dns.Serving, pages: redirect.Serving) -> None:
        configuration = snapshot.world.configuration
        self.responder = dns.Responder(
            serving,
            node=configuration.node,
            counters=self.counters,
            flows=self.flows,
            on_new_class=self._new_class,
            on_sample=self._sample,
            on_denied=self._deny,
            tcp_idle_s=configuration.limits.tcp_idle_s,
        )
        self.transfers = dns.Transfers(self.responder, configuration.limits)
        self.redirector = redirect.Redirector(
            pages, node=configuration.node, counters=self.counters, flows=self.flows, on_new_class=self._new_class,
            on_sample=self._sample,
        )  # fmt: skip
        self.redirector.staying.pledges = self._pledges
        self.redirector.boot.on_measured = self._measured.add
        self.through = self.redirector.through = redirect.Through(configuration.limits, self.counters)
        self._configuration = configuration
        self._take_limits(snapshot)
        self._beat_s = time.monotonic()
        self._watch_clock()

    # ------------------------------------------------------------------------------------------ sockets

    async def serve(self, listeners: Sequence[Listener], sockets: Sequence[socket], worker: int = -1) -> None:
        """Reads from these sockets; `worker` names the dead one that they were of."""
        assert self._configuration is not None  # noqa: S101 - nothing is served before the first World
        servers = self._servers[worker] = Servers(self, self._limits, self._tls)
        await servers.start(listeners, sockets)

    async def cover(self, worker: int, listeners: Sequence[Listener], sockets: Sequence[socket]) -> None:
        """Serves for a dead sibling."""
        self._covered[worker] = tuple(sockets)
        await self.serve(listeners, sockets, worker)

    async def uncover(self, worker: int) -> None:
        """Its successor reads: answers what was read here, and lets go."""
        servers = self._servers.pop(worker, None)
        if servers is not None:
            await servers.drain()
        for sock in self._covered.pop(worker, ()):
            sock.close()

    def _reconfigure(self, snapshot: Snapshot) -> None:
        before = self._limits, self._tls_stamp
        self._take_limits(snapshot)
        if before != (self._limits, self._tls_stamp):
            for servers in self._servers.values():
                servers.reconfigure(self._limits, self._tls)

    def _take_limits(self, snapshot: Snapshot) -> None:
        configuration = snapshot.world.configuration
        self._limit_rates(snapshot)
        self.flows.most = configuration.limits.flows
        self._limits = self.transfers.limits = self.through.limits = share(configuration.limits, snapshot.workers)
        self.responder.tell_idle(self._limits.tcp_idle_s)
        stamp = configuration.tls, snapshot.tls
        if stamp == self._tls_stamp:
            return
        self._tls_stamp = stamp
        if configuration.tls is None:  # doors that speak TLS were opened with one, and stay open until the next start
            return
        try:
            self._tls = Certificates.read(configuration.tls)
        except UsageError as error:  # control has loaded it a moment ago, with other rights maybe: the old one stays
            _log.error(str(error), kind="tls-refused")
            if self.world == 0:
                raise

    def _limit_rates(self, snapshot: Snapshot) -> None:
        """Another limit begins with empty accounts; the same one goes on from World to World."""
        configuration = snapshot.world.configuration
        settings, networks_max = configuration.rate_limit, configuration.limits.rate_limited_networks
        stamp = settings, networks_max, snapshot.workers
        if stamp != self._rate_stamp:
            self._rate_stamp = stamp
            self.responder.limiter = (
                None if settings is None
                else dns.RateLimiter(settings, workers=snapshot.workers, networks_max=networks_max)
            )  # fmt: skip

    async def drain(self) -> None:
        """Answers what has come in; whoever comes from now on is told at once that nobody is here."""
        for servers in self._servers.values():
            servers.close_doors()
        drains = [self.loop.create_task(servers.drain()) for servers in self._servers.values()]
        for _ in range(ACCEPT_TURNS):
            await asyncio.sleep(0)
        for servers in self._servers.values():
            servers.refuse()
        await asyncio.gather(*drains)
        await self._observing.end()

    # ------------------------------------------------------------------------------------------- clock

    def beat(self) -> None:
        """Control is there: what we serve is the newest World (DESIGN, the law, 4)."""
        self._beat_s = time.monotonic()
        if self.world and self.responder.stale:
            self._set_stale(False)

    def _watch_clock(self) -> None:
        """A World is stale when nothing was heard for three intervals."""
        assert self._configuration is not None  # noqa: S101 - started with the first World
        interval_s = self._configuration.probes.interval_s
        if time.monotonic() - self._beat_s > STALE_INTERVALS * interval_s and not self.responder.stale:
            self._set_stale(True)
        self.loop.call_later(min(1.0, interval_s / 4), self._watch_clock)

    def _set_stale(self, stale: bool) -> None:
        self.responder.stale = self.redirector.stale = stale

    # ------------------------------------------------------------------------------------------- tally

    def _new_class(self, service: str, located: Located) -> None:
        client = located.client
        if client.special is None and len(self._new) < MOST_WAITING:
            self._new.append([service, client.family, client.network, client.length])

    def _deny(self, name: bytes) -> None:
        if len(self._denied) < MOST_WAITING:
            self._denied[name] = None

    def _sample(self, sample: Sample) -> None:
        if len(self._samples) < MOST_WAITING:
            row = asdict(sample)
            self._asked.append([sample.service, sample.asked, *row.pop("unit")])
            self._samples.append(row)

    def tally(self) -> dict[str, Any]:
        """What was counted since the last tally; it can go through JSON."""
        self._observing.count(self.counters)
        flows = [[*flow, count] for flow, count in self.flows.taken()]
        self.counters["gslb_flows_beyond_total",] = self.flows.beyond
        now_s = time.monotonic()
        span_s, self._told_s = now_s - self._told_s, now_s
        counts = []
        for key, count in self.counters.items():
            more = count - self._told.get(key, 0)
            if more:
                counts.append([*key, more])
                self._told[key] = count
        new, self._new = self._new, []
        samples, self._samples, asked, self._asked = self._samples, [], self._asked, []
        denied, self._denied = [name.hex() for name in self._denied], {}
        return {
            "world": self.world,
            "stale": bool(self.world) and self.responder.stale,
            "counts": counts,
            "flows": flows,
            "span_s": span_s,
            "classes": new,
            "samples": samples,
            "asked": asked,
            "denied": denied,
            "measured": self._measured.taken(),
            "limited": len(self.responder.limiter or ()) if self.world else 0,
            "through": self.through.streams.open if self.world else 0,
            "outlets": self._observing.conditions(),
        }
