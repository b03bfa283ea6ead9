"""One end of the Unix socket between control and a worker: frames both ways, and sockets that ride along."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gslb.errors import NodeError
from gslb.runtime.frames import Kind, Reader

LARGEST_READ = 1 << 18
MOST_SOCKETS = 250  # the kernel passes at most 253 in one message (unix(7), SCM_MAX_FD)

OnFrame = Callable[[Kind, bytes], None]


@dataclass(slots=True)
class _Outgoing:
    data: memoryview
    kind: Kind
    fds: tuple[int, ...] = ()
    begun: bool = field(default=False)


class Channel:
    """Never blocks and never grows without bound: of Worlds, and of trees, that wait to be sent only the newest is kept."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        largest: int,
        on_frame: OnFrame,
        on_close: Callable[[], None],
    ) -> None:
        self._loop, self._sock, self._on_frame, self._on_close = loop, sock, on_frame, on_close
        self._reader = Reader(largest)
        self._queue: deque[_Outgoing] = deque()
        self._received: list[int] = []
        self.closed = False
        sock.setblocking(False)
        loop.add_reader(sock, self._readable)

    def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Queues one whole frame, with at most 250 descriptors."""
        if self.closed:
            return
        kind = Kind(data[4])
        if kind is Kind.BEAT and self._queue:
            return  # what waits says as much
        if kind in (Kind.WORLD, Kind.SCOPES):
            self._queue = deque(item for item in self._queue if item.begun or item.kind is not kind)
        self._queue.append(_Outgoing(memoryview(data), kind, tuple(fds)))
        if len(self._queue) == 1:
            self._writable()

    @property
    def waits(self) -> bool:
        """Whether the other end is behind: who makes frames at a time of its own leaves it out then."""
        return bool(self._queue)

    def take_sockets(self, count: int) -> list[socket.socket]:
        """The sockets that came with the frame at hand; a NodeError if there are fewer."""
        return [socket.socket(fileno=fd) for fd in self.take(count)]

    def take(self, count: int) -> list[int]:
        """The same as descriptors, of whatever they are."""
        if len(self._received) < count:
            raise NodeError(f"{count} sockets were announced and {len(self._received)} came")
        taken, self._received = self._received[:count], self._received[count:]
        return taken

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        for fd in self._received:
            os.close(fd)
        self._received = []
        self._queue.clear()
        self._on_close()

    def _readable(self) -> None:
        try:
            data, fds, _, _ = socket.recv_fds(self._sock, LARGEST_READ, MOST_SOCKETS)
        except BlockingIOError:
            return
        except OSError:
            return self.close()
        self._received += fds
        if not data or len(self._received) > MOST_SOCKETS:
            return self.close()
        try:
            for kind, payload in self._reader.feed(data):
                self._on_frame(kind, payload)
        except NodeError:
            self.close()

    def _writable(self) -> None:
        try:
            while self._queue:
                self._send_some(self._queue[0])
        except BlockingIOError:
            self._loop.add_writer(self._sock, self._writable)
        except OSError:
            self.close()
        else:
            self._loop.remove_writer(self._sock)

    def _send_some(self, item: _Outgoing) -> None:
        if item.fds:
            sent = socket.send_fds(self._sock, [item.data], item.fds)
            item.fds = ()
        else:
            sent = self._sock.send(item.data)
        item.begun = True
        item.data = item.data[sent:]
        if not item.data:
            self._queue.popleft()


def unix_address(run_fd: int, name: str) -> str:
    """A path to `name` in the directory `run_fd` that is short, however deep the directory lies (unix(7): 108 bytes)."""
    return f"/proc/self/fd/{run_fd}/{name}"
