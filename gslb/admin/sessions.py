"""Who has logged in with a browser."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from gslb.admin.oidc.identity import Identity

COOKIE: Final = "gslb_session"
LIFETIME_S: Final = 12 * 3600.0


class Session(NamedTuple):
    """`of` is the SHA-256 of the token behind it, or who an identity provider says it is. `csrf` is for our own pages alone."""

    of: str | Identity
    csrf: str
    ends_s: float

    def is_vouched_for(self, csrf: str) -> bool:
        """Whether this came with the value that only a page of ours can read (GET /me): no form of another site's has it."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode(errors="replace"))


class Sessions:
    """In memory, so that a restart ends them. A session is worth what the token behind it is worth, no longer."""

    def __init__(self, most: Callable[[], int] = lambda: 1024) -> None:
        self._most = most
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # all live equally long: the first ends first

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, of: str | Identity, now_s: float) -> str:
        """The value of the cookie. The oldest session ends where there would be too many."""
        self.sweep(now_s)
        value = secrets.token_urlsafe(32)
        self._sessions[_hidden(value)] = Session(of, secrets.token_urlsafe(24), now_s + LIFETIME_S)
        while len(self._sessions) > self._most():
            self._sessions.popitem(last=False)
        return value

    def find(self, value: str, now_s: float) -> Session | None:
        session = self._sessions.get(_hidden(value))
        return session if session and now_s < session.ends_s else None

    def end(self, value: str) -> None:
        self._sessions.pop(_hidden(value), None)

    def end_all(self, of: str | Identity) -> int:
        """Every session of the same token, or of the same person at the identity provider: how many there were."""
        theirs = [key for key, session in self._sessions.items() if _same(session.of, of)]
        for key in theirs:
            del self._sessions[key]
        return len(theirs)

    def sweep(self, now_s: float) -> None:
        while self._sessions and now_s >= next(iter(self._sessions.values())).ends_s:
            self._sessions.popitem(last=False)


def _same(one: str | Identity, other: str | Identity) -> bool:
    if isinstance(one, Identity) and isinstance(other, Identity):
        return (one.issuer, one.subject) == (other.issuer, other.subject)
    return one == other


def _hidden(value: str) -> str:
    """Looked up by hash: how long that takes tells nothing of the values of others."""
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()
