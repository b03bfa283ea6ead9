"""What the admin side asks of the control process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gslb.admin.feed import Feed
from gslb.admin.flowbook import FlowBook
from gslb.admin.historybook import HistoryBook
from gslb.admin.incidentbook import Channels, Incidents
from gslb.admin.principal import Principal
from gslb.errors import Fault
from gslb.geo import Source
from gslb.geo.systems import Systems
from gslb.model import Act, Configuration, Event, EventFilter, World
from gslb.model.token import Token
from gslb.state import SiteReport
from gslb.state.clock import Clock
from gslb.state.content import SetReport
from gslb.state.measurements import Measurement
from gslb.state.orders import Orders
from gslb.state.stamps import Stamp
from gslb.steering import Lookup, Scopes
from gslb.steering.simulation import Answer, CoverageQuestion, Question

Labels = tuple[str, ...]
Metrics = Mapping[str, tuple[str, Labels]]  # name -> (help, names of labels)


@dataclass(frozen=True, slots=True)
class Reload:
    """The last time that the configuration was read: at the start, on SIGHUP, or when its file changed."""

    at: datetime  # UTC
    accepted: bool
    faults: tuple[Fault, ...] = ()
    changes: tuple[str, ...] = ()  # in sentences


@dataclass(frozen=True, slots=True)
class Status:
    """How the node itself is. `workers` are those that answer; 0 in a node of one process. `kept`: a restart forgets nothing."""

    ready: bool
    stale: bool
    started: datetime  # UTC
    world_at: datetime  # UTC: since when the World that runs is the one
    reload: Reload
    workers: int = 0
    workers_wanted: int = 0
    kept: bool = True


class Acts(Protocol):
    """The audit log (`gslb.runtime.acts`)."""

    undoers: dict[str, Callable[[Act, Principal], None]]
    of_owners: set[str]

    def record(
        self,
        principal: Principal,
        action: str,
        subject: str,
        why: str = "",
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        *,
        undoes: int | None = None,
        told: bool = False,
        message: str = "",
    ) -> Act: ...

    def together(self) -> AbstractContextManager[None]:
        """What is recorded meanwhile is written in one go; nothing is awaited within."""

    def latest(
        self,
        limit: int,
        before: int | None = None,
        who: Collection[str] | None = None,
        action: Collection[str] | None = None,
        subject: Collection[str] | None = None,
    ) -> Sequence[Act]: ...

    def find(self, number: int) -> Act | None: ...

    def undoable(self, act: Act) -> bool: ...

    def undo(self, act: Act, principal: Principal, why: str) -> Act: ...


class Tokens(Protocol):
    """Tokens made through the API (`gslb.runtime.tokens`)."""

    def all(self) -> Sequence[Token]:
        """Those that ended too; the newest first."""

    def get(self, token_id: str) -> Token | None: ...

    def find(self, token_sha256: str) -> Token | None:
        """The one with this hash, if it is good now."""

    def create(self, name: str, role: str, sites: Sequence[str], expires: datetime | None, created_by: str) -> tuple[Token, str]:
        """It, and its text. Raises ConflictError where there are too many."""

    def revoke(self, token_id: str) -> Token:
        """Raises KeyError if there is none, ConflictError if it ended before."""

    def used(self, token: Token) -> None: ...


class Simulates(Protocol):
    """One question at a time, beside the loop."""

    async def run(self, question: Question | CoverageQuestion) -> Answer:
        """Raises BusyError where others are before it, NodeError where it fails."""


class Node(Protocol):
    """Called on the event loop of control, where nothing may block for longer than a row of SQLite takes.

    Control publishes every event to `feed`, and calls `feed.changed()` whenever a result, a tick, an operator or a
    reload may have changed what `reports`, `world` or `status` tell; the admin side merges what comes too often.
    """

    @property
    def feed(self) -> Feed: ...

    @property
    def acts(self) -> Acts:
        """Who changed what, and why: every change that an endpoint makes is recorded here."""

    @property
    def incidents(self) -> Incidents:
        """What is wrong, and was."""

    @property
    def alerts(self) -> Channels:
        """Who is told of it."""

    @property
    def history(self) -> HistoryBook:
        """How things were."""

    @property
    def flows(self) -> FlowBook:
        """Who is sent where."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def oidc_secret(self) -> str | None:
        """What `admin.oidc.client_secret_file` holds."""

    @property
    def configuration(self) -> Configuration:
        """The one that runs."""

    @property
    def world(self) -> World:
        """The one published last; there is one before the admin side starts."""

    @property
    def lookup(self) -> Lookup:
        """Where clients are: that of the open GeoIndex."""

    @property
    def simulating(self) -> Simulates:
        """What answers questions about a population, beside the loop."""

    @property
    def scopes(self) -> Scopes | None:
        """The trees of scopes that answers go by; None while there are none for the databases that are open."""

    @property
    def geo(self) -> Sequence[Source]:
        """The open databases."""

    @property
    def systems(self) -> Systems:
        """Which networks are of which AS, by the open databases."""

    @property
    def metrics(self) -> Metrics:
        """What `counters` and `gauges` hold: METRICS of both doors, and what control itself measures.

        A name that ends in `_total` is a counter, any other a gauge.
        """

    def status(self) -> Status: ...

    def reports(self) -> Sequence[SiteReport]:
        """Of every site, in the order of the configuration."""

    def stamps(self) -> Mapping[str, Stamp]:
        """Of every site with a check: another one when something changed that a report tells, results apart."""

    def report(self, site: str) -> SiteReport:
        """Raises UsageError if there is no such site."""

    def events(self, limit: int, before: int | None, wanted: EventFilter | None = None) -> Sequence[Event]:
        """The newest first; `before` is the number of an event, for the page after it; `wanted` chooses."""

    def measurements(self, limit: int, network: str | None, site: str | None) -> Sequence[Measurement]:
        """What clients measured, those told last first: of one network, or one site, where that is given."""

    def drain(self, site: str, reason: str, who: str, for_s: float | None, owner: str | None = None) -> None:
        """Take a site out, for a time or until it is enabled. Raises UsageError if there is no such site."""

    @property
    def orders(self) -> Orders:
        """What operators have ordered: to be read. To be changed through `order`."""

    def order(self, given: Callable[[Orders, Clock], list[Event]]) -> list[Event]:
        """Let an operator order something. It is kept when this returns. Raises what `given` raises."""

    def content(self) -> Sequence[SetReport]:
        """Of every release set that is looked at, in the order of the configuration."""

    def scan(self, site: str) -> tuple[int, int]:
        """Scan the release sets of a site as soon as may be: how many will be, and how many there are."""

    def enable(self, site: str, who: str) -> None:
        """End a drain, if there is one; a failing site stays down. Raises UsageError if there is no such site."""

    def counters(self) -> Mapping[Labels, int]:
        """(name, label values...) -> number: of control and of all workers since the node started."""

    def gauges(self) -> Mapping[Labels, float]:
        """(name, label values...) -> value now."""
