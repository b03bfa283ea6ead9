"""What watchers see, made once for all who may see the same."""

from __future__ import annotations

from dataclasses import dataclass

from gslb.admin.flowbook import FlowBook
from gslb.admin.incident import status_view
from gslb.admin.incidentbook import Incidents
from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.admin.shown import seen_lately, service_views, site_view
from gslb.admin.views import ServiceView, SiteView, StatusView


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

    def _drawn(self) -> Board:
        node = self._node
        known = {site.id for site in node.configuration.sites}
        reports = [report for report in node.reports() if report.site in known]
        weights = node.orders.weights()
        seen = seen_lately(node.flows, *reports)
        sites = tuple(site_view(report, node.configuration, seen, weights) for report in reports)
        services = tuple(service_views(node.world))
        return Board(status_view(node, sites, services), sites, services)

    def _part(self, board: Board, principal: Principal) -> Board:
        sites = tuple(site for site in board.sites if principal.sees(site.id))
        return Board(status_view(self._node, sites, ()), sites, ())
