"""Where a client is, as far as anybody knows: overrides first, then the databases field by field."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gslb.errors import GeoError
from gslb.geo.database import Database, Signature, Source, signature
from gslb.geo.overrides import Overrides, filled
from gslb.geo.schemas import NOTHING, Fields
from gslb.model import ADDRESS_BITS, Family, GeoSettings, Place

BUNDLED: Final = "bundled"
BUNDLED_PATH = Path(__file__).with_name("data") / "bundled.mmdb"

_MOST_PLACES = 65_536


class GeoIndex:
    """Immutable but for `errors`, the number of look-ups that failed on a broken record.

    `stamp` is equal for equal databases in the same order under the same overrides.
    """

    def __init__(self, settings: GeoSettings, databases: tuple[Database, ...]) -> None:
        self.settings = settings
        self.sources: tuple[Source, ...] = tuple(database.source for database in databases)
        known = [source.sha256 for source in self.sources], settings.overrides
        self.stamp = hashlib.sha256(repr(known).encode()).hexdigest()
        self.errors = 0
        self.databases = databases
        self.overrides = Overrides(settings.overrides)
        self._places: dict[Fields, Place] = {}
        self._refused: list[Signature | None] | None = None

    @classmethod
    def open(cls, settings: GeoSettings) -> GeoIndex:
        """Raises GeoError, one sentence about the first file that can't be used."""
        return cls(settings, tuple(Database.open(path_of(name), name) for name in settings.databases))

    def lookup(self, family: Family, address: int) -> tuple[Place, int]:
        """The place of `address`, an integer of its family's full width, and the length of the block around
        it.

        Of every address in that block the overrides and databases say exactly the same. A block that nobody
        knows has a length too. Never raises: a broken record counts into `errors`, and is a client that this
        file does not know.
        """
        fields, prefix = self.overrides.lookup(family, address) if self.overrides else (NOTHING, 0)
        for database in self.databases:
            if database.adds_to(fields):
                more, length = self._ask(database, family, address)
                prefix = max(prefix, length)
                fields = filled(fields, more)
        return self._places.get(fields) or self._place(fields), prefix

    def merged(self, fields: Fields, found: Iterable[Fields]) -> Place:
        """The place of which the overrides say `fields`, and the databases what is `found`."""
        for database, more in zip(self.databases, found, strict=True):
            if database.adds_to(fields):
                fields = filled(fields, more)
        return self._places.get(fields) or self._place(fields)

    def changed(self) -> bool:
        """A file on disk is not the one that is open, nor the one that the last `reopen` refused."""
        now = self._on_disk()
        return now not in ([database.signature for database in self.databases], self._refused)

    def reopen(self) -> GeoIndex:
        """A new index of the files as they are now. Raises GeoError, and this one stays as good as it was."""
        now = self._on_disk()
        try:
            return type(self).open(self.settings)
        except GeoError:
            self._refused = now
            raise

    def _ask(self, database: Database, family: Family, address: int) -> tuple[Fields, int]:
        try:
            return database.lookup(family, address)
        except Exception:  # of whatever kind: the bytes are somebody else's, and a query waits
            self.errors += 1
            return NOTHING, ADDRESS_BITS[family]  # nothing is known of the neighbours

    def _place(self, fields: Fields) -> Place:
        """Equal places are one object: there are far fewer places than networks."""
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        return self._places.setdefault(fields, Place(*fields))

    def _on_disk(self) -> list[Signature | None]:
        return [_signature_of(path_of(name)) for name in self.settings.databases]


def path_of(name: str) -> str:
    """Of a database as it is configured."""
    return str(BUNDLED_PATH) if name == BUNDLED else name


def _signature_of(path: str) -> Signature | None:
    try:
        return signature(os.stat(path))
    except OSError:
        return None
