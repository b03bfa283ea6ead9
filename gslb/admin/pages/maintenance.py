"""/maintenance: what is drained now, what comes back, and what is planned."""

from __future__ import annotations

from typing import Any

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import panel
from gslb.admin.pages.said import listed, percent, plain, site_link, utc
from gslb.admin.pages.visit import Drawn, Visit


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.maintenance")
    sites, plans = await visit.ask("sites"), await visit.ask_or_none("maintenance")
    drained = [site for site in sites if site["drain"]]
    back = [site for site in sites if site["condition"] == "starting"]
    out = ["plan.site", "plan.reason", "drains.who", "drain.owner", "drains.ends", "drains.left"]
    planned = ["plan.site", "plan.state", "plan.start", "plan.end", "plan.reason", "plan.owner"]
    return Drawn(
        title,
        [
            element("h1", title),
            element("p", element("a", visit.t("plan.ics"), href="/api/v1/maintenance.ics", class_="button")),
            panel(visit.t("drains.now"), listed(visit, drained, "drains.none", out, lambda site: _drained(visit, site))),
            panel(
                visit.t("drains.returning"),
                listed(visit, back, "drains.none_returning", ["plan.site", "plan.state"], lambda site: _back(visit, site)),
            ),
            panel(visit.t("plan.calendar"), listed(visit, plans, "plan.none", planned, lambda each: _plan(visit, each))),
        ],
    )


def _drained(visit: Visit, site: dict[str, Any]) -> list[Child]:
    drain = site["drain"]
    left = drain.get("left")
    ends = utc(drain["until"]) if drain["until"] else visit.t("drain.until_enabled")
    still = visit.t("per_s", rate=plain(left["per_s"])) + f", {percent(left['share'])}" if left else visit.t("drains.not_counted")
    return [site_link(site["id"]), drain["reason"], drain["who"], drain.get("owner") or "–", ends, still]


def _back(visit: Visit, site: dict[str, Any]) -> list[Child]:
    return [site_link(site["id"]), visit.t("now.step", n=site["ramp"])]


def _plan(visit: Visit, plan: dict[str, Any]) -> list[Child]:
    state = visit.language.word("plan.is", plan["state"])
    return [site_link(plan["site"]), state, utc(plan["start"]), utc(plan["end"]), plan["reason"], plan["owner"] or plan["who"]]
