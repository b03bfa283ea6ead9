"""Where the lists of blocks are: beside their databases, else in a cache by the SHA-256 of the database, else made now."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from gslb.errors import GeoError
from gslb.geo.blocks import MOST_OCTETS, SUFFIX, BlockList, pack, unpack
from gslb.geo.database import Database
from gslb.geo.index import path_of
from gslb.geo.walk import blocks_of

KEPT: Final = 8  # lists in the cache: of what is open now, and of what was before


class Shelf:
    """`notices` are what people should know of, in sentences; `built` the databases whose lists had to be made."""

    def __init__(self, cache: Path | None) -> None:
        self.notices: list[str] = []
        self.built: list[str] = []
        self._cache = cache

    def blocks(self, database: Database) -> BlockList:
        """Raises GeoError for a database that no list can be made of."""
        sha256 = database.source.sha256
        beside = Path(path_of(database.source.path) + SUFFIX)
        kept = None if self._cache is None else self._cache / f"{sha256}{SUFFIX}"
        for path in (beside, *([kept] if kept else [])):
            found = self._read(path, sha256)
            if found is not None:
                return found
        made = blocks_of(database)
        self.built.append(database.source.path)
        if kept is not None:
            self._keep(kept, pack(made, sha256))
        return made

    def _read(self, path: Path, sha256: str) -> BlockList | None:
        try:
            data = _content(path)
            return None if data is None else unpack(data, sha256)
        except (GeoError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            self.notices.append(f"{path}: {why}; it is left aside, and the blocks are read from the database")
            return None

    def _keep(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            write_at_once(path, data)
            _prune(path.parent)
        except OSError as error:
            self.notices.append(f"{path}: {error.strerror}; the list of blocks is not kept, and will be made again")


def write_list(path: str) -> BlockList:
    """Beside the database at `path`. Raises GeoError."""
    database = Database.open(path, path)
    blocks = blocks_of(database)
    out = Path(path + SUFFIX)
    try:
        write_at_once(out, pack(blocks, database.source.sha256))
    except OSError as error:
        raise GeoError(f"{out}: {error.strerror}") from error
    return blocks


def write_at_once(out: Path, content: bytes) -> None:
    """Whoever reads `out` sees the old file or the new one. Raises OSError."""
    partial = out.with_name(out.name + ".partial")
    try:
        partial.write_bytes(content)
        partial.replace(out)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _content(path: Path) -> bytes | None:
    """None where there is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise GeoError("is no regular file")
        data = file.read(MOST_OCTETS + 1)
    if len(data) > MOST_OCTETS:
        raise GeoError(f"has more than {MOST_OCTETS} octets")
    return data


def _prune(folder: Path) -> None:
    lists = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in lists[KEPT:]:
        path.unlink(missing_ok=True)
