"""What control itself keeps in the store, beside the tracker's state: the clients it knows, and the serials of its zones.

To have forgotten either costs little, so a store that fails is counted, and no more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from gslb.errors import StoreError
from gslb.model import Configuration
from gslb.runtime.journal import Journal
from gslb.runtime.learning import Classes, Example, loads
from gslb.runtime.serials import Signed, next_serials
from gslb.state.store import Store

CLASSES = "examples"
SERIALS = "serials"
SAVE_EVERY_S = 30.0

_log = structlog.get_logger("gslb")


def open_store(state_dir: str) -> Store | None:
    """Without a memory rather than not at all: a store that can't be used is told, and done without."""
    try:
        return Store(Path(state_dir) / "state.db", datetime.now(UTC))
    except StoreError as error:
        _log.error(f"the state can't be kept, and nothing is known from before: {error}", kind="store-failed")
        return None


class Memory:
    def __init__(self, store: Store | None, journal: Journal) -> None:
        self._store, self._journal = store, journal
        self._saved: tuple[str, int] | None = None
        self._serials: str | None = None

    def clients(self, configuration: Configuration) -> list[Example]:
        """One of each class that was known when it was saved."""
        if self._store is None:
            return []
        try:
            blob = self._store.load_classes(CLASSES)
        except StoreError as error:
            self._journal.store_failed(error)
            return []
        return loads(blob, frozenset(service.host for service in configuration.services))

    def serials(
        self,
        configuration: Configuration,
        contents: Mapping[str, str] | None = None,
        signed: Mapping[str, Signed] | None = None,
    ) -> dict[str, int]:
        """Of each zone; kept at once, for what was told once may not fall. `contents` and `signed` as of `next_serials`."""
        kept = self._serials
        try:
            if self._store is not None and kept is None:
                kept = self._store.document(SERIALS)
            serials, self._serials = next_serials(configuration.zones, kept, int(time.time()), contents, signed)
            if self._store is not None and self._serials != kept:
                self._store.keep_document(SERIALS, self._serials)
        except StoreError as error:
            self._journal.store_failed(error)
            serials, self._serials = next_serials(configuration.zones, kept, int(time.time()), contents, signed)
        return serials

    async def save_often(self, classes: Classes) -> None:
        """Until cancelled: who comes after a crash knows the clients too."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self.save(classes)

    async def save(self, classes: Classes) -> None:
        now = (classes.lineage, len(classes))
        if self._store is None or now == self._saved:
            return
        try:
            await asyncio.to_thread(self._store.save_classes, CLASSES, classes.dump())
        except StoreError as error:
            self._journal.store_failed(error)
        else:
            self._saved = now
