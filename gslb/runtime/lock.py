"""One control process for each state directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from gslb.errors import BusyError, StoreError


class ControlLock:
    """Held for as long as this process lives: the kernel lets go of it, however the process ends."""

    def __init__(self, run_dir: Path, state_dir: str) -> None:
        path = run_dir / "control.lock"
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"can't open {path}: {error.strerror}") from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 32).decode("ascii", "replace").strip() or "?"
            os.close(self._fd)
            raise BusyError(
                f"process {holder} already runs on {state_dir}: stop it, or give this node its own state_dir"
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        os.close(self._fd)
