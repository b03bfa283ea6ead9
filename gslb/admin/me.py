"""/api/v1/me: who asks, what they may, and what a page of ours has to send with a change."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from pydantic import Field

from gslb.admin.gate import Gate, Reader
from gslb.admin.principal import By, Role
from gslb.admin.problems import documented, refusal
from gslb.admin.views import View

PREFIX: Final = "/api/v1"

router = APIRouter(prefix=PREFIX, tags=["who"], responses=documented(400, 401, 403, 422, 429))


class MeView(View):
    name: str
    role: Role
    by: By = Field(description="How the node knows: a token, a session of a token, oidc; loopback is nobody in particular.")
    sites: list[str] = Field(description="Of an owner.")
    expires: datetime | None = Field(description="When the token ends.")
    csrf: str | None = Field(description="With a session: what a change has to have in X-CSRF-Token.")
    may: list[str] = Field(description="What can be changed: drain, enable, scan, undo, override, apply, maintenance, …")


class EndedView(View):
    ended: int = Field(description="Sessions that were ended, this one included.")


@router.get("/me")
async def me(request: Request, principal: Reader) -> MeView:
    """Who asks, and what they may."""
    gate: Gate = request.app.state.gate
    session = gate.session(request) if principal.by in ("session", "oidc") else None
    return MeView(
        name=principal.name,
        role=principal.role,
        by=principal.by,
        sites=list(principal.sites),
        expires=principal.expires,
        csrf=session.csrf if session else None,
        may=list(principal.may),
    )


@router.delete("/me/sessions", responses=documented(409))
async def log_out_everywhere(request: Request, principal: Reader) -> EndedView:
    """End every session of the one who asks: those of the same token, or of the same person at the identity provider."""
    gate: Gate = request.app.state.gate
    if gate.session(request) is None or principal.by not in ("session", "oidc"):
        raise refusal(409, "this was not asked with a session; a token is ended by DELETE /api/v1/tokens/{id}")
    ended = gate.log_out(request, everywhere=True)
    request.app.state.node.acts.record(principal, "log-out", f"user {principal.name}", after={"ended": ended})
    request.app.state.node.feed.changed()
    return EndedView(ended=ended)
