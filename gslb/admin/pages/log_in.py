"""/login: where a token becomes a session."""

from __future__ import annotations

from gslb.admin.html import element
from gslb.admin.pages.frame import footer, page


def login_page(node: str, message: str, anybody: bool, provider: bool = False) -> str:
    """`anybody`: whether anybody has a token; `provider`: whether one can log in by an identity provider."""
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
        element("p", element("a", "Log in with the identity provider", href="/login/oidc")) if provider else None,
        element("p", nobody, class_="note") if not (anybody or provider) else None,
        method="post",
        action="/login",
    )
    return page(f"Log in – {node}", element("main", form, class_="login"), footer(), class_="plain")
