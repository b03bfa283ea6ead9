"""/ : all that is known at this moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from gslb.admin.board import Board
from gslb.admin.html import Child, element
from gslb.admin.pages.language import Language
from gslb.admin.pages.said import percent
from gslb.admin.pages.visit import Drawn, Visit
from gslb.admin.views import CheckView, HeadlineView, SiteView
from gslb.model import Door, Event, State

_MARKER: Final = 70  # half of its width, in units of the map
_BAD_FIRST: Final = (State.WRONG, State.DOWN, State.UNKNOWN, State.UP)
_SIDES: Final = ((Door.DNS, 4), (Door.DNS, 6), (Door.HTTP, 4), (Door.HTTP, 6))


async def draw(visit: Visit) -> Drawn:
    board: Board = visit.request.app.state.boards.now(visit.principal)
    events = [event for event in visit.request.app.state.node.events(50, None) if visit.principal.sees(event.subject)]
    return Drawn(
        visit.t("nav.now"),
        [
            element("h1", visit.t("nav.now"), class_="unseen"),
            _incident(visit, board.status.incident, await visit.ask_or_none("incidents", state="open") or []),
            element("section", _table(visit.language, board.sites), class_="panel flush area-sites"),
            element("section", element("div", _map(visit.language, board.sites), class_="map"), class_="panel flush area-map"),
            element("section", element("h2", visit.t("events")), _events(visit.language, events), class_="panel area-events"),
        ],
    )


def _incident(visit: Visit, incident: HeadlineView, opened: Sequence[Mapping[str, Any]]) -> Child:
    """The worst in a sentence; then for whom and since when, of the incidents that are open."""
    details = element("ul", *(element("li", each) for each in incident.details)) if incident.details else None
    links = [_open(visit, each) for each in opened]
    return element(
        "section", element("p", incident.headline), details, *links, class_=f"incident area-incident {incident.level.value}"
    )


def _open(visit: Visit, incident: Mapping[str, Any]) -> Child:
    share = incident["impact"]["share_degraded"]
    return element(
        "a",
        element("b", f"#{incident['number']} {incident['title']}"),
        element("span", visit.t("since", time=f"{incident['opened'][:10]} {incident['opened'][11:16]} UTC")),
        element("span", visit.t("now.degraded", share=percent(share))) if share > 0 else None,
        element("span", ", ".join(incident["regions"])) if incident["regions"] else None,
        href=f"/incidents/{incident['number']}",
        class_="open-incident",
    )


def _table(tongue: Language, sites: Sequence[SiteView]) -> Child:
    head = element(
        "tr",
        element("th", tongue.t("now.site"), scope="col", class_="site"),
        element("th", tongue.t("now.state"), scope="col"),
        element("th", "DNS", element("small", "v4 v6"), scope="col", class_="sides"),
        element("th", "HTTP", element("small", "v4 v6"), scope="col", class_="sides"),
        element("th", tongue.t("now.latency"), scope="col", class_="number"),
        element("th", tongue.t("now.reason"), scope="col", class_="why"),
    )
    regions: dict[str, list[SiteView]] = {}
    for site in sites:  # a region's sites need not stand together in the configuration
        regions.setdefault(site.region, []).append(site)
    bodies = (_region(tongue, name, each) for name, each in regions.items())
    return element("table", element("thead", head), *bodies, class_="sites drawn")


def _region(tongue: Language, name: str, sites: Sequence[SiteView]) -> Child:
    standing = tongue.t("now.up_of", up=sum(site.condition == "up" for site in sites), n=len(sites))
    title = element("th", name, element("span", standing), colspan=6, scope="rowgroup")
    return element("tbody", element("tr", title, class_="region"), *(_row(tongue, site) for site in sites))


def _row(tongue: Language, site: SiteView) -> Child:
    latency = (element("span", f"{each.used_ms:.0f}", element("small", f" ms {each.vantage}")) for each in site.latency)
    return element(
        "tr",
        element(
            "th",
            _mark(site.condition, tongue.t(f"state.{site.condition}")),
            element("a", site.id, class_="name", href=f"/sites/{quote(site.id)}"),
            element("small", site.country),
            scope="row",
            class_="site",
        ),
        element("td", _state(tongue, site), class_="state"),
        element("td", *(_side(tongue, site.checks, *side) for side in _SIDES[:2]), class_="sides"),
        element("td", *(_side(tongue, site.checks, *side) for side in _SIDES[2:]), class_="sides"),
        element("td", *latency, class_="number"),
        element("td", _why(site), class_="why"),
        data_site=site.id,
        data_condition=site.condition,
    )


def _state(tongue: Language, site: SiteView) -> Child:
    word = tongue.t("state.flapping" if site.flapping else f"state.{site.condition}")
    step = f" {site.ramp}/10" if site.condition == "starting" else ""
    return [
        element("span", word, step, class_=f"word {site.condition}"),
        element("small", " ", tongue.t("since", time=f"{site.since:%Y-%m-%d %H:%M} UTC")),
    ]


def _side(tongue: Language, checks: Iterable[CheckView], door: Door, family: int) -> Child:
    states = {check.state for check in checks if (check.door, check.family) == (door, family)}
    worst = next((state for state in _BAD_FIRST if state in states), None)
    name = worst.value if worst else "none"
    return _mark(name, tongue.t("now.side", door=door.upper(), family=family, state=tongue.t(f"state.{name}")))


def _why(site: SiteView) -> str:
    if site.drain is None:
        return site.reason
    until = f"until {site.drain.until:%Y-%m-%d %H:%M} UTC" if site.drain.until else "until enabled"
    return f"{site.drain.reason} – {site.drain.who}, {until}"


def _mark(state: str, label: str) -> Child:
    use = element("use", href=f"/static/marks.svg#{state}")
    return element("svg", element("title", label), use, class_=f"mark {state}", role="img", aria_label=label)


def _map(tongue: Language, sites: Sequence[SiteView]) -> Child:
    """Where the sites are; static/map.js moves those apart that cover each other."""
    land = element("g", element("use", href="/static/map.svg#land"), class_="land")
    marks = (_marker(site, tongue.t(f"state.{site.condition}")) for site in sites)
    return element("svg", land, *marks, viewBox="0 250 7200 2950", role="img", aria_label=tongue.t("now.map"))


def _marker(site: SiteView, word: str) -> Child:
    x, y = projected(site.location.latitude, site.location.longitude)
    size = 2 * _MARKER
    use = element("use", href=f"/static/marks.svg#{site.condition}", x=x - _MARKER, y=y - _MARKER, width=size, height=size)
    return element("g", element("title", f"{site.id}: {word}"), use, class_=f"marker {site.condition}")


def projected(latitude: float, longitude: float) -> tuple[int, int]:
    """Units of static/map.svg; scripts/draw-map.mjs has the formula, Miller's."""
    return round((longitude + 180) * 20), round((_miller(81) - _miller(latitude)) * 20)


def _miller(latitude: float) -> float:
    return math.degrees(1.25 * math.log(math.tan(math.pi / 4 + 0.4 * math.radians(latitude))))


def _events(tongue: Language, events: Sequence[Event]) -> Child:
    return element("ol", *(_event(tongue, event) for event in events), class_="events", tabindex=0)


def _event(tongue: Language, event: Event) -> Child:
    return element(
        "li",
        element("time", f"{event.at:%H:%M:%S}", datetime=event.at.isoformat()),
        element("span", tongue.word("event", event.kind), class_="kind"),
        element("p", event.message, element("em", f" by {event.who}") if event.who else None),
        class_=event.severity.value,
    )
