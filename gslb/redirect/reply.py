"""Responses in bytes, all but their last lines: those tell the time, and whether the connection stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.utils import formatdate
from enum import IntEnum
from http import HTTPStatus
from typing import Final, NamedTuple, Protocol

TEXT: Final = "text/plain; charset=utf-8"


class Reply(NamedTuple):
    """`head` lacks Date, Connection and the empty line. `close`: the next octets of the client can't be trusted.

    With a `stream` there is no head yet: it writes the whole answer, and the requests behind it wait.
    """

    status: int
    head: bytes
    body: bytes = b""
    close: bool = False
    stream: Stream | None = None


class Sink(Protocol):
    """Where a stream goes."""

    def begin(self, reply: Reply) -> None:
        """Send the head of an answer, and its body where it has one."""

    async def write(self, octets: bytes) -> None:
        """Send a piece of a body; returns when there is room for more."""


class Stream(Protocol):
    """`buffer` is how many octets may wait for the client."""

    buffer: int

    async def run(self, sink: Sink) -> None: ...


class Fate(IntEnum):
    """What becomes of the connection after a response."""

    OPEN = 0
    CLOSE = 1
    KEPT = 2  # as OPEN, for HTTP/1.0, which has to be told (RFC 9112 section 9.3)


_CONNECTION: Final = (b"", b"Connection: close\r\n", b"Connection: keep-alive\r\n")


class Endings:
    """The last lines of a head, written once a second (RFC 9110 section 6.6.1)."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._second = -1
        self._lines: tuple[bytes, ...] = ()

    def now(self) -> tuple[bytes, ...]:
        """By Fate."""
        second = int(self._wall())
        if second != self._second:
            date = f"Date: {formatdate(second, usegmt=True)}\r\n".encode()
            self._lines = tuple(date + connection + b"\r\n" for connection in _CONNECTION)
            self._second = second
        return self._lines


def write_head(status: int, fields: Sequence[tuple[str, str]], octets: int) -> bytes:
    """Names in Title-Case: boot firmware compares them as they stand (BEHAVIOUR, HTTP 5)."""
    phrase = HTTPStatus(status).phrase
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in fields), f"Content-Length: {octets}", ""]
    return "\r\n".join(lines).encode("ascii")


def write_reply(status: int, text: str, fields: Sequence[tuple[str, str]] = (), close: bool = False) -> Reply:
    """A sentence for people."""
    body = f"{text}\n".encode()
    always = (("Content-Type", TEXT), ("Cache-Control", "private, no-store"))
    return Reply(status, write_head(status, (*fields, *always), len(body)), body, close)


# After these nobody knows where the next request begins, or the client should not send one.
_FATAL: Final = frozenset({400, 408, 413, 414, 431, 500, 505})


def refuse(status: int, text: str) -> Reply:
    fields = (("Allow", "GET, HEAD"),) if status == 405 else ()
    return write_reply(status, text, fields, status in _FATAL)
