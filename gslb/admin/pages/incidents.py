"""/incidents: what is wrong by what it means for clients, what is over, and one timeline."""

from __future__ import annotations

from typing import Any

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import panel
from gslb.admin.pages.said import listed, percent, utc
from gslb.admin.pages.visit import Drawn, Visit


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.incidents")
    opened, known = (
        await visit.ask_or_none("incidents", state="open"),
        await visit.ask_or_none("incidents", state="all", limit=50),
    )
    over = None if known is None else [each for each in known if each["closed"]]
    found = await visit.ask_or_none("timeline", limit=100)
    headings = ["incident.what", "incident.severity", "incident.opened", "incident.ended", "incident.clients"]
    return Drawn(
        title,
        [
            element("h1", title),
            [_open(visit, each) for each in opened or ()]
            or element("section", element("p", visit.t("incident.none")), class_="incident info"),
            panel(visit.t("incident.timeline"), timeline(visit, found or [])),
            panel(
                visit.t("incident.closed"), listed(visit, over, "incident.none", headings, lambda each: _row(visit, each), (4,))
            ),
        ],
    )


def _open(visit: Visit, incident: dict[str, Any]) -> Child:
    impact = incident["impact"]
    left = [visit.t("incident.left", region=name, share=percent(share)) for name, share in impact["capacity_left"].items()]
    said = [visit.t("incident.share", share=percent(impact["share_degraded"])), *left]
    return element(
        "a",
        element("p", incident["title"]),
        element("span", " · ".join(said), " · ", utc(incident["opened"]), class_="impact"),
        href=f"/incidents/{incident['number']}",
        class_=f"incident linked {incident['severity']}",
    )


def _row(visit: Visit, incident: dict[str, Any]) -> list[Child]:
    link = element("a", f"#{incident['number']} {incident['title']}", href=f"/incidents/{incident['number']}")
    share = percent(incident["impact"]["share_degraded"])
    return [link, visit.language.word("severity", incident["severity"]), utc(incident["opened"]), utc(incident["closed"]), share]


def timeline(visit: Visit, lines: list[dict[str, Any]]) -> Child:
    return element("ol", *(_line(visit, each) for each in lines), class_="events timeline")


def _line(visit: Visit, line: dict[str, Any]) -> Child:
    who = line.get("who")
    return element(
        "li",
        element("time", line["at"][5:16].replace("T", " "), datetime=line["at"]),
        element("span", visit.language.word("event", line["kind"]), class_="kind"),
        element("p", line["message"], [" ", element("em", visit.t("events.by", who=who))] if who else None),
        class_=line.get("severity", "info"),
    )
