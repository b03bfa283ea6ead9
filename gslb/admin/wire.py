"""HTTP/1.1 as uvicorn has it, with an end to everybody's patience.

uvicorn has a limit for the next request of a connection and none for the first, none for the rest of a request and none for
who does not read; beyond its limit of connections everybody gets 503. Here each of these waits has an end, and a connection
too many ends another one of the peer who holds the most. What h11 refuses is answered as a problem (RFC 9457).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from gslb.admin import problems
from gslb.admin.connections import Connections
from gslb.admin.credentials import network_of

HEAD_BYTES_MOST: Final = 16 * 1024
PIECES_MOST: Final = 4096  # of a body: each costs time, however few octets are in it
LAST_WORDS_S: Final = 2.0  # for the peer to read why it was refused


class Wait(Enum):
    """For the peer to send."""

    HEAD = "the head of a request"
    BODY = "the body of a request"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `idle_s` is between two requests, `unread_s` for a peer to read on."""

    head_s: float = 10.0
    body_s: float = 10.0
    unread_s: float = 30.0
    idle_s: int = 30

    def waits_s(self, wait: Wait) -> float:
        return self.head_s if wait is Wait.HEAD else self.body_s


_EXPLAINED: Final = {
    400: "this is no HTTP/1.1 request",
    413: f"a body comes in at most {PIECES_MOST} pieces here",
    431: f"the head of a request has at most {HEAD_BYTES_MOST} bytes here",
    501: "this transfer coding is not known here",
}


class Reader(h11.Connection):
    """Looks at the heads that came whole, too: h11 bounds those that did not (RFC 6585 section 5)."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES_MOST)
        self.fault: h11.RemoteProtocolError | None = None
        self._pieces = 0

    def next_event(self) -> Any:
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                _check(event)
                self._pieces = 0
            elif isinstance(event, h11.Data):
                self._pieces += 1
                if self._pieces > PIECES_MOST:
                    raise h11.RemoteProtocolError("too many pieces of a body", error_status_hint=413)
        except h11.RemoteProtocolError as error:
            self.fault = error
            raise
        return event


def _check(request: h11.Request) -> None:
    sizes = (len(name) + len(value) + 4 for name, value in request.headers)
    if len(request.method) + len(request.target) + 12 + sum(sizes) + 2 > HEAD_BYTES_MOST:
        raise h11.RemoteProtocolError("too long a head", error_status_hint=431)


class AdminProtocol(H11Protocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        crowd: Connections,
        patience: Patience,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: Reader = Reader()
        self.peer = ""
        self.since_s = self.loop.time()  # it has been busy, or idle
        self._crowd = crowd
        self._patience = patience
        self._wait: Wait | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.peer = network_of(self.client[0] if self.client else "")
        self._crowd.add(self)
        self._wait_for(Wait.HEAD)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.discard(self)
        self._wait_for(None)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        was_busy = self.busy
        super().data_received(data)
        if self.busy != was_busy:
            self.since_s = self.loop.time()
        self._wait_for(self._wanted(Wait.HEAD))

    def on_response_complete(self) -> None:
        self.since_s = self.loop.time()
        super().on_response_complete()
        self._wait_for(self._wanted(None))

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._patience.unread_s, self.cut)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def shutdown(self) -> None:
        if not self.transport.is_closing():
            super().shutdown()

    def cut(self) -> None:
        """End it at once: `close` would wait for a peer that does not read."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls when h11 has refused."""
        status = self.conn.fault.error_status_hint if self.conn.fault else 400
        self._refuse(status if status in _EXPLAINED else 400)

    def _wanted(self, between: Wait | None) -> Wait | None:
        """`between` is what we wait for where no request has begun: uvicorn itself bounds the time until the next begins."""
        if self.transport.is_closing():
            return None
        if self.conn.their_state is h11.SEND_BODY:
            return Wait.BODY
        return between if self.conn.their_state is h11.IDLE else None

    def _wait_for(self, wait: Wait | None) -> None:
        """A wait that has begun goes on, whatever trickles in."""
        if wait is self._wait:
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self._wait = wait
        self._deadline = None if wait is None else self.loop.call_later(self._patience.waits_s(wait), self._late, wait)

    def _late(self, wait: Wait) -> None:
        if wait is Wait.HEAD and not self.conn.trailing_data[0]:
            self.cut()  # silent to the end
        else:
            self._refuse(408, f"{wait.value} did not come within {self._patience.waits_s(wait):g} s")

    def _refuse(self, status: int, detail: str = "") -> None:
        """Says so, if nothing of another answer is out, and closes."""
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer(status, detail or _EXPLAINED[status])
        self.transport.close()
        self.loop.call_later(LAST_WORDS_S, self.transport.abort)

    def _answer(self, status: int, detail: str) -> None:
        told = problems.answer(status, detail, {"Connection": "close"})
        reason = HTTPStatus(status).phrase.encode()
        for event in (
            h11.Response(status_code=status, headers=told.raw_headers, reason=reason),
            h11.Data(data=bytes(told.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
