"""A connection before it is one: accepted, and not yet through its PROXY header and TLS handshake."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Hashable

from gslb.model.counting import add
from gslb.redirect.connections import Connections, State


class Arrival:
    """Counts for its peer like any other: nobody holds more with handshakes that never end."""

    def __init__(self, conn: socket.socket, connections: Connections, owner: Hashable | None) -> None:
        self.owner = owner
        self.state = State.READING
        self.since_s = 0.0
        self.over = False
        self._conn = conn
        self._connections = connections

    def cut(self, reason: str) -> None:
        """The end of the stream is something that a handshake looks for at any time; to be cancelled is not."""
        add(self._connections.counters, "gslb_http_closed_total", "handshake" if reason == "header" else reason)
        self.over = True
        self._connections.discard(self)
        with contextlib.suppress(OSError):  # gone already
            self._conn.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """It may become a request yet; the server waits for it on its own."""
