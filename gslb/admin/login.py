"""/login: a token once, and a cookie from then on."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from gslb.admin import credentials
from gslb.admin.gate import Gate
from gslb.admin.node import Node
from gslb.admin.ownpage import from_own_page, is_secure
from gslb.admin.pages import login_page
from gslb.admin.pages.language import tongue_of
from gslb.admin.problems import refusal
from gslb.admin.sessions import COOKIE, LIFETIME_S

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def form(request: Request) -> HTMLResponse:
    return login_answer(request)


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Takes a form with `token`, from our own page alone: nobody shall be logged in as somebody else unawares."""
    if not from_own_page(request):
        raise refusal(403, "the request does not come from this node's own page")
    gate: Gate = request.app.state.gate
    token = credentials.form_token(await request.body())
    try:
        value = gate.log_in(request, token) if token is not None else None
    except HTTPException as error:
        return login_answer(request, _refused(request, error), error.status_code, error.headers)
    if value is None:
        return login_answer(request, tongue_of(request).t("login.wrong"), 401)
    answer = RedirectResponse("/", 303)
    set_session(request, answer, value)
    return answer


@router.post("/logout")
async def log_out(request: Request) -> Response:
    if not from_own_page(request):
        raise refusal(403, "the request does not come from this node's own page")
    request.app.state.gate.log_out(request)
    request.app.state.node.feed.changed()  # streams that it opened end
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def set_session(request: Request, answer: Response, value: str) -> None:
    secure = is_secure(request)
    answer.set_cookie(COOKIE, value, max_age=int(LIFETIME_S), path="/", secure=secure, httponly=True, samesite="strict")


def _refused(request: Request, error: HTTPException) -> str:
    wait_s = (error.headers or {}).get("Retry-After")
    if error.status_code == 429 and wait_s:
        return tongue_of(request).t("login.throttled", n=int(wait_s))
    return f"{error.detail[:1].upper()}{error.detail[1:]}."


def login_answer(
    request: Request, message: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The page where one logs in, with what went wrong."""
    node: Node = request.app.state.node
    told = dict(headers or {}) | ({"WWW-Authenticate": 'Bearer realm="gslb"'} if status == 401 else {})
    anybody = bool(node.configuration.users or node.tokens.all())
    return HTMLResponse(
        login_page(node.configuration.node, tongue_of(request), message, anybody, node.configuration.oidc is not None),
        status,
        headers=told,
    )
