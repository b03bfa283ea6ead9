"""Thousands of queries to one server, over UDP and TCP, in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from tests.scenarios.peers.process import Endpoint
from tests.scenarios.peers.queries import Case

AT_ONCE = 48
TURN_S = 0.1  # how long an answer keeps the next query back
TRIES_S = (1.0, 2.0)  # a datagram may be lost; what never gets an answer costs this once, for all together
SILENCE_S = 2.0


async def exchange(endpoint: Endpoint, cases: Sequence[Case]) -> dict[int, bytes]:
    """Answers by the number of the case; it is missing where nothing came."""
    udp = [case for case in cases if not case.tcp]
    tcp = [case for case in cases if case.tcp]
    over_udp, over_tcp = await asyncio.gather(_datagrams(endpoint, udp), _streams(endpoint, tcp))
    return over_udp | over_tcp


class _Datagrams(asyncio.DatagramProtocol):
    """The number of a case is the ID of its query, so one socket does, and an answer that is late is an answer."""

    def __init__(self) -> None:
        self.answers: dict[int, bytes] = {}
        self.waiting: dict[int, asyncio.Future[None]] = {}

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        number = int.from_bytes(data[:2], "big")
        self.answers[number] = data
        waiting = self.waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)


async def _datagrams(endpoint: Endpoint, cases: Sequence[Case]) -> dict[int, bytes]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Datagrams, remote_addr=endpoint)
    try:
        for patience_s in TRIES_S:
            todo = iter([case for case in cases if case.number not in protocol.answers])
            await asyncio.gather(*(_ask(transport, protocol, todo) for _ in range(AT_ONCE)))
            if waiting := [future for future in protocol.waiting.values() if not future.done()]:
                await asyncio.wait(waiting, timeout=patience_s)
    finally:
        transport.close()
    return protocol.answers


async def _ask(transport: asyncio.DatagramTransport, protocol: _Datagrams, todo: Iterator[Case]) -> None:
    for case in todo:
        answered = protocol.waiting[case.number] = asyncio.get_running_loop().create_future()
        transport.sendto(case.wire)
        await asyncio.wait({answered}, timeout=TURN_S)


async def _streams(endpoint: Endpoint, cases: Sequence[Case]) -> dict[int, bytes]:
    answers: dict[int, bytes] = {}
    todo = iter(cases)

    async def some() -> None:
        for case in todo:
            if answer := await _stream(endpoint, case.wire):
                answers[case.number] = answer

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return answers


async def _stream(endpoint: Endpoint, wire: bytes) -> bytes:
    """A connection of its own: some servers close it on a bad query."""
    reader, writer = await asyncio.open_connection(*endpoint)
    try:
        writer.write(len(wire).to_bytes(2, "big") + wire)
        async with asyncio.timeout(SILENCE_S):
            return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        return b""
    finally:
        writer.transport.abort()
