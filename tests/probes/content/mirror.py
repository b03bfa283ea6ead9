"""A tiny mirror: files in memory, served with HEAD, Range and ETag, and the ways in which a test has it misbehave."""

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote

from probes.content.model import ContentTarget
from tests.probes.peers import HOST, listening

PREFIX = "/pub/set%20one/"
_OLD_S = 1_700_000_000


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]


Answer = Callable[[Request], bytes | None]


@dataclass
class Mirror:
    """`odd` answers before the files do, unless it gives None."""

    files: dict[str, bytes]
    address: str = "127.0.0.1"
    port: int = 0
    odd: Answer = lambda request: None
    etags: bool = True
    requests: list[Request] = field(default_factory=list)
    modified: dict[str, int] = field(default_factory=dict)

    def write_manifest(self, name: str = "SHA256SUMS") -> None:
        names = sorted(self.files.keys() - {name})
        self.files[name] = b"".join(f"{hashlib.sha256(self.files[each]).hexdigest()}  {each}\n".encode() for each in names)

    def target(self, **more: object) -> ContentTarget:
        values: dict = {"key": "k", "site": "jp-tokyo-1", "address": self.address, "port": self.port, "host": HOST}
        values |= {"prefix": PREFIX, "manifest": "SHA256SUMS"}
        return ContentTarget(**(values | more))

    def asked(self, method: str, path: str | None = None) -> int:
        return sum(request.method == method and path in (None, request.path) for request in self.requests)

    def answer(self, request: Request) -> bytes:
        content = self.files.get(request.path)
        if content is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        head = [f"Last-Modified: {formatdate(_OLD_S + self.modified.get(request.path, 0), usegmt=True)}"]
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        head += [f"ETag: {etag}"] if self.etags else []
        if self.etags and request.headers.get("if-none-match") == etag:
            return written("304 Not Modified", b"", head)
        part = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", ""))
        if part is None or request.method == "HEAD":
            return written("200 OK", content, head, sent=request.method != "HEAD")
        first, last = int(part[1]), min(int(part[2]), len(content) - 1)
        return written(
            "206 Partial Content", content[first : last + 1], [*head, f"Content-Range: bytes {first}-{last}/{len(content)}"]
        )


def written(status: str, body: bytes, head: list[str], *, sent: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *head, "", ""]
    return "\r\n".join(lines).encode() + (body if sent else b"")


@asynccontextmanager
async def mirroring(
    files: dict[str, bytes], address: str = "127.0.0.1", manifest: bool = True, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Mirror]:
    mirror = Mirror(dict(files), address)
    if manifest:
        mirror.write_manifest()

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        method, path, _ = first.split(" ")
        assert path.startswith(PREFIX), path
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        request = Request(method, unquote(path.removeprefix(PREFIX)), headers)
        mirror.requests.append(request)
        answer = mirror.odd(request)
        writer.write(mirror.answer(request) if answer is None else answer)
        await writer.drain()
        writer.write_eof() if writer.can_write_eof() else writer.close()
        await reader.read()

    async with listening(handler, address, tls) as peer:
        mirror.port = peer.port
        yield mirror
