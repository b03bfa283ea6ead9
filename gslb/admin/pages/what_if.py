"""/what-if without JavaScript: what is asked about now, and how a program asks."""

from __future__ import annotations

from typing import Any, Final

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, panel
from gslb.admin.pages.said import listed, site_link
from gslb.admin.pages.visit import Drawn, Visit

_ASK: Final = "gslb simulate FILE --off {site}"


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.what-if")
    sites = await visit.ask("sites")
    example = sites[0]["id"] if sites else "SITE"
    headings = ["plan.site", "whatif.region", "plan.state", "whatif.weight"]
    return Drawn(
        title,
        [
            element("h1", title),
            note(visit.t("whatif.plain")),
            element("pre", _ASK.format(site=example)),
            panel(visit.t("whatif.sites"), listed(visit, sites, "now.nobody", headings, lambda site: _row(visit, site), (3,))),
        ],
    )


def _row(visit: Visit, site: dict[str, Any]) -> list[Child]:
    return [
        site_link(site["id"]),
        site["region"],
        visit.language.word("state", site["condition"]),
        site.get("weight_now", site["weight"]),
    ]
