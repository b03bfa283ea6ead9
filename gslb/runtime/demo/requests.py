"""Bytes of a connection -> requests, with limits. No I/O; the parser in C is httptools.

A request that can't be answered as asked becomes a `Refusal`, which is always the last thing of its
connection. An unfinished head is bounded by the bytes that were read of it, whatever is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import httptools

MAX_HEAD = 16 * 1024
MAX_TARGET = 8 * 1024
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: bytes
    headers: Mapping[str, str]  # names in lower case; of repeated ones the last
    keep_alive: bool
    version: str = "1.1"


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    keep_alive: bool = False


@dataclass(slots=True)
class _Head:
    target: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    hosts: int = 0
    body: int = 0
    complete: bool = False
    keep_alive: bool = False


class RequestParser:
    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._head = _Head()
        self._ready: list[Request | Refusal] = []
        self._unfinished = 0  # bytes read since a request was last complete

    def feed(self, data: bytes) -> list[Request | Refusal]:
        """The requests that `data` completes. After a Refusal or one without keep_alive, feed no more."""
        self._ready = []
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end_of_http()
        except httptools.HttpParserError:
            self._refuse(400)
        self._unfinished = 0 if self._ready else self._unfinished + len(data)
        self._check_size()
        return self._ready

    @property
    def idle(self) -> bool:
        return self._unfinished == 0

    def _end_of_http(self) -> None:
        """The client wants another protocol after this request: its answer ends the connection."""
        match self._ready:
            case [*_, Request() as last]:
                self._ready[-1] = Request(last.method, last.target, last.headers, False, last.version)
            case _:
                self._refuse(400)

    def _refuse(self, status: int) -> None:
        if not (self._ready and not self._ready[-1].keep_alive):
            self._ready.append(Refusal(status))

    def _check_size(self) -> None:
        head = self._head
        if len(head.target) > MAX_TARGET:
            self._refuse(414)
        elif head.size > MAX_HEAD or (not head.complete and self._unfinished > MAX_HEAD):
            self._refuse(431)
        elif head.body > MAX_BODY:
            self._refuse(413)

    # Called by httptools.

    def on_message_begin(self) -> None:
        self._head = _Head()

    def on_url(self, part: bytes) -> None:
        self._head.target += part[: MAX_TARGET + 1]

    def on_header(self, name: bytes, value: bytes) -> None:
        head = self._head
        key = name.decode("latin-1").lower()
        head.size += len(name) + len(value) + 4
        head.hosts += key == "host"
        if head.size <= MAX_HEAD:
            head.headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._head.complete = True
        self._head.keep_alive = self._parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        self._head.body += len(part)

    def on_message_complete(self) -> None:
        version = self._parser.get_http_version()
        status = _fault(self._head, version)
        self._ready.append(Refusal(status) if status else self._request(version))
        self._head = _Head()

    def _request(self, version: str) -> Request:
        method = self._parser.get_method().decode("ascii")
        return Request(method, self._head.target, self._head.headers, self._head.keep_alive, version)


def _fault(head: _Head, version: str) -> int:
    """The status with which a whole request is refused; 0 for none."""
    if version not in ("1.0", "1.1"):
        return 505
    if len(head.target) > MAX_TARGET:
        return 414
    if head.size > MAX_HEAD:
        return 431
    if head.body > MAX_BODY:
        return 413
    return 400 if head.hosts > 1 or (head.hosts == 0 and version == "1.1") else 0
