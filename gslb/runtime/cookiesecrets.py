"""The cookie secrets of a node that shares none: made by itself, kept over restarts, a new one every day.

Kept, because each client would have to learn a new cookie at a restart, and a limited one would be refused until then. A
cookie holds for an hour, so the former secret is believed for longer than any cookie made with it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gslb.dns.cookies import SECRET_OCTETS
from gslb.dns.keyring import Keyring
from gslb.errors import StoreError
from gslb.runtime.journal import Journal
from gslb.state.store import Store

DOCUMENT: Final = "cookie-secrets"
RENEWED_EVERY_S: Final = 86400.0
LOOK_EVERY_S: Final = 60.0


class OwnSecrets:
    """A store that fails is told, and done without."""

    def __init__(self, store: Store | None, journal: Journal, make: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._store, self._journal, self._make = store, journal, make
        self._made_s, self._secrets = self._loaded()

    def added_to(self, keyring: Keyring) -> Keyring:
        """Where no secrets are shared, those of this node."""
        return keyring if keyring.cookies else replace(keyring, cookies=self.at(time.time()))

    async def run(self, renewed: Callable[[], None]) -> None:
        """Until cancelled; tells of each day's."""
        while True:
            known = self._secrets
            await asyncio.sleep(LOOK_EVERY_S)
            if self.at(time.time()) != known:
                renewed()

    def at(self, utc_s: float) -> tuple[bytes, ...]:
        """Those of that time, in seconds since 1970: the newest first, and the one before."""
        # A time before the secret was made is a clock that was set back: how old the secret is nobody knows.
        if not self._secrets or not 0 <= utc_s - self._made_s < RENEWED_EVERY_S:
            self._made_s, self._secrets = utc_s, (self._make(SECRET_OCTETS), *self._secrets[:1])
            self._keep()
        return self._secrets

    def _keep(self) -> None:
        if self._store is None:
            return
        text = json.dumps({"made": self._made_s, "secrets": [secret.hex() for secret in self._secrets]})
        try:
            self._store.keep_document(DOCUMENT, text)
        except StoreError as error:
            self._journal.store_failed(error)

    def _loaded(self) -> tuple[float, tuple[bytes, ...]]:
        try:
            text = None if self._store is None else self._store.document(DOCUMENT)
        except StoreError as error:
            self._journal.store_failed(error)
            text = None
        return _read(text or "")


def _read(text: str) -> tuple[float, tuple[bytes, ...]]:
    """What `_keep` wrote; of anything else nothing."""
    try:
        document = json.loads(text)
        found = tuple(bytes.fromhex(word) for word in document["secrets"])
        made_s = float(document["made"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return 0.0, ()
    sound = 1 <= len(found) <= 2 and all(len(secret) == SECRET_OCTETS for secret in found)
    return (made_s, found) if sound else (0.0, ())
