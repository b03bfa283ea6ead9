"""Where observations go: a file of lines, a file of frames, a reader behind a Unix socket. Used by one thread, which may wait.

`ensure` makes an outlet ready, `write` takes some pieces, and both raise Broken, in words for people. A piece (a line, a
frame) is written whole or not at all: what a full disk took of half a one is taken back.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from gslb.dns.dnstap import START, STOP, BadFrame, Dialogue, Stage

HANDSHAKE_WITHIN_S = 2.0
STALLED_AFTER_S = 5.0  # a reader that takes nothing for so long is as good as gone
FINISH_WITHIN_S = 0.5
LOOK_EVERY_S = 0.1  # at whether we are to end, while a reader keeps us waiting


class Broken(Exception):
    """Nothing can be written now. `done` pieces of those at hand were written before."""

    def __init__(self, why: str, done: int = 0) -> None:
        super().__init__(why)
        self.done = done


class Outlet(Protocol):
    def ensure(self) -> None:
        """Opens what is not open, or is not what the path leads to any more."""

    def begin_anew(self) -> None:
        """As after a rotation."""

    def write(self, pieces: Sequence[bytes]) -> None: ...
    def close(self) -> None:
        """Ends what is open as its format asks for. Never fails."""


class _File:
    """An open file, and whether its path still leads to it."""

    def __init__(self, path: str, flags: int) -> None:
        try:
            # O_NONBLOCK: a path may be a FIFO, which without a reader keeps whoever opens it waiting.
            self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | flags, 0o640)
        except OSError as error:
            raise Broken(_words(error)) from None
        self._path = path
        self._regular = stat.S_ISREG(os.fstat(self.fd).st_mode)

    def moved(self) -> bool:
        """Whether somebody has renamed or removed it."""
        try:
            there, here = os.stat(self._path), os.fstat(self.fd)
        except OSError:
            return True
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def append(self, pieces: Sequence[bytes]) -> None:
        """In one write, so that lines of several writers don't mix; half a piece is taken back.

        A pipe gives nothing back, but takes whole whatever has up to PIPE_BUF octets (pipe(7)): so there one by one.
        """
        done = 0
        for batch in (pieces,) if self._regular else ((piece,) for piece in pieces):
            octets = b"".join(batch)
            written, why = self._write(octets)
            if written < len(octets):
                whole, end = _whole(batch, written)
                if written > end:
                    self._take_back(written - end)
                raise Broken(why, done + whole)
            done += len(batch)

    def _write(self, octets: bytes) -> tuple[int, str]:
        try:
            return os.write(self.fd, octets), "the disk is full"  # if it is not all
        except OSError as error:
            return 0, _words(error)

    def _take_back(self, octets: int) -> None:
        """Unless another has written behind us meanwhile: then half a line is ended, so that its own is whole."""
        with contextlib.suppress(OSError):
            ours = os.lseek(self.fd, 0, os.SEEK_CUR)
            if os.fstat(self.fd).st_size == ours:
                os.ftruncate(self.fd, ours - octets)
                os.lseek(self.fd, ours - octets, os.SEEK_SET)
            else:
                os.write(self.fd, b"\n")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.fd)


def _whole(pieces: Sequence[bytes], octets: int) -> tuple[int, int]:
    """How many pieces the first so many octets hold whole, and the octets of these."""
    done = end = 0
    for piece in pieces:
        if end + len(piece) > octets:
            break
        done, end = done + 1, end + len(piece)
    return done, end


def _words(error: OSError) -> str:
    return error.strerror or str(error)


class _Appended:
    """A file that is opened when there is something to write."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: _File | None = None

    def begin_anew(self) -> None:
        self.close()

    def write(self, pieces: Sequence[bytes]) -> None:
        assert self._file is not None  # noqa: S101 - ensured
        self._file.append(pieces)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class LineFile(_Appended):
    """Lines at the end of a file, which other workers write to as well (O_APPEND, one write for some lines)."""

    def ensure(self) -> None:
        if self._file is not None and self._file.moved():
            self.close()
        if self._file is None:
            self._file = _File(self._path, os.O_APPEND)


class FrameFile(_Appended):
    """A file of Frame Streams: START, frames, STOP. Nothing can be added behind its end, so it is begun anew each time that
    it is opened; what was there before is kept as `.old`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._started = False

    def ensure(self) -> None:
        if self._file is not None and (self._file.moved() or self._cut()):
            self.close()
        if self._file is None:
            _keep_old(self._path)
            self._file, self._started = _File(self._path, os.O_TRUNC), False
        if not self._started:
            self._file.append([START])
            self._started = True

    def _cut(self) -> bool:
        """Whether somebody has emptied it, as logrotate's copytruncate does."""
        assert self._file is not None  # noqa: S101 - asked of an open one
        with contextlib.suppress(OSError):  # a FIFO has no size
            here = os.lseek(self._file.fd, 0, os.SEEK_CUR)
            return os.fstat(self._file.fd).st_size < here
        return False

    def close(self) -> None:
        if self._file is not None and self._started:
            with contextlib.suppress(Broken):
                self._file.append([STOP])
        super().close()


def _keep_old(path: str) -> None:
    with contextlib.suppress(OSError):
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode) and found.st_size:
            Path(path).replace(f"{path}.old")


class FrameSocket:
    """A reader behind a Unix socket. `ending` is asked while the reader keeps us waiting."""

    def __init__(self, path: str, ending: Callable[[], bool]) -> None:
        self._path, self._ending = path, ending
        self._sock: socket.socket | None = None
        self._dialogue = Dialogue()

    def ensure(self) -> None:
        if self._sock is None:
            self._connect()
        else:
            self._listen(0.0)

    def begin_anew(self) -> None:
        """There is nothing to rotate."""

    def _connect(self) -> None:
        self._sock, self._dialogue = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), Dialogue()
        try:
            self._sock.setblocking(False)
            self._sock.connect(self._path)  # at once or not at all (unix(7))
        except OSError as error:
            self._drop()
            raise Broken(_words(error)) from None
        self._send(self._dialogue.begin())
        until_s = time.monotonic() + HANDSHAKE_WITHIN_S
        while self._dialogue.stage is Stage.ASKED:
            self._listen(LOOK_EVERY_S)
            if time.monotonic() > until_s or self._ending():
                self._break(f"the reader did not answer within {HANDSHAKE_WITHIN_S:g} s")

    def write(self, pieces: Sequence[bytes]) -> None:
        self._send(b"".join(pieces), pieces)

    def _listen(self, within_s: float) -> None:
        """Hears what the reader says, if anything: it may have enough, or be gone."""
        assert self._sock is not None  # noqa: S101 - connected
        if not self._ready(select.POLLIN, within_s):
            return
        try:
            said = self._sock.recv(4096)
            reply = self._dialogue.received(said)
        except OSError as error:
            self._break(_words(error))
        except BadFrame as error:
            self._break(f"the reader said {error}")
        if not said or self._dialogue.stage is Stage.FINISHED:
            self._break("the reader has closed the connection")
        if reply:
            self._send(reply)

    def _send(self, octets: bytes, pieces: Sequence[bytes] = ()) -> None:
        assert self._sock is not None  # noqa: S101 - connected
        sent, since_s = 0, time.monotonic()
        while sent < len(octets):
            try:
                sent += self._sock.send(memoryview(octets)[sent:], socket.MSG_NOSIGNAL)
                since_s = time.monotonic()
            except BlockingIOError:
                self._ready(select.POLLOUT, LOOK_EVERY_S)
                if self._ending() or time.monotonic() - since_s > STALLED_AFTER_S:
                    self._break("the reader does not read", _whole(pieces, sent)[0])
            except OSError as error:
                self._break(_words(error), _whole(pieces, sent)[0])

    def _ready(self, event: int, within_s: float) -> bool:
        assert self._sock is not None  # noqa: S101 - connected
        poll = select.poll()
        poll.register(self._sock, event)
        return bool(poll.poll(within_s * 1000))

    def _break(self, why: str, done: int = 0) -> NoReturn:
        self._drop()
        raise Broken(why, done)

    def _drop(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def close(self) -> None:
        if self._sock is None:
            return
        with contextlib.suppress(Broken):
            if self._dialogue.stage is Stage.OPEN:
                self._send(self._dialogue.close())
                self._await_finish()
        self._drop()

    def _await_finish(self) -> None:
        until_s = time.monotonic() + FINISH_WITHIN_S
        while self._dialogue.stage is Stage.CLOSING and time.monotonic() < until_s:
            self._listen(LOOK_EVERY_S)
