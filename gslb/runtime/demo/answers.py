"""Request + files -> status, headers and the bytes to send (RFC 9110). Reads files, and no socket."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from gslb.runtime.demo.ranges import Span, Unsatisfiable, select
from gslb.runtime.demo.requests import Request

_PART = 64 * 1024
_TYPES = {".gz": "application/gzip", ".sh": "text/x-shellscript", ".idx": "text/plain"}


@dataclass(frozen=True, slots=True)
class Document:
    path: Path
    size: int
    etag: str
    modified: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`span` of `document` is the body where there is a document, else `text`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    length: int
    text: bytes = b""
    document: Document | None = None
    span: Span | None = None
    with_body: bool = True

    def head(self, keep_alive: bool, mirror: str) -> bytes:
        connection = "keep-alive" if keep_alive else "close"
        own = (("Date", formatdate(usegmt=True)), ("Server", "gslb-demo-mirror"), ("Mirror", mirror))
        sized = (*self.headers, ("Content-Length", str(self.length)), ("Connection", connection))
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in (*own, *sized)]
        return "\r\n".join((*lines, "", "")).encode("ascii")

    def parts(self, length: int) -> Iterator[bytes]:
        """The first `length` bytes of the body."""
        if not self.with_body:
            return
        if self.document is None or self.span is None:
            yield self.text[:length]
            return
        with self.document.path.open("rb") as file:
            file.seek(self.span.first)
            while length > 0 and (part := file.read(min(length, _PART))):
                length -= len(part)
                yield part


def answer(request: Request, root: Path, hosts: frozenset[str] = frozenset()) -> Answer:
    """What a mirror that is well says. Empty `hosts`: every Host is ours."""
    if request.method not in ("GET", "HEAD"):
        return to(request, plain(405, ("Allow", "GET, HEAD")))
    document = find(root, request.target) if _is_ours(request, hosts) else None
    if document is None:
        reply = plain(404)
    elif request.method == "HEAD":
        reply = _whole(document)  # Range is defined for GET alone: section 14.2
    else:
        reply = _ranged(document, request)
    return to(request, reply)


def to(request: Request, reply: Answer) -> Answer:
    """The same answer to HEAD has no body."""
    return replace(reply, with_body=request.method != "HEAD")


def plain(status: int, *headers: tuple[str, str]) -> Answer:
    text = f"{status} {_phrase(status)}\n".encode("ascii")
    return Answer(status, (*headers, ("Content-Type", "text/plain")), len(text), text)


def redirect(url: str, target: bytes) -> Answer:
    """302 to `url` with the path of the request behind it, one slash between."""
    location = url.rstrip("/") + "/" + _path(target).decode("ascii", "replace").lstrip("/")
    return plain(302, ("Location", location.encode("ascii", "replace").decode("ascii")))


def find(root: Path, target: bytes) -> Document | None:
    """The regular file that a request target names beneath `root`; None for everything else."""
    name = os.fsdecode(unquote_to_bytes(_path(target))).lstrip("/")
    if name.endswith("/") or "\0" in name or ".." in name.split("/"):
        return None
    try:
        path = (root / name).resolve()
        known = path.stat()
    except (OSError, RuntimeError):
        return None
    if not stat.S_ISREG(known.st_mode) or not path.is_relative_to(root.resolve()):
        return None
    etag = f'"{known.st_mtime_ns // 1_000_000_000:x}-{known.st_size:x}"'
    return Document(path, known.st_size, etag, formatdate(int(known.st_mtime), usegmt=True))


def _path(target: bytes) -> bytes:
    """The path of an origin-form or absolute-form target, still encoded, without its query."""
    if not target.startswith(b"/"):
        try:
            return urlsplit(target).path
        except ValueError:
            return b""
    return target.partition(b"?")[0]


def _is_ours(request: Request, hosts: frozenset[str]) -> bool:
    host = request.headers.get("host", "")
    return not hosts or host.partition(":")[0].rstrip(".").lower() in hosts


def _whole(document: Document) -> Answer:
    span = Span(0, document.size - 1) if document.size else None
    return Answer(200, _described(document), document.size, document=document, span=span)


def _ranged(document: Document, request: Request) -> Answer:
    header = request.headers.get("range")
    if header is None or not _unchanged(document, request.headers.get("if-range")):
        return _whole(document)
    try:
        span = select(header, document.size)
    except Unsatisfiable:
        return plain(416, ("Content-Range", f"bytes */{document.size}"))
    if span is None:
        return _whole(document)
    content_range = ("Content-Range", f"bytes {span.first}-{span.last}/{document.size}")
    return Answer(206, (*_described(document), content_range), span.length, document=document, span=span)


def _unchanged(document: Document, if_range: str | None) -> bool:
    """Strong comparison of an entity tag, exact match of a date: RFC 9110 section 13.1.5."""
    return if_range is None or if_range.strip() in (document.etag, document.modified)


def _described(document: Document) -> tuple[tuple[str, str], ...]:
    kind = _TYPES.get(document.path.suffix, "application/octet-stream")
    validators = (("ETag", document.etag), ("Last-Modified", document.modified))
    return (("Content-Type", kind), *validators, ("Accept-Ranges", "bytes"))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
