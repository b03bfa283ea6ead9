"""Somebody who reads dnstap behind a Unix socket, in a thread."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path
from typing import Any, Self

from tests.dns.dnstap.taps import controls, taps, whole

ACCEPT = bytes.fromhex("00000000 00000022 00000001 00000001 00000016") + b"protobuf:dnstap.Dnstap"
FINISH = bytes.fromhex("00000000 00000004 00000005")
PATIENCE_S = 20.0


class Reader:
    """Takes one connection after the other; `streams` are their octets. `deaf` takes them and says nothing."""

    def __init__(self, path: Path, *, deaf: bool = False) -> None:
        self.streams: list[bytearray] = []
        self._deaf = deaf
        self._changed = threading.Condition()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen(8)
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Goes away at once, as if killed."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE_S)
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self._listener.close()

    def taps(self) -> list[dict[str, Any]]:
        with self._changed:
            return [tap for stream in self.streams for tap in taps(bytes(stream))]

    def wait(self, count: int) -> list[dict[str, Any]]:
        """When so many messages have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._taps()) >= count, PATIENCE_S), len(self._taps())
        return self.taps()

    def wait_connected(self, times: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.streams) >= times, PATIENCE_S)

    def wait_ended(self) -> bytes:
        """The whole of the first stream, when STOP has come."""
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.streams) and controls(bytes(self.streams[0]))[-1:] == [3], PATIENCE_S)
        assert whole(bytes(self.streams[0]))
        return bytes(self.streams[0])

    def _taps(self) -> list[dict[str, Any]]:
        return [tap for stream in self.streams for tap in taps(bytes(stream))]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            if not self._deaf:
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        stream = bytearray()
        try:
            while octets := connection.recv(65536):
                began = not stream
                stream += octets
                if began:
                    assert struct.unpack_from("!III", stream)[::2] == (0, 4), "READY"
                    connection.sendall(ACCEPT)
                with self._changed:
                    if began:
                        self.streams.append(stream)
                    self._changed.notify_all()
                if controls(bytes(stream))[-1:] == [3]:
                    connection.sendall(FINISH)
        except OSError:
            return
