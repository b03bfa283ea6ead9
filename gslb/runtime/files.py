"""Notices that a file was written or replaced, or that others may read it now, by looking at it: works on every file system,
editors' renames included."""

from __future__ import annotations

import codecs
import hashlib
import os
from pathlib import Path

Signature = tuple[int, ...]


class WatchedFile:
    """`digest` is the SHA-256 of the text that was read of it before, without byte order mark; without it, what is there now
    counts as read."""

    def __init__(self, path: str, digest: str | None = None) -> None:
        self.path = path
        self._seen = _signature(path)
        self._settling: Signature | None = None
        if digest is not None and _digest(path) != digest:
            self._seen = None

    def changed(self) -> bool:
        """True once for each change, when two looks in a row found the same new file: a writer may be in the middle of it."""
        now = _signature(self.path)
        if now is None or now == self._seen:
            self._settling = None
            return False
        if now != self._settling:
            self._settling = now
            return False
        self._seen, self._settling = now, None
        return True

    def seen(self) -> None:
        """What is there now was read for another reason."""
        self._seen, self._settling = _signature(self.path), None


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
