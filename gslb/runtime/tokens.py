"""Tokens that operators make, each for somebody and for a time.

Revoking one takes effect here at once; it is written at once too, and while the store fails again and again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from gslb.errors import ConflictError, StoreError
from gslb.model.token import Token
from gslb.runtime.journal import Journal
from gslb.state.store import Store
from gslb.state.tokens import TokenTable

WRITE_EVERY_S: Final = 60.0
USED_WITHIN: Final = timedelta(seconds=60)  # a use so soon after another is not worth a write

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"

METRICS: Final = {
    "gslb_tokens": ("Tokens made through the API that are good now, of limits.tokens_kept.", ("role",)),
    "gslb_tokens_unwritten": ("Changes of tokens that wait for the state directory to work again.", ()),
}


class Tokens:
    """`most()` is the bound of all that are kept; for a new one, one that ended goes."""

    def __init__(
        self,
        store: Store | None,
        journal: Journal,
        most: Callable[[], int],
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._table = None if store is None else TokenTable(store)
        self._journal, self._most, self._utc_now = journal, most, utc_now
        self._tokens = {token.id: token for token in self._loaded()}  # the oldest first
        self._by_sha256 = {token.sha256: token.id for token in self._tokens.values()}
        self._unwritten: set[str] = set()

    def all(self) -> Sequence[Token]:
        """Those that ended too; the newest first."""
        return list(reversed(self._tokens.values()))

    def get(self, token_id: str) -> Token | None:
        return self._tokens.get(token_id)

    def find(self, token_sha256: str) -> Token | None:
        """The token of this hash, if it is good now. Looked up by hash: how long that takes tells nothing of others."""
        token = self._tokens.get(self._by_sha256.get(token_sha256, ""))
        return token if token is not None and token.is_live(self._utc_now()) else None

    def create(self, name: str, role: str, sites: Sequence[str], expires: datetime | None, created_by: str) -> tuple[Token, str]:
        """The token, and its text, which nobody will see again. Raises ConflictError where there are too many."""
        gone = self._make_room()
        token_id = self._new_id()
        text = f"gslb_{token_id}_{secrets.token_urlsafe(32)}"
        digest = sha256(text.encode()).hexdigest()
        token = Token(token_id, name, role, tuple(sites), digest, self._utc_now(), created_by, expires)
        self._by_sha256[digest] = token_id
        self._keep(token, gone)
        return token, text

    def revoke(self, token_id: str) -> Token:
        """Raises KeyError if there is none, ConflictError if it ended before."""
        token, utc = self._tokens[token_id], self._utc_now()
        if not token.is_live(utc):
            raise ConflictError(f"token {token_id} of {token.name} has ended already, at {token.revoked or token.expires}")
        revoked = replace(token, revoked=utc)
        self._keep(revoked)
        return revoked

    def used(self, token: Token) -> None:
        """Noted to the minute, and written with the next look: a request writes nothing."""
        utc = self._utc_now()
        if token.last_used is None or utc - token.last_used > USED_WITHIN:
            self._tokens[token.id] = replace(token, last_used=utc)
            self._unwritten.add(token.id)

    async def write_often(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            self._write()

    def close(self) -> None:
        self._write()

    def gauges(self) -> dict[tuple[str, ...], float]:
        utc = self._utc_now()
        found: dict[tuple[str, ...], float] = {("gslb_tokens_unwritten",): len(self._unwritten)}
        for token in self._tokens.values():
            key = ("gslb_tokens", token.role)
            found[key] = found.get(key, 0.0) + token.is_live(utc)
        return found

    def _new_id(self) -> str:
        while True:
            found = "".join(secrets.choice(_ALPHABET) for _ in range(8))
            if found not in self._tokens:
                return found

    def _make_room(self) -> list[str]:
        utc, most = self._utc_now(), self._most()
        ended = [token.id for token in self._tokens.values() if not token.is_live(utc)]
        gone = ended[: max(0, len(self._tokens) + 1 - most)]
        if len(self._tokens) - len(gone) >= most:
            raise ConflictError(f"there are {most} tokens already (limits.tokens_kept); revoke one first")
        return gone

    def _keep(self, token: Token, gone: Sequence[str] = ()) -> None:
        for each in gone:
            del self._by_sha256[self._tokens.pop(each).sha256]
        self._tokens[token.id] = token
        self._unwritten |= {token.id, *gone}
        self._write()

    def _write(self) -> None:
        if self._table is None or not self._unwritten:
            return
        kept = [self._tokens[each] for each in self._unwritten if each in self._tokens]
        try:
            self._table.keep(kept, self._unwritten - self._tokens.keys())
        except StoreError as error:
            self._journal.store_failed(error)
            return
        self._unwritten.clear()
        self._journal.store_worked()

    def _loaded(self) -> Sequence[Token]:
        if self._table is None:
            return ()
        try:
            return self._table.load()
        except StoreError as error:
            self._journal.store_failed(error)
            return ()
