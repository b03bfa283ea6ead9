"""Where control and its workers meet: `state_dir/run`, with the lock and the workers' sockets."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gslb.errors import StoreError

# Trouble of the disk, which may come by itself: a name server starts without one. All else is a mistake in `state_dir`.
DISK_TROUBLE = frozenset((errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO))


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """`fault` is what is wrong with the state directory, in a sentence, where another one had to do."""

    path: Path
    fault: str = ""


def run_directory(state_dir: str) -> RunDirectory:
    """Made if need be, for this user alone. A StoreError if `state_dir` can't be used, by no fault of the disk."""
    path = Path(state_dir) / "run"
    try:
        _make(path)
        _write_to(path)
    except OSError as error:
        if error.errno not in DISK_TROUBLE:
            raise StoreError(f"state_dir {state_dir} can't be used: {error.strerror}") from None
        return RunDirectory(_elsewhere(state_dir), f"{state_dir} can't be written: {error.strerror}; a restart will forget all")
    return RunDirectory(path)


def _make(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)


def _write_to(path: Path) -> None:
    with (path / ".writable").open("wb") as file:
        file.write(b"\0")
    (path / ".writable").unlink()


def _elsewhere(state_dir: str) -> Path:
    """The same for every control of this directory, so that lock and adoption work there too."""
    name = hashlib.sha256(os.path.abspath(state_dir).encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"gslb-{os.geteuid()}-{name}"
    try:
        _make(path)
        status = path.lstat()
    except OSError as error:
        raise StoreError(f"neither {state_dir} nor {path} can be written: {error.strerror}") from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise StoreError(f"{path} is not ours: remove it") from None
    return path
