"""The way to the identity provider and back, which one browser alone may go, once, and soon.

Nothing is kept of a log-in that has begun: however many strangers begin one, nobody else's is lost. The browser carries a
cookie that says when, and under which `state`; `nonce` and the verifier of PKCE follow from that state and a secret of ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from typing import Final, NamedTuple

COOKIE: Final = "gslb_oidc"
PATH: Final = "/login/oidc"
WITHIN_S: Final = 600.0
DONE_MOST: Final = 4096

_STATE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_COOKIE: Final = re.compile(r"([A-Za-z0-9_-]{43})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)


class Errand(NamedTuple):
    """`nonce` has to come back in the ID token (OpenID Connect Core 3.1.2.1); `verifier` proves that we began (RFC 7636)."""

    state: str
    nonce: str
    verifier: str


class Errands:
    """`clock` gives seconds that only grow."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)
        self._done: OrderedDict[str, None] = OrderedDict()

    def begin(self, now_s: float) -> tuple[Errand, str]:
        """With the value of the cookie."""
        state = secrets.token_urlsafe(32)
        began = str(int(now_s))
        return self._errand(state), f"{state}.{began}.{self._mac('cookie', state, began)}"

    def end(self, cookie: str, state: str, now_s: float) -> Errand | None:
        """The errand that this browser began and comes back from; None if it is another's, too old, or was ended before."""
        found = _COOKIE.fullmatch(cookie)
        if found is None or not _STATE.fullmatch(state) or not hmac.compare_digest(found[1], state):
            return None
        if not hmac.compare_digest(found[3], self._mac("cookie", state, found[2])):
            return None
        if not 0 <= now_s - int(found[2]) < WITHIN_S or state in self._done:
            return None
        self._done[state] = None
        while len(self._done) > DONE_MOST:
            self._done.popitem(last=False)
        return self._errand(state)

    def _errand(self, state: str) -> Errand:
        return Errand(state, self._mac("nonce", state), self._mac("verifier", state))

    def _mac(self, *words: str) -> str:
        made = hmac.new(self._secret, " ".join(words).encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
