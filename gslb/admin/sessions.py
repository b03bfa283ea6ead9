"""Who has logged in with a browser."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import NamedTuple

COOKIE = "gslb_session"
LIFETIME_S = 12 * 3600.0
SESSIONS_MOST = 1024


class _Session(NamedTuple):
    token_sha256: str
    ends_s: float


class Sessions:
    """In memory, so that a restart ends them. A session is worth what the token behind it is worth, no longer."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def open(self, token_sha256: str, now_s: float) -> str:
        """The value of the cookie. The oldest session ends where there would be too many."""
        value = secrets.token_urlsafe(32)
        self._sessions[_hidden(value)] = _Session(token_sha256, now_s + LIFETIME_S)
        while len(self._sessions) > SESSIONS_MOST:
            self._sessions.popitem(last=False)
        return value

    def token_sha256(self, value: str, now_s: float) -> str | None:
        session = self._sessions.get(_hidden(value))
        return session.token_sha256 if session and now_s < session.ends_s else None

    def end(self, value: str) -> None:
        self._sessions.pop(_hidden(value), None)


def _hidden(value: str) -> str:
    """Looked up by hash: how long that takes tells nothing of the values of others."""
    return hashlib.sha256(value.encode(errors="replace")).hexdigest()
