"""A node, for programs: what it tells (`reading`), and what can be done to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self, cast

from gslb.client import documents as d
from gslb.client.connection import given, segment
from gslb.client.reading import Reading

Change = Mapping[str, Any]  # {"kind": "off" | "drain", "site": …}, {"kind": "weight", …}, {"kind": "rule", …}


class Client(Reading):
    """`with Client("http://127.0.0.1:8053") as node:`. One connection after the other; for threads, one client each.

    Every method raises Unreachable, Refused or Unfit (`gslb.client.errors`). What changes something is carried out once, though
    it may be sent several times, `retries` at most, where the connection breaks or the node asks to be asked later.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # Sites

    def drain(self, site: str, reason: str, for_s: float | None = None, owner: str | None = None) -> d.SiteView:
        """Take a site out, for a time or until it is enabled."""
        body = given({"reason": reason, "for_s": for_s, "owner": owner})
        return cast(d.SiteView, self.change("POST", f"sites/{segment(site)}/drain", body))

    def enable(self, site: str) -> d.SiteView:
        """End a drain; a failing site is not forced up."""
        return cast(d.SiteView, self.change("POST", f"sites/{segment(site)}/enable"))

    def scan(self, site: str) -> d.ScanView:
        """Have all files of its release sets looked at; what came of it is in `content`."""
        return cast(d.ScanView, self.change("POST", f"sites/{segment(site)}/scan"))

    # What if

    def simulate(
        self,
        changes: Sequence[Change],
        service: str | None = None,
        via: Literal["dns", "http"] = "dns",
        family: Literal["4", "6"] = "4",
        population: Mapping[str, Any] | None = None,
        load_mbit_s: float | None = None,
    ) -> d.SimulationView:
        """Where a population would go. Changes nothing."""
        asked = {"service": service, "via": via, "family": family, "changes": list(changes)}
        more = given({"load_mbit_s": load_mbit_s}) | ({} if population is None else {"population": dict(population)})
        return cast(d.SimulationView, self.change("POST", "simulate", {**asked, **more}))

    def apply(self, changes: Sequence[Change], reason: str, for_s: float | None = None) -> d.Applied:
        """All of them as overrides and drains with an end, or none."""
        body = {"changes": list(changes), "reason": reason, "as": "overrides", **given({"for_s": for_s})}
        return cast(d.Applied, self.change("POST", "apply", body))

    def diff(self, changes: Sequence[Change], reason: str) -> d.Diff:
        """The same as a diff of the configuration, to commit. Changes nothing."""
        return cast(d.Diff, self.change("POST", "apply", {"changes": list(changes), "reason": reason, "as": "diff"}))

    def override_weight(self, site: str, weight: int, reason: str, for_s: float | None = None) -> d.OverrideView:
        body = {"kind": "weight", "site": site, "weight": weight, "reason": reason, **given({"for_s": for_s})}
        return cast(d.OverrideView, self.change("POST", "overrides", body))

    def override_rule(
        self, service: str, match: Mapping[str, Any], reason: str, for_s: float | None = None, **sites: Sequence[str]
    ) -> d.OverrideView:
        """`prefer=`, `only=` or `never=` sites for the clients that `match` names: {"network": …}, {"asn": …}, {"country": …}."""
        rule = {"match": dict(match), **{verb: list(each) for verb, each in sites.items()}}
        body = {"kind": "rule", "service": service, "rule": rule, "reason": reason, **given({"for_s": for_s})}
        return cast(d.OverrideView, self.change("POST", "overrides", body))

    def end_override(self, id: str) -> None:
        self.change("DELETE", f"overrides/{segment(id)}")

    # Plans, incidents, alerts

    def plan_maintenance(self, site: str, start: datetime, end: datetime, reason: str, owner: str | None = None) -> d.PlannedView:
        body = {"site": site, "start": start.isoformat(), "end": end.isoformat(), "reason": reason, **given({"owner": owner})}
        return cast(d.PlannedView, self.change("POST", "maintenance", body))

    def cancel_maintenance(self, id: str) -> None:
        """One that runs ends with its drain."""
        self.change("DELETE", f"maintenance/{segment(id)}")

    def acknowledge(self, number: int, note: str) -> d.IncidentView:
        """Tell the others that you look after an incident."""
        return cast(d.IncidentView, self.change("POST", f"incidents/{segment(number)}/acknowledge", {"note": note}))

    def test_alert(self, name: str) -> d.TriedView:
        return cast(d.TriedView, self.change("POST", f"alerts/{segment(name)}/test"))

    # Who may what

    def create_token(
        self,
        name: str,
        role: Literal["viewer", "owner", "operator"],
        sites: Sequence[str] = (),
        expires_in_s: float | None = None,
    ) -> d.NewToken:
        """Its `token` is told this once."""
        body = {"name": name, "role": role, "sites": list(sites), **given({"expires_in_s": expires_in_s})}
        return cast(d.NewToken, self.change("POST", "tokens", body))

    def revoke_token(self, id: str) -> None:
        self.change("DELETE", f"tokens/{segment(id)}")

    def end_sessions(self) -> None:
        """Log out every browser in which you are logged in."""
        self.change("DELETE", "me/sessions")

    def undo(self, number: int, why: str = "") -> d.ActView:
        """Take back an act, if that can be done; the new act."""
        return cast(d.ActView, self.change("POST", f"acts/{segment(number)}/undo", given({"why": why or None})))
