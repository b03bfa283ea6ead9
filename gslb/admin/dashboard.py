"""/ : the first page; /docs: what the API can do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from gslb.admin.front import front_page
from gslb.admin.gate import Gate, Overseer
from gslb.admin.manual import manual_page
from gslb.admin.principal import Principal

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front(request: Request) -> Response:
    """Whoever may not read is sent to log in."""
    gate: Gate = request.app.state.gate
    try:
        principal: Principal = gate.admit(request)
    except HTTPException as error:
        if error.status_code == 401 and "authorization" not in request.headers:
            return RedirectResponse("/login", 303)
        raise
    board = request.app.state.boards.now(principal)
    events = [event for event in request.app.state.node.events(50, None) if principal.sees(event.subject)]
    return HTMLResponse(front_page(board, events, principal))


@router.get("/openapi.json")
async def schema(request: Request, _: Overseer) -> JSONResponse:
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def manual(request: Request, _: Overseer) -> HTMLResponse:
    return HTMLResponse(manual_page(request.app.openapi()))
