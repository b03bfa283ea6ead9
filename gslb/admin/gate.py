"""Who may come in.

Reading is open on loopback; everything else takes a token, as `Authorization: Bearer` or behind the cookie of a log-in.
A browser sends that cookie whoever's page asks it to, so with a cookie nothing is changed unless the page is our own: by
what the browser says of it, and by a value that our own pages alone can have read (`GET /api/v1/me`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from gslb.admin import credentials
from gslb.admin.counting import Counters
from gslb.admin.known import Known
from gslb.admin.oidc import identity
from gslb.admin.oidc.identity import Identity
from gslb.admin.ownpage import need_own_page, peer_of
from gslb.admin.principal import LOOPBACK, Principal, principal_of
from gslb.admin.problems import refusal
from gslb.admin.sessions import COOKIE, Session, Sessions
from gslb.admin.throttle import Throttle
from gslb.model import Configuration, User

# How OpenAPI is told; what comes is read by the gate.
BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="A token of `admin.users`, or of /tokens.")
SESSION = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="session", description="Of /login. A change takes X-CSRF-Token too."
)

_SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """`configuration` gives the one that runs: who is taken out of it is out."""

    def __init__(
        self,
        known: Known,
        configuration: Callable[[], Configuration],
        counters: Counters,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.sessions = Sessions(lambda: configuration().limits.admin_sessions)
        self.throttle = Throttle(lambda: configuration().limits.admin_guessers, counters)
        self._known, self._configuration, self._clock = known, configuration, clock

    def admit(self, request: Request, *, asks: bool = False) -> Principal:
        """Who asks. Raises 401 where nobody knows, 403 where a foreign page made the browser ask, 429 after too many guesses.

        `asks`: it changes nothing, though it comes as POST.
        """
        headers = request.headers.getlist("authorization")
        if len(headers) > 1:  # a proxy may have looked at the other one
            raise refusal(400, "the request has more than one Authorization")
        if headers:
            return self._by_token(request, headers[0])
        session = self.session(request)
        principal = self._behind(session) if session else None
        if session is not None and principal is not None:
            if request.method not in _SAFE:
                need_own_page(request, session)
            return principal
        if (request.method in _SAFE or (asks and not _foreign(request))) and self._local(request):
            return LOOPBACK
        raise _unknown("this takes a token: send it as Authorization: Bearer, or log in at /login")

    def admits_still(self, request: Request, principal: Principal) -> bool:
        """Whether a request that was admitted would be admitted now, with the same rights. Counts as no guess."""
        if principal.by == "loopback":
            return True
        if principal.by in ("session", "oidc"):
            session = self.session(request)
            return session is not None and self._behind(session) == principal
        token = credentials.bearer(request.headers.get("authorization", "")) or ""
        user = self._known.user_of(credentials.digest(token))
        return user is not None and principal_of(user, "token") == principal

    def holder(self, request: Request) -> str:
        """Whose request it is, of those that are admitted: a token or a person, for names are not for telling people apart."""
        token = credentials.bearer(request.headers.get("authorization", ""))
        if token is not None:
            return f"token {credentials.digest(token)}"
        session = self.session(request)
        if session is None:
            return ""
        of = session.of
        return f"oidc {of.issuer} {of.client_id} {of.subject}" if isinstance(of, Identity) else f"session {of}"

    def session(self, request: Request) -> Session | None:
        value = request.cookies.get(COOKIE)
        return self.sessions.find(value, self._clock()) if value else None

    def log_in(self, request: Request, token: str) -> str | None:
        """The value of a new cookie; None for a wrong token. Raises 429 after too many guesses."""
        user = self._check(request, token)
        return self.sessions.open(user.token_sha256.lower(), self._clock()) if user else None

    def log_in_as(self, who: Identity) -> str | None:
        """The value of a new cookie; None for somebody without a role here."""
        known = identity.principal_of(who, self._configuration().oidc)
        return self.sessions.open(who, self._clock()) if known else None

    def wait_s(self, request: Request) -> int:
        """Seconds that whoever asks has to wait for wrong tokens; 0: none."""
        return self.throttle.wait_s(peer_of(request), self._clock())

    def guessed(self, request: Request, what: str) -> None:
        """A wrong code of an identity provider counts as a wrong token."""
        self.throttle.wrong(peer_of(request), credentials.digest(what), self._clock())

    def log_out(self, request: Request, *, everywhere: bool = False) -> int:
        """How many sessions ended: this one, or every one of the same token or person."""
        session = self.session(request)
        if session is None:
            return 0
        if everywhere:
            return self.sessions.end_all(session.of)
        self.sessions.end(request.cookies.get(COOKIE, ""))
        return 1

    def _behind(self, session: Session) -> Principal | None:
        """What a session is worth now."""
        if isinstance(session.of, Identity):
            return identity.principal_of(session.of, self._configuration().oidc)
        user = self._known.user_of(session.of)
        return principal_of(user, "session") if user else None

    def _by_token(self, request: Request, header: str) -> Principal:
        token = credentials.bearer(header)
        user = self._check(request, token) if token is not None else None
        if user is None:
            raise _unknown("this token is nobody's", "invalid_token")
        return principal_of(user, "token")

    def _check(self, request: Request, token: str) -> User | None:
        peer, now_s = peer_of(request), self._clock()
        wait_s = self.throttle.wait_s(peer, now_s)
        if wait_s:
            raise refusal(429, f"too many wrong tokens came from {peer}; wait {wait_s} s", Retry_After=str(wait_s))
        token_sha256 = credentials.digest(token)
        user = self._known.user_of(token_sha256)
        if user is None:
            self.throttle.wrong(peer, token_sha256, now_s)
        else:
            self.throttle.right(peer, now_s)
            self._known.used(token_sha256)
        return user

    def _local(self, request: Request) -> bool:
        server = request.scope.get("server") or ("", 0)
        return credentials.is_local(request.headers, peer_of(request), (server[0], server[1] or 0))


def _unknown(detail: str, error: str = "") -> Exception:
    challenge = 'Bearer realm="gslb"' + (f', error="{error}"' if error else "")
    return refusal(401, detail, WWW_Authenticate=challenge)


def _foreign(request: Request) -> bool:
    """Whether a page of somebody else's makes a browser of this machine ask."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "none")
    own = origin is None or origin.partition("://")[2].lower() == request.headers.get("host", "").lower()
    return not own or site not in ("none", "same-origin")


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


async def simulator(
    request: Request, _token: Annotated[object, Depends(BEARER)], _cookie: Annotated[object, Depends(SESSION)]
) -> Principal:
    """A dependency: whoever may read all, for questions that are too long for a GET."""
    gate: Gate = request.app.state.gate
    return await overseer(gate.admit(request, asks=True))


Simulator = Annotated[Principal, Depends(simulator)]
