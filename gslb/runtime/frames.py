"""What control and a worker say to each other over their Unix socket: frames of length, kind and payload.

Control sends `WORLD` as a parcel of pickles, and `SCOPES` as one, made by itself a moment ago: a worker believes them as it
believes its own code. Everything a worker sends is JSON of bounded size, since a worker reads packets of strangers and control
must not execute what it says. Sockets also travel here (`SCM_RIGHTS`): with `HELLO`, so that the next control can hand them
to a restarted worker, and with `COVER`. So does the memory that workers share: with `PLEDGES`, and with `HELLO`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from gslb.errors import NodeError

HEADER = struct.Struct(">IB")
PROTOCOL = 3  # raised when a frame changes its meaning: workers of another protocol are told to end
LARGEST_FROM_CONTROL = 512 << 20
LARGEST_FROM_WORKER = 4 << 20


class Kind(IntEnum):
    HELLO = 1  # worker -> control, JSON: who it is and what it serves; its sockets ride along
    WORLD = 2  # control -> worker, a Snapshot as a parcel
    BEAT = 3  # control -> worker, empty: the World you have is still the newest
    COVER = 4  # control -> worker, JSON: serve the sockets that ride along for a worker that died
    UNCOVER = 5  # control -> worker, JSON: its successor is up, leave them alone
    DRAIN = 6  # control -> worker, empty: answer what has come in, then end
    TALLY = 7  # worker -> control, JSON: counts since the last, samples, new classes
    SWAPPED = 8  # worker -> control, JSON: the number of the World it serves now
    FAILED = 9  # worker -> control, JSON: why it could not take the World that was sent
    SCOPES = 10  # control -> worker, the trees of scopes, pickled
    PLEDGES = 11  # control -> worker, empty: the memory that rides along is what all workers share


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    return HEADER.pack(len(payload), kind) + payload


def json_frame(kind: Kind, document: object) -> bytes:
    return frame(kind, json.dumps(document, separators=(",", ":")).encode())


class Reader:
    """Cuts a stream into frames. A frame above `largest` bytes, or of no known kind, is a NodeError."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            length, number = HEADER.unpack_from(self._buffer)
            if length > self._largest:
                raise NodeError(f"a frame of {length} bytes is above the {self._largest} that are allowed")
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield _kind(number), payload


def _kind(number: int) -> Kind:
    try:
        return Kind(number)
    except ValueError:
        raise NodeError(f"a frame of the unknown kind {number}") from None


def document(payload: bytes) -> dict[str, Any]:
    """The JSON object in a payload; a NodeError if it is none."""
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise NodeError("a frame that holds no JSON") from None
    if not isinstance(value, dict):
        raise NodeError("a frame that holds no JSON object")
    return value
