"""The views of the dashboard, and /docs: what the API can do."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gslb.admin.gate import Gate, Overseer
from gslb.admin.html import element
from gslb.admin.manual import manual_page
from gslb.admin.pages.frame import MENU, UNDER, note, view_page
from gslb.admin.pages.language import tongue_of
from gslb.admin.pages.visit import Draw, Drawn, Refused, Visit
from gslb.admin.principal import Principal

router = APIRouter(include_in_schema=False)

# Each is drawn by the module of its name in gslb.admin.pages.
VIEWS: Final = {**MENU, "site": "/sites/{id}", "incident": "/incidents/{number}"}


def _draw_of(name: str) -> Draw:
    draw: Draw = import_module(f"gslb.admin.pages.{name.replace('-', '_')}").draw
    return draw


def _serve(name: str, path: str) -> None:
    draw = _draw_of(name)

    async def view(request: Request) -> Response:
        """Whoever may not read is sent to log in."""
        gate: Gate = request.app.state.gate
        try:
            principal: Principal = gate.admit(request)
        except HTTPException as error:
            if error.status_code == 401 and "authorization" not in request.headers:
                return RedirectResponse("/login", 303)
            raise
        visit = visit_of(request, principal)
        drawn = await _drawn(visit, name, draw)
        text = view_page(visit, name, request.app.state.node.configuration.node, drawn)
        return HTMLResponse(text, 200 if drawn.found else 404)

    router.add_api_route(path, view, methods=["GET"], name=name)


async def _drawn(visit: Visit, name: str, draw: Draw) -> Drawn:
    try:
        return await draw(visit)
    except Refused as error:
        title = visit.t(f"nav.{UNDER.get(name, name)}")
        return Drawn(title, [element("h1", title), note(str(error))], error.status != 404)


def visit_of(request: Request, principal: Principal) -> Visit:
    """The language and theme that were chosen in the dashboard; else what the browser says."""
    theme = request.cookies.get("theme", "")
    return Visit(request, principal, tongue_of(request), theme if theme in ("light", "dark") else "")


for _name, _path in VIEWS.items():
    _serve(_name, _path)


@router.get("/openapi.json")
async def schema(request: Request, _: Overseer) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def manual(request: Request, _: Overseer) -> HTMLResponse:
    return HTMLResponse(manual_page(request.app.openapi()))
