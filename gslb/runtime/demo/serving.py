"""A mirror: it answers like a good one, later by its distance, and worse by its fault.

Of the distance only the first byte of an answer can tell. The kernel completes the handshake of TCP before
a program learns of it, and nobody but root can make loopback slower; so each answer waits for one round trip,
and connecting takes none. Where connecting is what counts, all mirrors look equally near.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gslb.model import Endpoint
from gslb.runtime.demo import answers
from gslb.runtime.demo.connection import Connection
from gslb.runtime.demo.faults import WELL, Kind, MirrorFault
from gslb.runtime.demo.listener import Listener
from gslb.runtime.demo.requests import Refusal, Request

_CONNECTIONS = 256
_LAST_TURNS = 10  # of the loop: who is accepted as the door closes has a connection some turns later
_INVERTED = bytes(255 - octet for octet in range(256))


@dataclass(frozen=True, slots=True)
class MirrorSettings:
    name: str
    endpoints: tuple[Endpoint, ...]
    root: Path
    delay_ms: float = 0.0
    hosts: frozenset[str] = frozenset()  # empty: answers whatever the Host


@dataclass(slots=True)
class Counters:
    connections: int = 0
    requests: int = 0
    bytes_sent: int = 0


class Mirror:
    """`fault` is what was ordered; a flapping mirror acts on REFUSE and OK by turns."""

    def __init__(self, settings: MirrorSettings) -> None:
        self.settings = settings
        self.fault = WELL
        self.counters = Counters()
        self._acting = WELL
        self._listener = Listener(settings.endpoints, self._converse)
        self._connections: set[Connection] = set()
        self._flapping: asyncio.Task[None] | None = None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Where it listens; after `start` with the ports that were found for port 0."""
        return self._listener.endpoints

    async def start(self) -> None:
        await self._listener.open()

    async def stop(self) -> None:
        await self._end_flapping()
        await self._act(MirrorFault(Kind.REFUSE))
        for _ in range(_LAST_TURNS):
            await asyncio.sleep(0)
            for connection in self._connections:
                connection.abort()

    async def set_fault(self, fault: MirrorFault) -> None:
        """From the next request on; what hangs or trickles for the old fault is dropped."""
        await self._end_flapping()
        self.fault = fault
        if fault.kind is Kind.FLAP:
            self._flapping = asyncio.create_task(self._flap(fault.number))
        else:
            await self._act(fault)

    async def _flap(self, turn_s: float) -> None:
        while True:
            for kind in (Kind.REFUSE, Kind.OK):
                await self._act(MirrorFault(kind))
                await asyncio.sleep(turn_s)

    async def _end_flapping(self) -> None:
        if self._flapping:
            self._flapping.cancel()
            await asyncio.wait([self._flapping])
            self._flapping = None

    async def _act(self, fault: MirrorFault) -> None:
        self._acting = fault
        if fault.kind is Kind.REFUSE:
            self._listener.close()
        elif fault.kind is Kind.DROP:
            self._listener.deafen()
        else:
            await self._listener.open()
        for connection in self._connections:
            if fault.kind is Kind.REFUSE or connection.stuck:
                connection.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        self._connections.add(connection)
        self.counters.connections += 1
        try:
            if len(self._connections) <= _CONNECTIONS:
                await self._answer_all(connection)
        except OSError:  # TimeoutError is one
            connection.abort()
        finally:
            self._connections.discard(connection)
            connection.close()

    async def _answer_all(self, connection: Connection) -> None:
        while ready := await connection.requests():
            for request in ready:
                self.counters.requests += 1
                await self._answer(connection, request)
                if not request.keep_alive:
                    await connection.linger()
                    return

    async def _answer(self, connection: Connection, request: Request | Refusal) -> None:
        fault = self._acting
        if fault.kind in (Kind.HANG, Kind.DROP):
            await connection.hang()
        factor = fault.number if fault.kind is Kind.SLOW else 1.0
        await asyncio.sleep(self.settings.delay_ms / 1000 * factor)
        reply = self._reply(request, fault)
        await self._send(connection, reply.head(request.keep_alive, self.settings.name), fault)
        for part in _body(reply, fault):
            await self._send(connection, part, fault)
        if fault.kind is Kind.CUT:
            raise ConnectionAbortedError

    def _reply(self, request: Request | Refusal, fault: MirrorFault) -> answers.Answer:
        if isinstance(request, Refusal):
            return answers.plain(request.status)
        if fault.kind is Kind.STATUS:
            retry = (("Retry-After", "30"),) if fault.number == 503 else ()
            return answers.to(request, answers.plain(int(fault.number), *retry))
        if fault.kind is Kind.REDIRECT:
            return answers.to(request, answers.redirect(fault.url, request.target))
        return answers.answer(request, self.settings.root, self.settings.hosts)

    async def _send(self, connection: Connection, data: bytes, fault: MirrorFault) -> None:
        self.counters.bytes_sent += len(data)
        if fault.kind is Kind.TRICKLE:
            await connection.trickle(data, fault.number)
        else:
            await connection.send(data)


def _body(reply: answers.Answer, fault: MirrorFault) -> Iterator[bytes]:
    """The body in parts: inverted for wrong content, half of it where the connection is cut."""
    length = reply.length // 2 if fault.kind is Kind.CUT else reply.length
    for part in reply.parts(length):
        yield part.translate(_INVERTED) if fault.kind is Kind.WRONG and reply.document else part
