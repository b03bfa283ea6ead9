"""/incidents/{number}: what it means, for whom, why, what to do, and what happened."""

from __future__ import annotations

from gslb.admin.html import element
from gslb.admin.pages.frame import panel
from gslb.admin.pages.incidents import timeline
from gslb.admin.pages.said import facts, percent, plain, site_link, utc
from gslb.admin.pages.visit import Drawn, Visit


async def draw(visit: Visit) -> Drawn:
    number = visit.params["number"]
    found = await visit.ask(f"incidents/{number}")
    impact = found["impact"]
    title = f"#{found['number']} {found['title']}"
    left = [(name, percent(share)) for name, share in impact["capacity_left"].items()]
    when = [utc(found["opened"]), [" → ", utc(found["closed"])] if found["closed"] else None]
    cared = found["acknowledged"]
    return Drawn(
        title,
        [
            element("h1", title),
            element(
                "section",
                element("p", found["cause"]),
                element("span", when, class_="impact"),
                class_=f"incident {found['severity']}",
            ),
            panel(
                visit.t("incident.impact"),
                facts(
                    (visit.t("incident.clients"), percent(impact["share_degraded"])),
                    (visit.t("incident.rate"), plain(impact["clients_per_s"])),
                    *((visit.t("incident.left", region=name, share=share), "") for name, share in left),
                ),
            ),
            panel(
                visit.t("incident.what_now"),
                element("p", found["what_now"]),
                facts(
                    (
                        visit.t("now.sites"),
                        [[", " if index else "", site_link(site)] for index, site in enumerate(found["sites"])],
                    ),
                    (visit.t("incident.services"), ", ".join(found["services"])),
                    (visit.t("incident.regions"), ", ".join(found["regions"])),
                ),
                element("p", visit.t("incident.acknowledged_by", who=cared["who"]), f": {cared['note']}") if cared else None,
                element(
                    "p", element("a", visit.t("incident.export"), href=f"/api/v1/incidents/{found['number']}.md", class_="button")
                ),
            ),
            panel(visit.t("incident.timeline"), timeline(visit, found["timeline"][::-1])),
        ],
    )
