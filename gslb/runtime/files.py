"""Notices that a file was written or replaced, or that others may read it now, by looking at it: works on every file system,
editors' renames included."""

from __future__ import annotations

import codecs
import hashlib
import os
from pathlib import Path
from typing import Generic, TypeVar

Signature = tuple[int, ...]


T = TypeVar("T")


class Settling(Generic[T]):
    """What was seen last, and what may be about to replace it: a writer may be in the middle of it."""

    def __init__(self, seen: T) -> None:
        self.seen = seen
        self._coming: T | None = None

    def changed(self, now: T) -> bool:
        """True once for each change, when two looks in a row found the same."""
        if now == self.seen:
            self._coming = None
            return False
        if now != self._coming:
            self._coming = now
            return False
        self.seen, self._coming = now, None
        return True


class WatchedFile:
    """`digest` is the SHA-256 of the text that was read of it before, without byte order mark; without it, what is there now
    counts as read."""

    def __init__(self, path: str, digest: str | None = None) -> None:
        self.path = path
        known = digest is None or _digest(path) == digest
        self._settling: Settling[Signature | None] = Settling(_signature(path) if known else None)

    def changed(self) -> bool:
        """True once for each change, when it has settled. A file that is gone is not one that has changed."""
        now = _signature(self.path)
        return self._settling.changed(self._settling.seen if now is None else now)

    def seen(self) -> None:
        """What is there now was read for another reason."""
        self._settling = Settling(_signature(self.path))


def stamp(path: str) -> str:
    """Another text for another file, or for the same one written anew."""
    return repr(_signature(path))


def _signature(path: str) -> Signature | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    access = status.st_mode, status.st_uid, status.st_gid  # `chmod` mends a secret that everybody could read
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size, *access


def _digest(path: str) -> str | None:
    try:
        text = Path(path).read_bytes().removeprefix(codecs.BOM_UTF8)
        return hashlib.sha256(text).hexdigest()
    except OSError:
        return None
