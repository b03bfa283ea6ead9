"""Who may come in.

Reading is open on loopback; everything else takes a token, as `Authorization: Bearer` or behind the cookie of a log-in.
A browser sends that cookie whoever's page asks it to, so with a cookie nothing is changed unless the page is our own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from gslb.admin import credentials
from gslb.admin.credentials import Host, address_of
from gslb.admin.principal import LOOPBACK, Principal, principal_of
from gslb.admin.problems import refusal
from gslb.admin.sessions import COOKIE, Sessions
from gslb.admin.throttle import Throttle
from gslb.model import User

# How OpenAPI is told; what comes is read by the gate.
BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="A token of `admin.users`.")
SESSION = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="Set by /login.")

_SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """`users` gives those of the configuration that runs: a token that is taken out of it ends with it."""

    def __init__(self, users: Callable[[], Sequence[User]], clock: Callable[[], float] = time.monotonic) -> None:
        self.sessions = Sessions()
        self._users = users
        self._clock = clock
        self._throttle = Throttle()

    def admit(self, request: Request) -> Principal:
        """Who asks. Raises 401 where nobody knows, 403 where a foreign page made the browser ask, 429 after too many guesses."""
        headers = request.headers.getlist("authorization")
        if len(headers) > 1:  # a proxy may have looked at the other one
            raise refusal(400, "the request has more than one Authorization")
        if headers:
            return self._by_token(request, headers[0])
        principal = self.known_by_cookie(request)
        if principal is not None:
            if request.method not in _SAFE and not from_own_page(request):
                raise refusal(403, "the request does not come from this node's own page")
            return principal
        if request.method in _SAFE and self._local(request):
            return LOOPBACK
        raise _unknown("this takes a token: send it as Authorization: Bearer, or log in at /login")

    def admits_still(self, request: Request, principal: Principal) -> bool:
        """Whether a request that was admitted would be admitted now, with the same rights. Counts as no guess."""
        if principal.by == "loopback":
            return True
        if principal.by == "session":
            return self.known_by_cookie(request) == principal
        token = credentials.bearer(request.headers.get("authorization", "")) or ""
        user = credentials.user_of(self._users(), credentials.digest(token))
        return user is not None and principal_of(user, "token") == principal

    def known_by_cookie(self, request: Request) -> Principal | None:
        value = request.cookies.get(COOKIE)
        token_sha256 = self.sessions.token_sha256(value, self._clock()) if value else None
        user = credentials.user_of(self._users(), token_sha256) if token_sha256 else None
        return principal_of(user, "session") if user else None

    def log_in(self, request: Request, token: str) -> str | None:
        """The value of a new cookie; None for a wrong token. Raises 429 after too many guesses."""
        user = self._check(request, token)
        return self.sessions.open(user.token_sha256.lower(), self._clock()) if user else None

    def log_out(self, request: Request) -> None:
        self.sessions.end(request.cookies.get(COOKIE, ""))

    def _by_token(self, request: Request, header: str) -> Principal:
        token = credentials.bearer(header)
        user = self._check(request, token) if token is not None else None
        if user is None:
            raise _unknown("this token is nobody's", "invalid_token")
        return principal_of(user, "token")

    def _check(self, request: Request, token: str) -> User | None:
        peer, now_s = _peer(request), self._clock()
        wait_s = self._throttle.wait_s(peer, now_s)
        if wait_s:
            raise refusal(429, f"too many wrong tokens came from {peer}; wait {wait_s} s", Retry_After=str(wait_s))
        token_sha256 = credentials.digest(token)
        user = credentials.user_of(self._users(), token_sha256)
        if user is None:
            self._throttle.wrong(peer, token_sha256, now_s)
        return user

    def _local(self, request: Request) -> bool:
        server = request.scope.get("server") or ("", 0)
        return credentials.is_local(request.headers, _peer(request), (server[0], server[1] or 0))


def from_own_page(request: Request) -> bool:
    """Whether the page that made the browser send this is ours: `Origin`, which no page can forge (RFC 6454 section 7)."""
    origin, own = request.headers.get("origin"), Host.parse(request.headers.get("host", ""))
    if origin is None:
        return request.headers.get("sec-fetch-site") == "same-origin"
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and own is not None and Host.parse(authority) == own


def is_secure(request: Request) -> bool:
    """Whether the browser came over TLS: then the cookie is for TLS alone. Only a proxy of this machine is believed."""
    address = address_of(_peer(request))
    forwarded = address is not None and address.is_loopback and request.headers.get("x-forwarded-proto") == "https"
    return request.url.scheme == "https" or forwarded


def _peer(request: Request) -> str:
    return request.client.host if request.client else ""


def _unknown(detail: str, error: str = "") -> Exception:
    challenge = 'Bearer realm="gslb"' + (f', error="{error}"' if error else "")
    return refusal(401, detail, WWW_Authenticate=challenge)


async def reader(
    request: Request, _token: Annotated[object, Depends(BEARER)], _cookie: Annotated[object, Depends(SESSION)]
) -> Principal:
    """A dependency: whoever may read."""
    gate: Gate = request.app.state.gate
    return gate.admit(request)


Reader = Annotated[Principal, Depends(reader)]


async def overseer(principal: Reader) -> Principal:
    """A dependency: whoever may see what is not of one site."""
    if not principal.sees_all:
        raise refusal(403, f"an owner sees the own sites alone: {', '.join(principal.sites) or 'none'}")
    return principal


Overseer = Annotated[Principal, Depends(overseer)]
