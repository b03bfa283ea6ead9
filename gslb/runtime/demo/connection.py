"""One connection of a mirror: requests in, bytes out, and the ways to be unhelpful. Every wait has an end."""

from __future__ import annotations

import asyncio
import contextlib

from gslb.runtime.demo.requests import Refusal, Request, RequestParser

CHUNK = 16 * 1024
_REQUEST_S = 30.0  # from one answer to the whole of the next request
_STALL_S = 30.0  # of a client that does not read
_LINGER_S = 1.0  # for a refused client to read why


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.stuck = False  # by a fault, until the fault changes
        self._reader = reader
        self._writer = writer
        self._parser = RequestParser()

    async def requests(self) -> list[Request | Refusal]:
        """At least one request, or none when the client has gone."""
        async with asyncio.timeout(_REQUEST_S):
            while data := await self._reader.read(CHUNK):
                if ready := self._parser.feed(data):
                    return ready
        return []

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        async with asyncio.timeout(_STALL_S):
            await self._writer.drain()

    async def trickle(self, data: bytes, bytes_per_s: float) -> None:
        self.stuck = True
        for octet in data:
            await self.send(bytes([octet]))
            await asyncio.sleep(1 / bytes_per_s)
        self.stuck = False

    async def hang(self) -> None:
        """Say nothing until the client gives up or the fault ends: both end what is read."""
        self.stuck = True
        await self._read_on()
        raise ConnectionAbortedError

    async def linger(self) -> None:
        """Read on for a moment: a close with bytes unread resets the connection, and loses the answer."""
        self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                await self._read_on()

    def close(self) -> None:
        self._writer.close()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def _read_on(self) -> None:
        while await self._reader.read(CHUNK):
            pass
