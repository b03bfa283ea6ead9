"""The seam to httpcore, the engine of httpx: one GET or HEAD of one address of a site.

The connection is made here and not by httpx: its reader takes all that has come, which under uvloop was 6 MB for a client that
did not read. This one takes a piece when it is asked for one, so a client that reads slowly slows the site down (TCP), and not
our memory. Nothing is shared or kept between two exchanges: no pool, proxy, redirect, cookie or decoding.
"""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

import anyio
import httpcore
from anyio.abc import ByteStream
from anyio.streams.tls import TLSStream

from gslb.model import Address
from gslb.redirect.through.heads import Answer, read_answer

STEP: Final = 4096  # octets: who sends one now and then is as good as dead
HEAD_MAX: Final = 65536  # octets before the body, interim answers (1xx) among them: they cost more than they weigh


class Patience(NamedTuple):
    """With sites. In the middle of a body a client waits for `silent_s`, and then for the next site's head."""

    connect_s: float = 2.0  # and as much for TLS
    silent_s: float = 2.0  # until the head of an answer is there; then until the next STEP octets are
    open_s: float = 4.0  # for all that, up to the head
    head_s: float = 10.0  # for all sites together, until one has given a head
    give_up_s: float = 10.0  # without an octet, in the middle


class Failed(Exception):
    """The site did not answer, or stopped; `reason` is a word for the metrics."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Source(NamedTuple):
    """Where to get it. `host` goes into the header, `name` is for the certificate; `generation` is "" where none is known, and
    what it had last where that is not `sure`.
    """

    site: str
    address: Address
    port: int
    tls: bool
    host: str
    name: str
    target: bytes
    generation: str = ""
    sure: bool = False

    @property
    def surely_at(self) -> str:
        return self.generation if self.sure else ""


class Opened:
    """An answer whose head is in; pieces of the body come as they are asked for."""

    def __init__(self, source: Source, response: httpcore.Response, wire: Wire) -> None:
        self.source = source
        self.answer: Answer = read_answer(response.status, response.headers)
        self._wire = wire
        self._pieces = cast(AsyncGenerator[bytes, None], aiter(cast("Any", response.stream)))

    async def read(self) -> bytes:
        """The next piece, b"" behind the last. Raises Failed."""
        try:
            return await anext(self._pieces, b"")
        except httpcore.RemoteProtocolError as error:
            raise Failed("broke" if "without sending" in str(error) else "malformed") from error

    async def close(self) -> None:
        self._wire.close()
        await self._pieces.aclose()


async def fetch(
    source: Source,
    method: bytes,
    fields: Iterable[tuple[bytes, bytes]],
    piece: int,
    patience: Patience,
    context: ssl.SSLContext | None,
) -> Opened:
    """Connects, asks, and waits for the head; `context` is for TLS. Raises Failed."""
    wire = await _connect(source, piece, patience, context)
    try:
        response = await _exchange(source, wire, method, [(b"Host", source.host.encode("ascii")), *fields])
    except httpcore.RemoteProtocolError as error:
        wire.close()
        raise Failed("broke" if "without sending" in str(error) else "malformed") from error
    except BaseException:
        wire.close()
        raise
    wire.begin_body()
    return Opened(source, response, wire)


async def _exchange(source: Source, wire: Wire, method: bytes, fields: list[tuple[bytes, bytes]]) -> httpcore.Response:
    scheme = b"https" if source.tls else b"http"
    url = httpcore.URL(scheme=scheme, host=source.name.encode("ascii"), port=source.port, target=source.target)
    connection = httpcore.AsyncHTTP11Connection(url.origin, wire)
    return await connection.handle_async_request(httpcore.Request(method, url, headers=fields))


async def _connect(source: Source, piece: int, patience: Patience, context: ssl.SSLContext | None) -> Wire:
    family = socket.AF_INET if source.address.version == 4 else socket.AF_INET6
    try:
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    except OSError as error:
        raise Failed("connect") from error
    wire = Wire(sock, piece, patience.silent_s)
    try:
        async with asyncio.timeout(patience.connect_s):
            await asyncio.get_running_loop().sock_connect(sock, (str(source.address), source.port))
        if source.tls and context is not None:
            async with asyncio.timeout(patience.connect_s):
                await wire.secure(context, source.name)
    except TimeoutError as error:
        wire.close()
        raise Failed("silent") from error
    except ssl.SSLError as error:  # which is an OSError
        wire.close()
        raise Failed("tls") from error
    except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
        wire.close()
        raise Failed("connect") from error
    except BaseException:
        wire.close()
        raise
    return wire


class Wire(httpcore.AsyncNetworkStream):
    """A connection to a site, read piece by piece. Time counts only while somebody waits for the site."""

    def __init__(self, sock: socket.socket, piece: int, silent_s: float) -> None:
        self._sock = sock
        self._piece = piece
        self._tls: TLSStream | None = None
        self._silent_s = self._left_s = silent_s
        self._step = math.inf  # until the body begins there are no steps: the head has its time, however it comes
        self._wanted = self._step
        self._head_left = HEAD_MAX

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        self._tls = await TLSStream.wrap(_Raw(self._sock), hostname=name, ssl_context=context, standard_compatible=False)

    def begin_body(self) -> None:
        self._step = self._wanted = STEP
        self._left_s = self._silent_s

    @property
    def _in_head(self) -> bool:
        return self._step is math.inf

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Raises Failed where the site is silent, has no end of heads, or its connection breaks."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left_s):
                data = await self._receive(min(max_bytes, self._piece, STEP if self._in_head else self._piece))
        except TimeoutError as error:
            raise Failed("silent") from error
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise Failed("broke") from error
        if self._in_head:
            self._head_left -= len(data)
            if self._head_left < 0:
                raise Failed("malformed")
        self._wanted -= len(data)
        if self._wanted <= 0:
            self._wanted, self._left_s = self._step, self._silent_s
        else:
            self._left_s -= time.monotonic() - began
        return data

    async def _receive(self, octets: int) -> bytes:
        if self._tls is None:
            return await asyncio.get_running_loop().sock_recv(self._sock, octets)
        try:
            return await self._tls.receive(octets)
        except anyio.EndOfStream:
            return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            async with asyncio.timeout(self._silent_s):
                if self._tls is None:
                    await asyncio.get_running_loop().sock_sendall(self._sock, buffer)
                else:
                    await self._tls.send(buffer)
        except TimeoutError as error:
            raise Failed("silent") from error
        except (OSError, anyio.BrokenResourceError) as error:
            raise Failed("broke") from error

    def close(self) -> None:
        self._sock.close()

    async def aclose(self) -> None:
        self.close()

    def get_extra_info(self, info: str) -> Any:
        return None


class _Raw(ByteStream):
    """What TLS goes over."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    async def receive(self, max_bytes: int = 65536) -> bytes:
        data = await asyncio.get_running_loop().sock_recv(self._sock, max_bytes)
        if not data:
            raise anyio.EndOfStream
        return data

    async def send(self, item: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._sock, item)

    async def send_eof(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    async def aclose(self) -> None:
        self._sock.close()

    @property
    def extra_attributes(self) -> Mapping[Any, Any]:
        return {}
