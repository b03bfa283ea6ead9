"""/coverage, without JavaScript: which parts of the world get which sites."""

from __future__ import annotations

from typing import Any, Final

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, table
from gslb.admin.pages.visit import Drawn, Visit

_BY: Final = ("region", "country", "asn")
_ROWS: Final = 250
_SITES: Final = 4


async def draw(visit: Visit) -> Drawn:
    """Raises Refused where a service has to be named, or nobody can say."""
    by = visit.query.get("by", "country")
    by = by if by in _BY else "country"
    services = await visit.ask("services")
    service = visit.query.get("service") or (services[0]["host"] if services else None)
    data = await visit.ask("coverage", service=service, by=by)
    title = visit.t("nav.coverage")
    links = (element("a", visit.t(f"coverage.by.{each}"), href=f"/coverage?by={each}", class_="button") for each in _BY)
    return Drawn(
        title,
        [
            element("h1", title),
            element("p", *([each, " "] for each in links)),
            note(visit.t("coverage.caption", n=data["clients"], world=data["world"])),
            element("section", _rows(visit, data), class_="panel"),
        ],
    )


def _rows(visit: Visit, data: dict[str, Any]) -> Child:
    heads = ("coverage.clients", "now.share", "coverage.map_says", "coverage.measured_says", "coverage.gain")
    rows = (
        (
            row["label"] or visit.t("nowhere"),
            f"{row['share']:.1%}",
            ", ".join(f"{each['site']} {each['share']:.0%}" for each in row["sites"][:_SITES] if each["share"]),
            f"▲ {row['fastest_measured']}" if row["disagrees"] else row["fastest_measured"] or "–",
            "–" if row["gain_ms"] is None else f"{row['gain_ms']:.0f} ms",
        )
        for row in data["rows"][:_ROWS]
    )
    return table([visit.t(head) for head in heads], rows, numbers=(1, 4))
