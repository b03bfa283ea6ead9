"""The memory in which the workers of a node share pledges: made by control, handed down, and found again by the next control.

It is an anonymous file (memfd_create(2)), sealed so that nobody who has it can make it shorter under the others' feet.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from typing import Final

import structlog

from gslb.redirect.pledges import OCTETS, Pledges, words_for

LOCKED_WITHIN_S: Final = 0.3  # it is held for microseconds, unless whoever has it waits for its turn of a core, or is frozen
_TRY_EVERY_S: Final = 0.0001

_log = structlog.get_logger("gslb")


def make_memory(clients: int) -> int | None:
    """A descriptor; None, and a line in the log, where the system gives none."""
    try:
        fd = os.memfd_create("gslb-pledges", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError as error:
        _log.warning(_why_alone(error), kind="pledges-unshared")
        return None
    try:
        os.ftruncate(fd, OCTETS * words_for(clients))
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    except OSError as error:
        os.close(fd)
        _log.warning(_why_alone(error), kind="pledges-unshared")
        return None
    return fd


def fits(fd: int, clients: int) -> bool:
    """Whether it is a table for so many."""
    return os.fstat(fd).st_size == OCTETS * words_for(clients)


def open_pledges(fd: int) -> Pledges | None:
    """The table in this memory; the descriptor is ours from now on. None, and a line in the log, if it can't be used."""
    try:
        size = os.fstat(fd).st_size
        if size < OCTETS * words_for(1):
            raise OSError(0, "it is too small")
        memory = memoryview(mmap.mmap(fd, size)).cast("Q")
    except (OSError, ValueError) as error:
        os.close(fd)
        _log.warning(_why_alone(error), kind="pledges-unshared")
        return None
    return Pledges(memory, RecordLocks(fd))


class RecordLocks:
    """One octet of the file stands for one bucket: locks go with the process that has them (fcntl(2), F_SETLK)."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __del__(self) -> None:
        os.close(self._fd)

    @contextlib.contextmanager
    def hold(self, bucket: int) -> Iterator[None]:
        """With the lock; without it where it can't be had soon."""
        locked = self._lock(bucket)
        try:
            yield
        finally:
            if locked:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, bucket)

    def _lock(self, bucket: int) -> bool:
        until_s = time.monotonic() + LOCKED_WITHIN_S
        while True:
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, bucket)
            except OSError:
                if time.monotonic() > until_s:
                    return False
                time.sleep(_TRY_EVERY_S)
            else:
                return True


def _why_alone(error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return f"workers can't share memory ({why}): each keeps clients at their generation of a release set by itself"
