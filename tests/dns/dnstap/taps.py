"""What is in a stream of dnstap, read by code that shares nothing with what wrote it: Frame Streams and Protocol Buffers by
their formats, field by field, numbers as in dnstap.proto."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

DNSTAP = {1: "identity", 2: "version", 14: "message", 15: "type"}
MESSAGE = {
    1: "type",
    2: "socket_family",
    3: "socket_protocol",
    4: "query_address",
    5: "response_address",
    6: "query_port",
    7: "response_port",
    8: "query_time_sec",
    9: "query_time_nsec",
    10: "query_message",
    11: "query_zone",
    12: "response_time_sec",
    13: "response_time_nsec",
    14: "response_message",
}


def frames(stream: bytes) -> Iterator[tuple[bool, bytes]]:
    """(whether it is a control frame, its octets); a last one that is not whole is left out."""
    at = 0
    while at + 4 <= len(stream):
        (length,) = struct.unpack_from("!I", stream, at)
        control = length == 0
        if control:
            if at + 8 > len(stream):
                return
            at += 4
            (length,) = struct.unpack_from("!I", stream, at)
        at += 4
        if at + length > len(stream):
            return
        yield control, stream[at : at + length]
        at += length


def whole(stream: bytes) -> bool:
    """Whether nothing is left over behind the last frame."""
    return sum(len(octets) + (8 if control else 4) for control, octets in frames(stream)) == len(stream)


def controls(stream: bytes) -> list[int]:
    return [struct.unpack_from("!I", octets)[0] for control, octets in frames(stream) if control]


def taps(stream: bytes) -> list[dict[str, Any]]:
    """The dnstap messages of a stream, each with the fields of `message` beside those of `Dnstap`."""
    return [tap(octets) for control, octets in frames(stream) if not control]


def tap(payload: bytes) -> dict[str, Any]:
    outer = _fields(payload, DNSTAP)
    assert outer.pop("type") == 1
    return outer | _fields(outer.pop("message"), MESSAGE)


def _fields(octets: bytes, names: dict[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    at = 0
    while at < len(octets):
        key, at = _varint(octets, at)
        number, wire_type = key >> 3, key & 7
        value: Any
        if wire_type == 0:
            value, at = _varint(octets, at)
        elif wire_type == 2:
            length, at = _varint(octets, at)
            value = octets[at : at + length]
            at += length
        else:
            assert wire_type == 5, "fixed32"
            value = struct.unpack_from("<I", octets, at)[0]
            at += 4
        found[names[number]] = value
    return found


def _varint(octets: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = octets[at]
        at += 1
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            return value, at
