"""Tokens in the state file: their hashes and what they are for, never themselves.

SHA-256 is right for them, and a slow hash made for passwords is not needed: 256 random bits can't be found by trying, whatever
a try costs; and every request has to be looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from gslb.model.token import ROLES, Token
from gslb.state.codec import decode, encode
from gslb.state.store import Store

_ID: Final = re.compile(r"[a-z2-7]{8}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST: Final = 262_144


class TokenTable:
    """Raises StoreError, as the store does. Any thread may use it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self) -> tuple[Token, ...]:
        """The oldest first. What can't be read opens nothing: it is left out."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT document FROM tokens").fetchall()
        found = (read(text) for (text,) in rows)
        return tuple(sorted((token for token in found if token is not None), key=lambda token: (token.created, token.id)))

    def keep(self, tokens: Iterable[Token], gone: Iterable[str] = ()) -> None:
        with self._store.transaction() as connection:
            connection.executemany("DELETE FROM tokens WHERE id = ?", [(each,) for each in gone])
            rows = [(token.id, json.dumps(encode(token))) for token in tokens]
            connection.executemany("REPLACE INTO tokens VALUES (?, ?)", rows)


def read(text: object) -> Token | None:
    try:
        token = decode(Token, json.loads(text) if isinstance(text, str) and len(text) <= _LONGEST else None)
    except (ValueError, RecursionError):
        return None
    sound = token.role in ROLES and _ID.fullmatch(token.id) and _SHA256.fullmatch(token.sha256)
    return token if sound else None
