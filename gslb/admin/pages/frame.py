"""What is around every page: head, menu and foot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gslb.admin.html import Child, document, element
from gslb.admin.pages.language import Language, language
from gslb.admin.pages.visit import Drawn, Visit

_DB_IP: Final = "https://db-ip.com"
_STYLES: Final = ("/static/vendor/uplot.css", "/static/gslb.css", "/static/look.css", "/static/operate.css")

# As static/routes.js has them.
MENU: Final = {
    "now": "/",
    "incidents": "/incidents",
    "explain": "/explain",
    "what-if": "/what-if",
    "maintenance": "/maintenance",
    "content": "/content",
    "coverage": "/coverage",
    "clients": "/clients",
    "configuration": "/configuration",
    "help": "/help",
}

UNDER: Final = {"site": "now", "incident": "incidents"}  # views that are not in the menu


def page(
    title: str, *body: Child, scripts: tuple[str, ...] = (), tongue: Language | None = None, theme: str = "", **attributes: str
) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        *(element("link", rel="stylesheet", href=style) for style in _STYLES),
        *(element("script", type="module", src=script) for script in scripts),
    )
    spoken = tongue.code if tongue else "en"
    return document(element("html", head, element("body", *body, **attributes), lang=spoken, data_theme=theme or None))


def footer(tongue: Language | None = None) -> Child:
    told = tongue or language("en")
    return element(
        "footer",
        element("a", "API", href="/docs"),
        element("a", told.t("metrics"), href="/metrics"),
        # The licence of the database asks for this link (CC BY 4.0).
        element("a", "IP Geolocation by DB-IP", href=_DB_IP, rel="noreferrer"),
        element("span", told.t("map.source")),
    )


def view_page(visit: Visit, name: str, node: str, drawn: Drawn) -> str:
    """A view of the dashboard; static/app.js takes the place of what is in #app as soon as it knows more."""
    who = visit.principal
    root = element(
        "div",
        element("a", visit.t("skip"), href="#main", class_="skip"),
        _rail(visit, name, node),
        element(
            "div",
            element("div", element("span", visit.t("as_of_now"), class_="link connecting"), _who(visit), class_="bar"),
            element("main", drawn.children, id="main", class_=f"view view-{name}", tabindex=-1),
            footer(visit.language),
            class_="page",
        ),
        id="app",
    )
    return page(
        f"{drawn.title} – {node}",
        root,
        scripts=("/static/app.js",),
        tongue=visit.language,
        theme=visit.theme,
        data_name=who.name,
        data_role=who.role,
        data_by=who.by,
        data_sites=" ".join(who.sites),
    )


def _rail(visit: Visit, name: str, node: str) -> Child:
    icon = element("img", src="/static/icon.svg", alt="", width=24, height=24)
    under = UNDER.get(name, name)
    items = (
        element(
            "li",
            element(
                "a",
                _icon(each),
                element("span", visit.t(f"nav.{each}")),
                href=path,
                aria_current="page" if each == under else None,
            ),
        )
        for each, path in MENU.items()
    )
    return element(
        "header",
        element("a", icon, element("b", node), href="/", class_="node"),
        element("nav", element("ul", *items), aria_label=visit.t("nav.label")),
        class_="rail",
    )


def _icon(name: str) -> Child:
    return element("svg", element("use", href=f"/static/icons.svg#{name}"), class_="icon", aria_hidden="true")


def _who(visit: Visit) -> Child:
    who = visit.principal
    if who.by == "loopback":
        return element("span", element("a", visit.t("log_in"), href="/login", class_="button"), class_="who")
    name = element("span", who.name, " ", element("small", visit.t(f"role.{who.role}")))
    return element("form", name, element("button", visit.t("log_out")), method="post", action="/logout", class_="who")


def table(headings: Sequence[Child], rows: Iterable[Sequence[Child]], caption: str = "", numbers: Sequence[int] = ()) -> Child:
    """The first cell of a row is its heading; `numbers` are the columns that stand to the right."""

    def style(column: int) -> str | None:
        return "number" if column in numbers else None

    head = element("tr", *(element("th", each, scope="col", class_=style(column)) for column, each in enumerate(headings)))
    body = (
        element(
            "tr",
            *(
                element("td" if column else "th", each, scope=None if column else "row", class_=style(column))
                for column, each in enumerate(row)
            ),
        )
        for row in rows
    )
    title = element("caption", caption, class_="unseen") if caption else None
    return element(
        "div", element("table", title, element("thead", head), element("tbody", *body), class_="table"), class_="scrolls"
    )


def panel(title: str, *children: Child) -> Child:
    return element("section", element("h2", title), *children, class_="panel")


def note(text: str) -> Child:
    return element("p", text, class_="note")
