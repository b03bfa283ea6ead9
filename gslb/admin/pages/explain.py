"""/explain, without JavaScript: a form, and what both doors would do."""

from __future__ import annotations

from typing import Any, Final

from gslb.admin.html import Child, element
from gslb.admin.pages.frame import note, panel, table
from gslb.admin.pages.visit import Drawn, Refused, Visit

_ASKED: Final = ("resolver", "service", "path", "family")


async def draw(visit: Visit) -> Drawn:
    title = visit.t("explain.title")
    client = visit.query.get("subnet") or visit.query.get("address")
    doors = [await _door(visit, client, door) for door in ("dns", "http")] if client else []
    return Drawn(visit.t("nav.explain"), [element("h1", title), _form(visit, client or ""), *doors])


def _form(visit: Visit, client: str) -> Child:
    def field(name: str, label: str, value: str, needed: bool = False) -> Child:
        return element("label", label, element("input", name=name, value=value, required=needed, autocomplete="off"))

    return element(
        "form",
        field("address", visit.t("explain.client"), client, needed=True),
        field("resolver", visit.t("explain.resolver"), visit.query.get("resolver", "")),
        field("path", visit.t("explain.path"), visit.query.get("path", "")),
        field("service", visit.t("explain.service"), visit.query.get("service", "")),
        element("button", visit.t("explain.do"), class_="primary"),
        class_="ask panel",
        action="/explain",
    )


async def _door(visit: Visit, client: str, door: str) -> Child:
    asked = {name: visit.query.get(name) or None for name in _ASKED}
    try:
        found = await visit.ask("explain", address=client, via=door, **asked)
    except Refused as error:
        return panel(door.upper(), element("p", str(error), class_="refused"))
    return panel(door.upper(), *_told(visit, found))


def _told(visit: Visit, found: dict[str, Any]) -> list[Child]:
    network = found["client"]["network"]
    holds = visit.t("explain.holds", ttl=found["ttl_s"], scope=f"/{found['scope']}", network=network)
    kept = [each for each in found["sites"] if each["rank"]]
    dropped = [each for each in found["sites"] if not each["rank"]]
    return [
        element("p", ", ".join(found["answers"]) or visit.t("explain.no_answer"), class_="answer"),
        element("p", element("b", visit.language.word("why", found["why"])), " ", holds),
        note(visit.t("explain.in_world", world=found["world"])),
        _ranked(visit, kept),
        element("h3", visit.t("explain.dropped", n=len(dropped))) if dropped else None,
        table((visit.t("now.site"), visit.t("explain.because")), ((each["site"], each["reason"]) for each in dropped))
        if dropped
        else None,
        element("pre", found["command"]),
    ]


def _ranked(visit: Visit, kept: list[dict[str, Any]]) -> Child:
    heads = ("#", *(visit.t(key) for key in ("now.site", "now.share", "explain.distance", "now.latency", "explain.because")))
    rows = (
        (
            str(each["rank"]),
            each["site"],
            f"{each['share']:.0%}",
            "–" if each["distance_km"] is None else f"{each['distance_km']:.0f} km",
            "–" if each["latency_ms"] is None else f"{each['latency_ms']:.0f} ms",
            each["reason"],
        )
        for each in kept
    )
    return table(heads, rows, numbers=(2, 3, 4))
