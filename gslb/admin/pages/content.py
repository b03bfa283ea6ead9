"""/content: which site has which generation of each release set, and what is wrong."""

from __future__ import annotations

from typing import Any, Final

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, panel, table
from gslb.admin.pages.said import plain, site_link, utc
from gslb.admin.pages.visit import Drawn, Visit

_BAD_FIRST: Final = ("wrong", "absent", "unknown", "good")


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.content")
    sets = await visit.ask("content")
    return Drawn(title, [element("h1", title), [_set(visit, each) for each in sets] or note(visit.t("content.none"))])


def _set(visit: Visit, found: dict[str, Any]) -> Child:
    held = element(
        "ul",
        *(
            element(
                "li",
                element("code", each["name"][:12]),
                f" {visit.t('content.served')}: " if each["name"] == found["served"] else " ",
                visit.t("content.held_by", n=len(each["sites"]), all=len(found["carrying"])),
                ", ",
                visit.t("content.seen"),
                " ",
                utc(each["first_seen"]),
            )
            for each in found["generations"]
        ),
        class_="plain",
    )
    places = sorted(found["places"], key=lambda place: _BAD_FIRST.index(place["hold"]))
    headings = ("now.site", "plan.state", "now.generation", "now.reason")
    rows = (
        [site_link(each["site"]), _hold(visit, each), element("code", each["generation"][:12] or "–"), _why(each)]
        for each in places
    )
    return panel(
        f"{found['content']} – {found['service']}",
        element("p", found["shortage"], class_="shortage") if found["shortage"] else None,
        held,
        table([visit.t(each) for each in headings], rows),
    )


def _hold(visit: Visit, place: dict[str, Any]) -> str:
    behind = visit.t("content.lag", time=f"{plain(place['lag_s'])} s") if place["lag_s"] else ""
    where = f"{place['door'].upper()} {place['address']}"
    return " – ".join(each for each in (visit.t(f"hold.{place['hold']}"), behind, where) if each)


def _why(place: dict[str, Any]) -> Child:
    return [place["reason"], element("ul", *(element("li", f"{each['path']}: {each['reason']}") for each in place["faults"]))]
