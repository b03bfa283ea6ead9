"""Pages for people that work without JavaScript."""

from __future__ import annotations

from typing import Final

from gslb.admin.html import Child, document, element

_DB_IP: Final = "https://db-ip.com"


def page(title: str, *body: Child, scripts: tuple[str, ...] = (), **attributes: str) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        element("link", rel="stylesheet", href="/static/gslb.css"),
        *(element("script", type="module", src=script) for script in scripts),
    )
    return document(element("html", head, element("body", *body, **attributes), lang="en"))


def footer() -> Child:
    return element(
        "footer",
        element("a", "API", href="/docs"),
        element("a", "Metrics", href="/metrics"),
        # The licence of the database asks for this link (CC BY 4.0).
        element("a", "IP Geolocation by DB-IP", href=_DB_IP, rel="noreferrer"),
        element("span", "Map: Natural Earth"),
    )


def login_page(node: str, message: str, anybody: bool) -> str:
    """`anybody`: whether the configuration has a user at all."""
    nobody = (
        "Nobody can log in: the configuration has no admin.users. Reading is open on the node itself, at its loopback address."
    )
    form = element(
        "form",
        element("h1", f"Log in to {node}"),
        element("p", message, class_="refused", role="alert") if message else None,
        element("label", "Token", for_="token"),
        element(
            "input", id="token", name="token", type="password", autocomplete="current-password", required=True, autofocus=True
        ),
        element("button", "Log in", type="submit", class_="primary"),
        element("p", nobody, class_="note") if not anybody else None,
        method="post",
        action="/login",
    )
    return page(f"Log in – {node}", element("main", form, class_="login"), footer(), class_="plain")
