"""Thousands of queries to one server, over UDP and TCP, in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.scenarios.peers.process import Endpoint
from tests.scenarios.peers.queries import Case

AT_ONCE = 48
TRIES_S = (1.0, 2.0)  # a datagram may be lost; what never gets an answer costs this once, for all together
SILENCE_S = 2.0


async def exchange(endpoint: Endpoint, cases: Sequence[Case]) -> dict[int, bytes]:
    """Answers by the number of the case; it is missing where nothing came."""
    udp = [case for case in cases if not case.tcp]
    tcp = [case for case in cases if case.tcp]
    over_udp, over_tcp = await asyncio.gather(_datagrams(endpoint, udp), _streams(endpoint, tcp))
    return over_udp | over_tcp


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answers: dict[int, bytes] = {}
        self.waiting: dict[int, asyncio.Future[None]] = {}

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        number = int.from_bytes(data[:2], "big")
        waiting = self.waiting.get(number)
        if waiting is not None and not waiting.done():
            self.answers[number] = data
            waiting.set_result(None)


async def _datagrams(endpoint: Endpoint, cases: Sequence[Case]) -> dict[int, bytes]:
    """The number of a case is the ID of its query, so one socket does."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(_Datagrams, remote_addr=endpoint)
    try:
        left = list(cases)
        for patience_s in TRIES_S:
            slots = asyncio.Semaphore(AT_ONCE if patience_s == TRIES_S[0] else len(left) or 1)
            await asyncio.gather(*(_datagram(transport, protocol, case, slots, patience_s) for case in left))
            left = [case for case in left if case.number not in protocol.answers]
    finally:
        transport.close()
    return protocol.answers


async def _datagram(
    transport: asyncio.DatagramTransport, protocol: _Datagrams, case: Case, slots: asyncio.Semaphore, patience_s: float
) -> None:
    """One that gets no answer gives its slot away at once: nobody waits behind it."""
    answered = asyncio.get_running_loop().create_future()
    async with slots:
        protocol.waiting[case.number] = answered
        transport.sendto(case.wire)
        done, _ = await asyncio.wait({answered}, timeout=min(patience_s, 0.1))
    if not done:
        await asyncio.wait({answered}, timeout=patience_s)
    protocol.waiting.pop(case.number, None)


async def _streams(endpoint: Endpoint, cases: Sequence[Case]) -> dict[int, bytes]:
    slots = asyncio.Semaphore(AT_ONCE)
    answers = await asyncio.gather(*(_stream(endpoint, case.wire, slots) for case in cases))
    return {case.number: answer for case, answer in zip(cases, answers, strict=True) if answer}


async def _stream(endpoint: Endpoint, wire: bytes, slots: asyncio.Semaphore) -> bytes:
    """A connection of its own: some servers close it on a bad query."""
    async with slots:
        reader, writer = await asyncio.open_connection(*endpoint)
        try:
            writer.write(len(wire).to_bytes(2, "big") + wire)
            async with asyncio.timeout(SILENCE_S):
                return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return b""
        finally:
            writer.transport.abort()
