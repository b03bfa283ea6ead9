"""Tiny servers on random ports that behave, or misbehave in one way."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from probes.model import Check, Target

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HOST = "knoppix.example"


@dataclass
class Peer:
    """A listening server: where it is, and the request heads it got."""

    address: str
    port: int
    heads: list[bytes] = field(default_factory=list)

    def target(self, check: Check | None = None, host: str = HOST, **more: object) -> Target:
        values: dict = {
            "key": "k",
            "site": "jp-tokyo-1",
            "address": self.address,
            "port": self.port,
            "host": host,
        }
        return Target(check=check or Check("http"), **(values | more))


@asynccontextmanager
async def listening(handler: Handler, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A server whose connections are each given to `handler`, and all cut off at the end."""
    tasks: set[asyncio.Task] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except (ConnectionError, EOFError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(connected, address, 0, ssl=tls)
    peer = Peer(address, server.sockets[0].getsockname()[1])
    try:
        yield peer
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def answering(answer: bytes, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """A server that reads a request head, sends `answer` and closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.write_eof() if writer.can_write_eof() else writer.close()
        await reader.read()

    async with listening(handler, address, tls) as peer:
        yield peer


def sending(answer: bytes, then: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> Handler:
    """A handler that reads a request head, sends `answer`, and goes on as `then` says."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await then(writer)

    return handler


async def silence(writer: asyncio.StreamWriter) -> None:
    """Hang until cut off."""
    await asyncio.get_running_loop().create_future()


def repeating(piece: bytes, pause_s: float = 0.0) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Send the same piece for ever."""

    async def on(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return on


def page(body: bytes = b"hello", status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
