"""/login/oidc: to the identity provider, and back with a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gslb.admin import credentials
from gslb.admin.gate import Gate
from gslb.admin.html import element
from gslb.admin.login import login_answer, set_session
from gslb.admin.oidc.desk import Desk, Return, returned
from gslb.admin.oidc.errand import COOKIE, PATH, WITHIN_S, Errand
from gslb.admin.oidc.errors import ProviderError
from gslb.admin.oidc.identity import Identity
from gslb.admin.ownpage import is_secure
from gslb.admin.pages import page
from gslb.admin.pages.language import tongue_of
from gslb.admin.problems import refusal

if TYPE_CHECKING:
    from gslb.admin.oidc.provider import Provider

router = APIRouter(include_in_schema=False)


@router.get(PATH)
async def begin(request: Request) -> Response:
    desk, provider = _desk(request)
    wait_s = _gate(request).wait_s(request)
    if wait_s:
        return login_answer(request, _t(request, "throttled", n=wait_s), 429, {"Retry-After": str(wait_s)})
    errand, cookie = desk.errands.begin(desk.clock())
    try:
        address = await provider.address(errand, _back(request, provider))
    except ProviderError as error:
        return login_answer(request, _t(request, "oidc.down", why=str(error)), 503, {"Retry-After": "10"})
    answer = RedirectResponse(address, 303)
    # Lax: the way back begins on a page of the provider's.
    answer.set_cookie(
        COOKIE, cookie, max_age=int(WITHIN_S), path=PATH, secure=is_secure(request), httponly=True, samesite="lax"
    )  # fmt: skip
    return answer


@router.get(f"{PATH}/callback")
async def end(request: Request) -> Response:
    desk, provider = _desk(request)
    came = returned(request.query_params.multi_items())
    cookie = request.cookies.get(COOKIE, "")
    errand = desk.errands.end(cookie, came.state, desk.clock()) if came else None
    answer = (
        login_answer(request, _t(request, "oidc.strange"), 403)
        if came is None or errand is None
        else await _judged(request, provider, came, errand)
    )
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
    return answer


async def _judged(request: Request, provider: Provider, came: Return, errand: Errand) -> Response:
    if came.issuer is not None and came.issuer.rstrip("/") != provider.own.issuer:
        return login_answer(request, _t(request, "oidc.strange"), 403)
    if came.error:
        return login_answer(request, _t(request, "oidc.refused", why=came.error[:100]), 403)
    try:
        who = await provider.identify(came.code, errand, _back(request, provider), request.app.state.utc_now().timestamp())
    except ProviderError as error:
        _gate(request).guessed(request, came.code)
        return login_answer(request, _t(request, "oidc.failed", why=str(error)), 503)
    return _welcome(request, who)


def _welcome(request: Request, who: Identity) -> Response:
    value = _gate(request).log_in_as(who)
    if value is None:
        return login_answer(request, _t(request, "oidc.no_role", name=who.name), 403)
    # No redirect: on a way that began elsewhere the cookie would not come along (SameSite=Strict). This page is our own.
    refresh = element("meta", http_equiv="refresh", content="0; url=/")
    words = element("p", _t(request, "oidc.in", name=who.name), " ", element("a", _t(request, "oidc.on"), href="/"))
    answer = HTMLResponse(page("gslb", element("main", refresh, words), tongue=tongue_of(request), class_="plain"))
    set_session(request, answer, value)
    return answer


def _t(request: Request, key: str, **params: str | int) -> str:
    return tongue_of(request).t(f"login.{key}", **params)


def _desk(request: Request) -> tuple[Desk, Provider]:
    desk: Desk = request.app.state.desk
    provider = desk.provider()
    if provider is None:
        raise refusal(404, "this node has no identity provider: log in at /login")
    return desk, provider


def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


def _back(request: Request, provider: Provider) -> str:
    """Where the provider sends the browser to: by the configuration, else by the Host that was asked. The provider knows it."""
    url = provider.own.url
    if url is None:
        host = credentials.Host.parse(request.headers.get("host", ""))
        if host is None:
            raise refusal(400, "the request has no Host that one could come back to")
        url = f"{'https' if is_secure(request) else 'http'}://{request.headers['host']}"
    return f"{url}{PATH}/callback"
