"""A crowd at the stream ports of a node: idle, slow and hostile clients, in a process of their own.

`python -m tests.scenarios.crowd DNS_PORT TLS_PORT` says "ready" when all are there, and once a second how many are.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import ssl
import struct
import sys
from collections.abc import Awaitable, Callable
from itertools import count

import dns.message

from tests.scenarios.node import HOST

IDLE, SLOW = 1000, 100
QUERY = dns.message.make_query(HOST, "A", id=1).to_wire()
MESSAGE = struct.pack("!H", len(QUERY)) + QUERY
FLOOD = MESSAGE * 500
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE
_ADDRESSES = count()

Client = Callable[[int, int], Awaitable[None]]
here = {"idle": 0, "slow": 0, "hostile": 0}


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Each from an address of its own, so that the limit of one client spares the others."""
    number = next(_ADDRESSES)
    address = f"127.{2 + number // 62500 % 200}.{number // 250 % 250}.{1 + number % 250}"
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))


async def idle(port: int, _: int) -> None:
    reader, writer = await connect(port)
    writer.write(MESSAGE)
    await reader.readexactly(2)
    await lingering("idle", reader)


async def slow(port: int, _: int) -> None:
    """An octet now and then, in both directions."""
    reader, writer = await connect(port)

    async def write() -> None:
        for octet in MESSAGE * 1000:
            writer.write(bytes((octet,)))
            await asyncio.sleep(0.05)

    here["slow"] += 1
    writing = asyncio.create_task(write())
    try:
        while await reader.read(1):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    finally:
        writing.cancel()
        writer.close()
        here["slow"] -= 1


async def flood_unread(port: int, _: int) -> None:
    """Asks without end, and reads nothing."""
    _reader, writer = await connect(port)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    while not writer.is_closing():
        writer.write(FLOOD)
        await writer.drain()


async def flood(port: int, _: int) -> None:
    """Asks without end, as fast as answers come."""
    reader, writer = await connect(port)

    async def read() -> None:
        while await reader.read(65536):
            pass

    reading = asyncio.create_task(read())
    try:
        while not reading.done():
            writer.write(FLOOD)
            await writer.drain()
    finally:
        reading.cancel()
        writer.close()


async def half_open_garbage(port: int, _: int) -> None:
    reader, writer = await connect(port)
    writer.write(random.randbytes(3000))
    writer.write_eof()
    await reader.read(100_000)
    writer.close()


async def octets(port: int, _: int) -> None:
    """Each in a segment of its own, as fast as they go."""
    reader, writer = await connect(port)
    for octet in FLOOD[: len(MESSAGE) * 20]:
        writer.write(bytes((octet,)))
        await asyncio.sleep(0)
    await asyncio.wait_for(reader.read(100), 5)
    writer.close()


async def tls_garbage(_: int, port: int) -> None:
    reader, writer = await connect(port)
    writer.write(random.choice((b"", b"\x16\x03\x01\x02\x00")) + random.randbytes(600))
    await reader.read(1000)
    writer.close()


async def tls_handshakes(_: int, port: int) -> None:
    """The dearest thing that can be asked for, over and over."""
    _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=TRUSTING)
    writer.close()


HOSTILE: tuple[Client, ...] = (
    *(flood_unread, flood_unread, flood, flood),
    *(half_open_garbage, half_open_garbage, octets),
    *(tls_garbage, tls_garbage, tls_handshakes),
)


async def lingering(kind: str, reader: asyncio.StreamReader) -> None:
    here[kind] += 1
    try:
        while await reader.read(65536):
            pass
    finally:
        here[kind] -= 1


async def again_and_again(client: Client, *ports: int) -> None:
    """Whoever is thrown out comes back."""
    while True:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            await client(*ports)
        await asyncio.sleep(0.001)


async def hostile(client: Client, *ports: int) -> None:
    here["hostile"] += 1
    await again_and_again(client, *ports)


async def main(*ports: int) -> None:
    tasks = []
    for client, clients, at_a_time in ((idle, IDLE, 100), (slow, SLOW, 100)):
        for number in range(clients):
            tasks.append(asyncio.create_task(again_and_again(client, *ports)))
            if number % at_a_time == at_a_time - 1:
                await asyncio.sleep(0.05)
    while here["idle"] < IDLE or here["slow"] < SLOW:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    tasks += [asyncio.create_task(hostile(client, *ports)) for client in HOSTILE]
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    while True:
        print(here["idle"], here["slow"], here["hostile"], flush=True)
        await asyncio.sleep(1)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    asyncio.run(main(*map(int, sys.argv[1:])))
