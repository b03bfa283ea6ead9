"""/api/v1/acts: who changed what, when and why; and how it is taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, StringConstraints

from gslb.admin.conventions.paging import NUMBER_MOST, Before, paged
from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.principal import Principal
from gslb.admin.problems import documented, refusal
from gslb.admin.views import Asked, Line, View
from gslb.errors import ConflictError
from gslb.model import Act

PREFIX: Final = "/api/v1"
ACTS_MOST: Final = 1000

Word = Annotated[str, StringConstraints(max_length=1000)]
Number = Annotated[int, Path(ge=1, le=NUMBER_MOST, description="Of an act.")]

router = APIRouter(prefix=PREFIX, tags=["who"], responses=documented(400, 401, 403, 422, 429))


class ActView(View):
    number: int
    at: datetime
    who: str
    role: str
    by: str = Field(description="How the node knew: token, session, oidc; node: it did so by itself.")
    action: str
    subject: str = Field(description="A site, an override, a token, …")
    why: str
    before: dict[str, Any] = Field(description="The subject as it was; empty where there was nothing.")
    after: dict[str, Any] = Field(description="The subject as it was then.")
    undoes: int | None
    undone_by: int | None
    undoable: bool = Field(description="It is of a kind that can be taken back, and was not yet.")


class UndoRequest(Asked):
    why: Line | None = Field(None, description="For those who look on.")


@router.get("/acts")
async def acts(
    request: Request,
    response: Response,
    principal: Reader,
    limit: Annotated[int, Query(ge=1, le=ACTS_MOST)] = 100,
    before: Before = None,
    who: Annotated[list[Word] | None, Query(max_length=16, description="By one of these.")] = None,
    action: Annotated[list[Word] | None, Query(max_length=16, description="Of one of these kinds.")] = None,
    subject: Annotated[list[Word] | None, Query(max_length=16, description="A site, token, override, …: one of these.")] = None,
) -> list[ActView]:
    """What people changed, the newest first. An owner sees what is about the own sites."""
    node: Node = request.app.state.node
    found = node.acts.latest(limit, before, who, action, principal.subjects(subject))
    paged(request, response, found, limit, found[-1].number if found else None)
    return [view(node, act) for act in found]


@router.post("/acts/{number}/undo", status_code=201, responses=documented(404, 409))
async def undo(request: Request, number: Number, body: UndoRequest, principal: Reader) -> ActView:
    """Take an act back, as long as its subject is as the act left it. This is an act itself, with its own number."""
    node: Node = request.app.state.node
    act = node.acts.find(number)
    if act is None or not principal.sees(act.subject):
        raise refusal(404, f"there is no act {number}")
    if not may_undo(node, act, principal):
        raise refusal(403, f"the role {principal.role} can't undo this")
    try:
        return view(node, node.acts.undo(act, principal, body.why or ""))
    except ConflictError as error:
        raise refusal(409, str(error)) from error


def may_undo(node: Node, act: Act, principal: Principal) -> bool:
    return principal.role == "operator" or (act.action in node.acts.of_owners and principal.steers(act.subject))


def view(node: Node, act: Act) -> ActView:
    return ActView(
        number=act.number, at=act.at, who=act.who, role=act.role, by=act.by, action=act.action, subject=act.subject,
        why=act.why, before=dict(act.before), after=dict(act.after), undoes=act.undoes, undone_by=act.undone_by,
        undoable=node.acts.undoable(act),
    )  # fmt: skip
