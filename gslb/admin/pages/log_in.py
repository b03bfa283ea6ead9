"""/login: where a token becomes a session."""

from __future__ import annotations

from gslb.admin.html import element
from gslb.admin.pages.frame import footer, page
from gslb.admin.pages.language import Language


def login_page(node: str, tongue: Language, message: str, anybody: bool, provider: bool = False) -> str:
    """`anybody`: whether anybody has a token; `provider`: whether one can log in by an identity provider."""
    t = tongue.t
    form = element(
        "form",
        element("h1", t("login.title", node=node)),
        element("p", message, class_="refused", role="alert") if message else None,
        element("label", t("login.token"), for_="token"),
        element(
            "input", id="token", name="token", type="password", autocomplete="current-password", required=True, autofocus=True
        ),
        element("button", t("log_in"), type="submit", class_="primary"),
        element("p", element("a", t("login.provider"), href="/login/oidc", class_="button wide")) if provider else None,
        element("p", t("login.nobody"), class_="note") if not (anybody or provider) else None,
        method="post",
        action="/login",
    )
    title = f"{t('log_in')} – {node}"
    return page(title, element("main", form, class_="login"), footer(tongue), tongue=tongue, class_="plain")
