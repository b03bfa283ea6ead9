"""What passed the network card: HTTP replies as a client got them, from the file in pcap format that QEMU writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_IPV4, _TCP, _HTTP = 0x0800, 6, 80
_NUMBERS = 1 << 32  # of octets, then TCP begins anew


@dataclass(frozen=True, slots=True)
class _Segment:
    time_s: float
    source: tuple[bytes, int]
    target: tuple[bytes, int]
    number: int
    data: bytes


@dataclass(slots=True)
class Reply:
    """Of a connection with one request. `arrivals` are the times of the request and of all that brought the reply further."""

    request: bytes
    arrivals: list[float]
    _first: int = -1
    _end: int = 0
    _parts: dict[int, bytes] = field(default_factory=dict)

    def add(self, segment: _Segment) -> None:
        if self._first < 0:
            self._first = segment.number
        at = (segment.number - self._first) % _NUMBERS
        if len(segment.data) > len(self._parts.get(at, b"")):
            self._parts[at] = segment.data
        if at + len(segment.data) > self._end:
            self._end = at + len(segment.data)
            self.arrivals.append(segment.time_s)

    @property
    def longest_silence_s(self) -> float:
        return max(later - earlier for earlier, later in pairwise(self.arrivals))

    @property
    def body(self) -> bytes:
        """With zeros for what never came."""
        whole = bytearray()
        for at, data in sorted(self._parts.items()):
            whole += bytes(max(0, at - len(whole)))
            whole += data[len(whole) - at :]  # what was sent again may be cut otherwise
        return bytes(whole).partition(b"\r\n\r\n")[2]


def replies(path: Path) -> list[Reply]:
    """In the order of their requests."""
    found: dict[tuple[tuple[bytes, int], tuple[bytes, int]], Reply] = {}
    for segment in _segments(path.read_bytes()):
        if segment.target[1] == _HTTP and segment.data.startswith(b"GET "):
            found.setdefault((segment.target, segment.source), Reply(segment.data, [segment.time_s]))
        elif reply := found.get((segment.source, segment.target)):
            reply.add(segment)
    return list(found.values())


def _segments(data: bytes) -> Iterator[_Segment]:
    """Those with bytes in them."""
    at = 24
    while at + 16 <= len(data):
        seconds, microseconds, size, _ = struct.unpack_from("<4I", data, at)
        frame = data[at + 16 : at + 16 + size]
        at += 16 + size
        if frame[12:14] == _IPV4.to_bytes(2, "big") and frame[23] == _TCP:
            segment = _segment(seconds + microseconds / 1e6, frame[14:])
            if segment.data:
                yield segment


def _segment(time_s: float, packet: bytes) -> _Segment:
    ip = (packet[0] & 15) * 4
    source, target, number = struct.unpack_from(">HHI", packet, ip)
    tcp = (packet[ip + 12] >> 4) * 4
    data = packet[ip + tcp : int.from_bytes(packet[2:4], "big")]  # what follows fills up the frame
    return _Segment(time_s, (packet[12:16], source), (packet[16:20], target), number, data)
