"""What watchers see, made once for all who may see the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gslb.admin.flowbook import FlowBook
from gslb.admin.incident import status_view
from gslb.admin.incidentbook import Incidents
from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.admin.shown import seen_lately, service_views, site_view
from gslb.admin.views import ServiceView, SiteView, StatusView
from gslb.model import World

_TREMBLES: Final[Any] = {"since": True, "checks": {"__all__": {"since"}}}


@dataclass(frozen=True, slots=True)
class Board:
    """One moment of the node."""

    status: StatusView
    sites: tuple[SiteView, ...]
    services: tuple[ServiceView, ...]


class Boards:
    """Remembers the last moment for as long as the feed says that nothing has changed."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._version = -1
        self._board: Board | None = None
        self._views: dict[str, tuple[tuple[object, ...], SiteView]] = {}
        self._services: tuple[World, tuple[ServiceView, ...]] | None = None
        self._texts: tuple[Board, str] | None = None

    @property
    def flows(self) -> FlowBook:
        return self._node.flows

    @property
    def incidents(self) -> Incidents:
        return self._node.incidents

    def now(self, principal: Principal) -> Board:
        """An owner sees a board on which there is nothing but the own sites."""
        version = self._node.feed.version
        if self._board is None or version != self._version:
            self._version, self._board = version, self._drawn()
        return self._board if principal.sees_all else self._part(self._board, principal)

    def sites_text(self, board: Board) -> str:
        """As JSON: for a node with 300 sites and 20 services 2 MB, made once for all who come."""
        if self._texts is None or self._texts[0] is not board:
            self._texts = board, f"[{','.join([site.model_dump_json(by_alias=True) for site in board.sites])}]"
        return self._texts[1]

    def _drawn(self) -> Board:
        sites, services = self._of_sites(), self._of_services()
        return Board(status_view(self._node, sites, services), sites, services)

    def _of_sites(self) -> tuple[SiteView, ...]:
        """A site that is as it was keeps its view, the same object; one that is drained loses clients all the time."""
        node, configuration = self._node, self._node.configuration
        stamps, weights, old = node.stamps(), node.orders.weights(), self._views
        self._views = {}
        for site in configuration.sites:
            stamp = (configuration, stamps.get(site.id), weights.get(site.id))
            known = old.get(site.id)
            if known is None or known[1].drain is not None or not _alike(known[0], stamp):
                report = node.report(site.id)
                view = site_view(report, configuration, seen_lately(node.flows, report), weights)
                known = stamp, known[1] if known is not None and steady(view) == steady(known[1]) else view
            self._views[site.id] = known
        return tuple(view for _, view in self._views.values())

    def _of_services(self) -> tuple[ServiceView, ...]:
        world = self._node.world
        if self._services is None or self._services[0] is not world:
            self._services = world, tuple(service_views(world))
        return self._services[1]

    def _part(self, board: Board, principal: Principal) -> Board:
        sites = tuple(site for site in board.sites if principal.sees(site.id))
        return Board(status_view(self._node, sites, ()), sites, ())


def _alike(old: tuple[object, ...], new: tuple[object, ...]) -> bool:
    """The same configuration, not an equal one: to compare two takes long."""
    return old[0] is new[0] and old[1:] == new[1:]


def steady(site: SiteView) -> dict[str, Any]:
    """Without what is computed from two clocks at each look, and so trembles; it moves in earnest with the state alone."""
    return site.model_dump(exclude=_TREMBLES)
