"""What a node tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, cast

from gslb.client import documents as d
from gslb.client.connection import Connection, segment
from gslb.client.following import Following

Range = Literal["1h", "24h", "7d", "30d", "1y"]


class Reading(Connection):
    # How things are

    def status(self) -> d.StatusView:
        return cast(d.StatusView, self.get("status"))

    def sites(self, region: Sequence[str] = (), condition: Sequence[str] = ()) -> list[d.SiteView]:
        return cast(list[d.SiteView], self.get("sites", region=list(region), condition=list(condition)))

    def site(self, site: str) -> d.WholeSite:
        return cast(d.WholeSite, self.get(f"sites/{segment(site)}"))

    def services(self) -> list[d.ServiceView]:
        return cast(list[d.ServiceView], self.get("services"))

    def content(self) -> list[d.SetView]:
        return cast(list[d.SetView], self.get("content"))

    def config(self) -> d.ConfigView:
        return cast(d.ConfigView, self.get("config"))

    def me(self) -> d.MeView:
        """Who you are to the node, and what you may."""
        return cast(d.MeView, self.get("me"))

    def is_ready(self) -> bool:
        """Whether the first round of probes is in. Raises Unreachable."""
        return self.answers("/readyz")

    def metrics(self) -> str:
        """As Prometheus reads them."""
        return self.text("/metrics")

    # Who goes where

    def explain(
        self,
        address: str,
        service: str | None = None,
        via: Literal["dns", "http"] = "dns",
        path: str | None = None,
        family: Literal["4", "6"] | None = None,
        resolver: str | None = None,
    ) -> d.Explanation:
        """`address` may be a network, as a client subnet is; `resolver` is who asks for it."""
        asked = {"address": address, "service": service, "via": via, "path": path, "family": family, "resolver": resolver}
        told = self.get("explain", **asked)
        return cast(d.Explanation, told)

    def coverage(
        self,
        service: str | None = None,
        via: Literal["dns", "http"] = "dns",
        family: Literal["4", "6"] = "4",
        by: Literal["region", "country", "asn"] = "country",
    ) -> d.CoverageView:
        return cast(d.CoverageView, self.get("coverage", service=service, via=via, family=family, by=by))

    def flows(self, service: str | None = None, window: int | None = None) -> d.FlowsView:
        return cast(d.FlowsView, self.get("flows", service=service, window=window))

    def clients(self, range: Literal["1h", "24h"] = "1h") -> d.ClientsView:
        return cast(d.ClientsView, self.get("clients", range=range))

    def history(self, range: Range = "1h") -> d.HistoryView:
        return cast(d.HistoryView, self.get("history", range=range))

    def site_history(self, site: str, range: Range = "24h") -> d.SiteHistoryView:
        return cast(d.SiteHistoryView, self.get(f"history/sites/{segment(site)}", range=range))

    def measurements(self, limit: int = 100, network: str | None = None, site: str | None = None) -> list[d.MeasurementView]:
        return cast(list[d.MeasurementView], self.get("measurements", limit=limit, network=network, site=site))

    # What happened

    def events(
        self,
        kind: Sequence[str] = (),
        severity: Sequence[str] = (),
        subject: Sequence[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        page: int = 1000,
    ) -> Iterator[d.EventView]:
        """The newest first, page after page; take as many as you want. Times are aware."""
        times = {"since": since.isoformat() if since else None, "until": until.isoformat() if until else None}
        chosen = {"kind": list(kind), "severity": list(severity), "subject": list(subject)}
        yield from self.pages("events", limit=page, **chosen, **times)

    def follow(self, after: int | None = None, *, reconnect: bool = True) -> Following:
        """The stream; `after` is the number of the last event that you know."""
        return Following(self, after, reconnect=reconnect)

    def timeline(self, since: datetime | None = None, until: datetime | None = None, page: int = 100) -> Iterator[d.LineView]:
        """Flips, drains, reloads and what people did, in one list, the newest first."""
        times = {"since": since.isoformat() if since else None, "until": until.isoformat() if until else None}
        yield from self.pages("timeline", limit=page, **times)

    def incidents(self, state: Literal["open", "all"] = "open", page: int = 100) -> Iterator[d.IncidentView]:
        yield from self.pages("incidents", state=state, limit=page)

    def incident(self, number: int) -> d.IncidentView:
        return cast(d.IncidentView, self.get(f"incidents/{segment(number)}"))

    def incident_markdown(self, number: int) -> str:
        return self.text(f"/api/v1/incidents/{segment(number)}.md")

    def acts(
        self, who: str | None = None, action: str | None = None, subject: str | None = None, page: int = 100
    ) -> Iterator[d.ActView]:
        """What people did, the newest first."""
        yield from self.pages("acts", who=who, action=action, subject=subject, limit=page)

    # What people have set

    def overrides(self) -> list[d.OverrideView]:
        return cast(list[d.OverrideView], self.get("overrides"))

    def maintenance(self, start: datetime | None = None, end: datetime | None = None) -> list[d.MaintenanceView]:
        """The calendar, between two aware times."""
        times = {"from": start.isoformat() if start else None, "to": end.isoformat() if end else None}
        return cast(list[d.MaintenanceView], self.get("maintenance", **times))

    def maintenance_calendar(self) -> str:
        """As iCalendar (RFC 5545)."""
        return self.text("/api/v1/maintenance.ics")

    def alerts(self) -> list[d.ChannelView]:
        """The ways in which people are told, and how each of them is."""
        return cast(list[d.ChannelView], self.get("alerts"))

    def tokens(self) -> list[d.TokenView]:
        return cast(list[d.TokenView], self.get("tokens"))
