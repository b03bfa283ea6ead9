"""/clients: who boots here, what succeeds, and what comes back."""

from __future__ import annotations

from typing import Any, Final

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, panel
from gslb.admin.pages.said import listed, percent, site_link
from gslb.admin.pages.visit import Drawn, Visit

_COUNTS: Final = ("requests", "redirected", "served_through", "scripts", "retries", "avoided", "refused", "errors")


async def draw(visit: Visit) -> Drawn:
    title = visit.t("nav.clients")
    span = visit.query.get("range", "1h")
    found = await visit.ask_or_none("clients", range=span if span in ("1h", "24h") else "1h")
    if found is None:
        return Drawn(title, [element("h1", title), note(visit.t("not_known_yet"))])
    kinds = [each for each in found["kinds"] if any(each[name] for name in _COUNTS)]
    ranges = [element("a", visit.t(f"range.{each}"), href=f"/clients?range={each}", class_="button") for each in ("1h", "24h")]
    headings = ["clients.kind", *(f"clients.{name}" for name in _COUNTS), "clients.follows"]
    numbers = tuple(range(1, len(_COUNTS) + 1))
    failed = ["now.site", "clients.retries", "clients.avoided", "now.share"]
    return Drawn(
        title,
        [
            element("h1", title),
            element("p", ranges),
            note(visit.t("clients.intro")),
            panel(
                visit.t("clients.kinds"), listed(visit, kinds, "clients.none", headings, lambda each: _kind(visit, each), numbers)
            ),
            panel(
                visit.t("clients.failures"), listed(visit, found["failures"], "clients.no_failures", failed, _failure, (1, 2, 3))
            ),
        ],
    )


def _kind(visit: Visit, kind: dict[str, Any]) -> list[Child]:
    name = visit.language.word("clients.kind", kind["kind"])
    return [name, *(kind[each] for each in _COUNTS), visit.t("clients.cannot" if kind["cannot_follow"] else "clients.can")]


def _failure(each: dict[str, Any]) -> list[Child]:
    return [site_link(each["site"]), each["retries"], each["avoided"], percent(each["share"])]
