"""/api/v1/tokens: who has one, and giving and taking them. For operators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from gslb.admin.gate import Reader
from gslb.admin.node import Node
from gslb.admin.oidc.identity import has_operators
from gslb.admin.principal import Principal, Role
from gslb.admin.problems import Unfit, documented, refusal
from gslb.admin.views import Asked, Line, View
from gslb.errors import ConflictError
from gslb.model import Act, User
from gslb.model.token import Token

PREFIX: Final = "/api/v1"
LONGEST_S: Final = 10 * 366 * 86_400
_OF_CONFIGURATION: Final = "configuration:"

router = APIRouter(prefix=PREFIX, tags=["who"], responses=documented(400, 401, 403, 422, 429))


class TokenView(View):
    id: str = Field(description="For tokens of the configuration, configuration: and the name.")
    name: str
    role: Role
    sites: list[str]
    created: datetime | None = Field(description="Absent for those of the configuration, as the next ones.")
    created_by: str | None
    expires: datetime | None = Field(description="Absent: never.")
    revoked: datetime | None
    last_used: datetime | None = Field(description="To the minute.")
    from_: Literal["configuration", "api"] = Field(alias="from")


class NewToken(TokenView):
    token: str = Field(description="Shown this once: nobody can read it from the node again.")


class TokenRequest(Asked):
    name: Line = Field(description="Who; it stands in the audit log.")
    role: Role
    sites: list[Annotated[str, Field(max_length=63)]] = Field([], max_length=200, description="Of an owner.")
    expires_in_s: float | None = Field(None, ge=1, le=LONGEST_S, allow_inf_nan=False, description="Seconds; absent: never.")


async def operator(principal: Reader) -> Principal:
    if principal.role != "operator":
        raise refusal(403, f"the role {principal.role} can't look at tokens, or make them")
    return principal


Operator = Annotated[Principal, Depends(operator)]
TokenId = Annotated[str, Path(alias="id", max_length=1100, description="As GET /tokens has it.")]


@router.get("/tokens", response_model_by_alias=True)
async def tokens(request: Request, _: Operator) -> list[TokenView]:
    """Everybody who has a token: of the configuration, then those made here, the newest first, with those that ended."""
    node: Node = request.app.state.node
    return [*(_of_user(user) for user in node.configuration.users), *(_view(token) for token in node.tokens.all())]


@router.post("/tokens", status_code=201, response_model_by_alias=True, responses=documented(409))
async def create(request: Request, body: TokenRequest, principal: Operator) -> NewToken:
    """Make a token. Nobody gives more than they have: it ends no later than the one it was made with."""
    node: Node = request.app.state.node
    _check(node, body, request.app.state.utc_now())
    expires = _end(body, principal, request.app.state.utc_now())
    try:
        token, text = node.tokens.create(body.name, body.role, body.sites, expires, principal.name)
    except ConflictError as error:
        raise refusal(409, str(error)) from error
    message = f"a token was made for {token.name}, {token.role}"
    node.acts.record(principal, "token-create", subject(token.id), "", {}, _document(token), message=message)
    return NewToken(**_view(token).model_dump(by_alias=True), token=text)


@router.delete("/tokens/{id}", response_model_by_alias=True, responses=documented(404, 409))
async def revoke(request: Request, token_id: TokenId, principal: Operator) -> TokenView:
    """End a token at once, with the sessions and streams that it opened."""
    node: Node = request.app.state.node
    name = token_id.removeprefix(_OF_CONFIGURATION)
    if name != token_id and any(user.name == name for user in node.configuration.users):
        raise refusal(409, f"{name} is in the configuration file, under admin.users: take it out there")
    token = node.tokens.get(token_id)
    if token is None:
        raise refusal(404, f"there is no token {token_id}")
    try:
        _need_another_operator(node, token, request.app.state.utc_now())
        revoked = node.tokens.revoke(token_id)
    except ConflictError as error:
        raise refusal(409, str(error)) from error
    message = f"the token of {token.name} was revoked"
    node.acts.record(principal, "token-revoke", subject(token.id), "", _document(token), _document(revoked), message=message)
    node.feed.changed()  # who watches with it is looked at now
    return _view(revoked)


def install_undoers(node: Node) -> None:
    """Making one is taken back by revoking it. A revoked token may be in wrong hands: it never comes back."""

    def undo(act: Act, _: Principal) -> None:
        token_id = str(act.after.get("id", ""))
        token = node.tokens.get(token_id)
        if token is None:
            raise ConflictError(f"token {token_id} is not kept any more")
        if token.revoked is not None:
            raise ConflictError(f"token {token_id} was revoked already, at {token.revoked:%Y-%m-%d %H:%M} UTC")
        _need_another_operator(node, token, act.at)
        node.tokens.revoke(token_id)
        node.feed.changed()

    node.acts.undoers["token-create"] = undo


def subject(token_id: str) -> str:
    """No site is called so: an owner sees nothing of it."""
    return f"token {token_id}"


def _check(node: Node, body: TokenRequest, utc: datetime) -> None:
    known = {site.id for site in node.configuration.sites}
    strange = [
        (f"body.sites.{number}", f"there is no site {site}") for number, site in enumerate(body.sites) if site not in known
    ]
    if strange:
        raise Unfit(*strange[0], *strange[1:])
    if body.role == "owner" and not body.sites:
        raise Unfit("body.sites", "an owner has sites: name them")
    if body.role != "owner" and body.sites:
        raise Unfit("body.sites", f"means nothing for the role {body.role}; leave it out, or make it an owner")
    if body.name in _names(node, utc):
        raise refusal(409, f"somebody with a token is called {body.name} already; the audit log could not tell them apart")


def _names(node: Node, utc: datetime) -> Iterator[str]:
    yield from (user.name for user in node.configuration.users)
    yield from (token.name for token in node.tokens.all() if token.is_live(utc))


def _end(body: TokenRequest, principal: Principal, utc: datetime) -> datetime | None:
    expires = None if body.expires_in_s is None else utc + timedelta(seconds=body.expires_in_s)
    most = principal.expires
    if most is not None and (expires is None or expires > most):
        raise Unfit(
            "body.expires_in_s", f"your own token ends at {most:%Y-%m-%d %H:%M} UTC, and can't make one that lasts longer"
        )
    return expires


def _need_another_operator(node: Node, token: Token, utc: datetime) -> None:
    """The file always works, but who is on call may not reach it: nobody locks everybody out unawares."""
    if token.role != "operator":
        return
    others = [each for each in node.tokens.all() if each.role == "operator" and each.id != token.id and each.is_live(utc)]
    users = [
        user for user in node.configuration.users if user.role == "operator" and (user.expires is None or utc < user.expires)
    ]
    if not others and not users and not has_operators(node.configuration.oidc):
        raise ConflictError("this is the last token of an operator: make another first, or put one into admin.users")


def _of_user(user: User) -> TokenView:
    nothing = dict.fromkeys(("created", "created_by", "revoked", "last_used"))
    known = {"id": _OF_CONFIGURATION + user.name, "name": user.name, "role": user.role, "sites": user.sites}
    return TokenView.model_validate({**nothing, **known, "expires": user.expires, "from": "configuration"})


def _view(token: Token) -> TokenView:
    return TokenView.model_validate({**_document(token), "from": "api"})


def _document(token: Token) -> dict[str, object]:
    """All but the hash."""
    return {
        "id": token.id, "name": token.name, "role": token.role, "sites": list(token.sites), "created": _text(token.created),
        "created_by": token.created_by, "expires": _text(token.expires), "revoked": _text(token.revoked),
        "last_used": _text(token.last_used),
    }  # fmt: skip


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
