"""One stream on its way to a client. While it lasts, the connection answers nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Final

from gslb.model.counting import Counters, add
from gslb.redirect.reply import Fate, Reply, Stream, refuse

_ACKED: Final = slice(120, 128)  # tcpi_bytes_acked in struct tcp_info (linux/tcp.h)


class Broken(Exception):
    """A body can't be brought to its end: the connection is cut, so that nobody takes what came for the whole."""


class Outlet:
    """`put` writes the head of an answer, and tells what becomes of the connection; `ended` is told that too, or None when it is
    to be cut. `rest` is how many octets may be left for others to look after.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        rest: int,
        counters: Counters,
        put: Callable[[Reply], Fate],
        ended: Callable[[Fate | None], None],
    ) -> None:
        self._transport = transport
        self._rest = rest
        self._counters = counters
        self._put = put
        self._ended = ended
        self._fate: Fate | None = None
        self._clear = asyncio.Event()
        self._clear.set()
        self._acked = -1
        self._task: asyncio.Task[None] | None = None

    def start(self, stream: Stream) -> None:
        self._transport.set_write_buffer_limits(high=stream.buffer, low=stream.buffer // 2)
        self._task = asyncio.get_running_loop().create_task(self._run(stream))

    async def _run(self, stream: Stream) -> None:
        try:
            await stream.run(self)
        except Broken:
            self._fate = None
        except Exception as error:  # the one recover at the edge, as for any other request
            add(self._counters, "gslb_http_failures_total", type(error).__name__)
            if self._fate is None:
                self.begin(refuse(500, "This request failed here. That is a bug of the redirector."))
            else:
                self._fate = None
        if self._fate is not None:
            self._transport.set_write_buffer_limits(high=self._rest, low=0)
            await self._clear.wait()
        self._ended(self._fate)

    # What the stream calls.

    def begin(self, reply: Reply) -> None:
        """Sends a head, and the body if it is there; else the octets follow."""
        add(self._counters, "gslb_http_responses_total", str(reply.status))
        self._fate = self._put(reply)

    async def write(self, octets: bytes) -> None:
        """Returns when there is room for more."""
        self._transport.write(octets)
        await self._clear.wait()

    # What the connection calls.

    def pause(self) -> None:
        self._clear.clear()

    def resume(self) -> None:
        self._clear.set()

    def lost(self) -> None:
        """The client has gone, or has to go."""
        if self._task is not None:
            self._task.cancel()

    def moves(self) -> bool:
        """Whether the client has taken anything since this was last asked, or is not the one that is waited for.

        By what it has acknowledged: what waits in our buffers says little of a client that reads slowly, since the kernel
        takes from us what it gives.
        """
        if self._clear.is_set():
            return True
        acked = _acked(self._transport.get_extra_info("socket"))
        moved, self._acked = acked != self._acked, acked
        return moved


def _acked(sock: socket.socket | None) -> int:
    with contextlib.suppress(OSError, AttributeError):
        if sock is not None:
            return int.from_bytes(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)[_ACKED], "little")
    return 0
