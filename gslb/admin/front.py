"""The first page as the server draws it: all that is known at this moment, with and without JavaScript."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from gslb.admin.board import Board
from gslb.admin.html import Child, element
from gslb.admin.pages import footer, page
from gslb.admin.principal import Principal
from gslb.admin.views import CheckView, Condition, IncidentView, SiteView, StatusView
from gslb.model import Door, Event, State

# static/words.js has the same.
WORDS: Final[dict[Condition, str]] = {
    "up": "up",
    "starting": "slow start",
    "partial": "in part",
    "unknown": "unknown",
    "down": "down",
    "wrong": "wrong content",
    "drained": "drained",
}
_MARKER: Final = 70  # half of its width, in units of the map
_BAD_FIRST: Final = (State.WRONG, State.DOWN, State.UNKNOWN, State.UP)
_SIDES: Final = ((Door.DNS, 4), (Door.DNS, 6), (Door.HTTP, 4), (Door.HTTP, 6))


def front_page(board: Board, events: Sequence[Event], principal: Principal) -> str:
    root = element(
        "div",
        _bar(board.status),
        element(
            "main",
            _incident(board.status.incident),
            element("section", _table(board.sites), class_="panel area-sites"),
            element("section", element("div", _map(board.sites), class_="map"), class_="panel area-map"),
            element("section", element("h2", "Events"), _events(events), class_="panel area-events"),
            class_="board",
        ),
        id="app",
    )
    return page(
        f"{board.status.node} – gslb",
        root,
        footer(),
        scripts=("/static/app.js",),
        data_name=principal.name,
        data_role=principal.role,
        data_by=principal.by,
        data_sites=" ".join(principal.sites),
    )


def _bar(status: StatusView) -> Child:
    icon = element("img", src="/static/icon.svg", alt="", width=20, height=20)
    return element(
        "header",
        element("b", icon, status.node, class_="node"),
        element("span", "as of now", class_="link connecting"),
        element("span", "World ", element("b", status.world), f" since {status.world_at:%Y-%m-%d %H:%M} UTC"),
        class_="bar",
    )


def _incident(incident: IncidentView) -> Child:
    details = element("ul", *(element("li", each) for each in incident.details)) if incident.details else None
    return element("section", element("p", incident.headline), details, class_=f"incident {incident.level.value}")


def _table(sites: Sequence[SiteView]) -> Child:
    head = element(
        "tr",
        element("th", "Site", scope="col", class_="site"),
        element("th", "State", scope="col"),
        element("th", "DNS", element("small", "v4 v6"), scope="col", class_="sides"),
        element("th", "HTTP", element("small", "v4 v6"), scope="col", class_="sides"),
        element("th", "Latency", scope="col", class_="number"),
        element("th", "Reason", scope="col", class_="why"),
    )
    regions = groupby(sites, key=lambda site: site.region)
    return element("table", element("thead", head), *(_region(name, list(each)) for name, each in regions), class_="sites drawn")


def _region(name: str, sites: Sequence[SiteView]) -> Child:
    up = sum(site.condition == "up" for site in sites)
    title = element("th", name, element("span", f"{up} of {len(sites)} up"), colspan=6, scope="rowgroup")
    return element("tbody", element("tr", title, class_="region"), *(_row(site) for site in sites))


def _row(site: SiteView) -> Child:
    latency = (element("span", f"{each.used_ms:.0f}", element("small", f" ms {each.vantage}")) for each in site.latency)
    return element(
        "tr",
        element(
            "th",
            _mark(site.condition, WORDS[site.condition]),
            element("span", site.id, class_="name"),
            element("small", site.country),
            scope="row",
            class_="site",
        ),
        element("td", _state(site), class_="state"),
        element("td", *(_side(site.checks, *side) for side in _SIDES[:2]), class_="sides"),
        element("td", *(_side(site.checks, *side) for side in _SIDES[2:]), class_="sides"),
        element("td", *latency, class_="number"),
        element("td", _why(site), class_="why"),
        data_site=site.id,
        data_condition=site.condition,
    )


def _state(site: SiteView) -> Child:
    word = "flapping" if site.flapping else WORDS[site.condition]
    step = f" {site.ramp} of 10" if site.condition == "starting" else ""
    return [
        element("span", word, step, class_=f"word {site.condition}"),
        element("small", f" since {site.since:%Y-%m-%d %H:%M} UTC"),
    ]


def _side(checks: Iterable[CheckView], door: Door, family: int) -> Child:
    states = {check.state for check in checks if (check.door, check.family) == (door, family)}
    worst = next((state for state in _BAD_FIRST if state in states), None)
    where = f"{door.upper()} over IPv{family}"
    return _mark(worst.value if worst else "none", f"{where}: {worst.value if worst else 'not served'}")


def _why(site: SiteView) -> str:
    if site.drain is None:
        return site.reason
    until = f"until {site.drain.until:%Y-%m-%d %H:%M} UTC" if site.drain.until else "until enabled"
    return f"{site.drain.reason} – {site.drain.who}, {until}"


def _mark(state: str, label: str) -> Child:
    use = element("use", href=f"/static/marks.svg#{state}")
    return element("svg", element("title", label), use, class_=f"mark {state}", role="img", aria_label=label)


def _map(sites: Sequence[SiteView]) -> Child:
    """Where the sites are; static/map.js moves those apart that cover each other."""
    land = element("g", element("use", href="/static/map.svg#land"), class_="land")
    return element("svg", land, *(_marker(site) for site in sites), viewBox="0 250 7200 2950", role="img", aria_label="Map")


def _marker(site: SiteView) -> Child:
    x, y = projected(site.location.latitude, site.location.longitude)
    size = 2 * _MARKER
    use = element("use", href=f"/static/marks.svg#{site.condition}", x=x - _MARKER, y=y - _MARKER, width=size, height=size)
    return element("g", element("title", f"{site.id}: {WORDS[site.condition]}"), use, class_=f"marker {site.condition}")


def projected(latitude: float, longitude: float) -> tuple[int, int]:
    """Units of static/map.svg; scripts/draw-map.mjs has the formula, Miller's."""
    return round((longitude + 180) * 20), round((_miller(81) - _miller(latitude)) * 20)


def _miller(latitude: float) -> float:
    return math.degrees(1.25 * math.log(math.tan(math.pi / 4 + 0.4 * math.radians(latitude))))


def _events(events: Sequence[Event]) -> Child:
    return element("ol", *(_event(event) for event in events), class_="events")


def _event(event: Event) -> Child:
    return element(
        "li",
        element("time", f"{event.at:%H:%M:%S}", datetime=event.at.isoformat()),
        element("span", event.kind, class_="kind"),
        element("p", event.message, element("em", f" by {event.who}") if event.who else None),
        class_=event.severity.value,
    )
