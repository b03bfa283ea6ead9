"""What both doors do with a listening socket and a certificate: accept by hand, and speak TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Final

from gslb.errors import UsageError
from gslb.model import Tls

REST_S: Final = 1.0
_EXHAUSTED: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM))


def tls_context(tls: Tls, alpn: str) -> ssl.SSLContext:
    """Raises UsageError, one sentence, for files that can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    context.set_alpn_protocols([alpn])
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or str(error)
        raise UsageError(f"tls: {tls.certificate} with {tls.key} can't be used: {reason}") from None
    return context


class Acceptor:
    """Accepts from a listening, non-blocking socket, which stays the caller's to close, up to `batch` connections a wake.

    `arrive` gets each connection, which does not block, with its address; `exhausted` is told when descriptors or memory
    are out: then it rests.
    """

    def __init__(
        self,
        sock: socket.socket,
        loop: asyncio.AbstractEventLoop,
        arrive: Callable[[socket.socket, str], None],
        exhausted: Callable[[], None],
        batch: int,
    ) -> None:
        self._sock, self._loop, self._arrive, self._exhausted, self._batch = sock, loop, arrive, exhausted, batch
        self._resting: asyncio.TimerHandle | None = None
        self._stopped = False

    def start(self) -> None:
        self._loop.add_reader(self._sock.fileno(), self._accept)

    def stop(self, most: int) -> None:
        """Accepts what has connected, and then no more; under a flood the queue may never be empty, so `most` at the most."""
        self._stopped = True
        self._loop.remove_reader(self._sock.fileno())
        if self._resting is not None:
            self._resting.cancel()
        for _ in range(most // self._batch):
            if not self._accept():
                return

    def _accept(self) -> bool:
        """Tells whether there may be more."""
        for _ in range(self._batch):
            try:
                conn, address = self._sock.accept()
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._rest()
                return False  # gone again: the next wake looks for the next one
            conn.setblocking(False)
            self._arrive(conn, address[0])
        return True

    def _rest(self) -> None:
        """The queue would wake us for ever."""
        self._exhausted()
        if not self._stopped:
            self._loop.remove_reader(self._sock.fileno())
            self._resting = self._loop.call_later(REST_S, self.start)
