"""Writes MaxMind DB files, version 2.0 of the format (https://maxmind.github.io/MaxMind-DB/).

The tree is built from the bottom while networks arrive in the order of their addresses, so nothing but its
nodes is held. Equal siblings become one network, and subtrees that look alike are written once. The same
input gives the same bytes: nothing here asks for the time.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gslb.model import Network

Value = str | int | float | bool | Mapping[str, "Value"] | Sequence["Value"]

_STRING, _DOUBLE, _UINT16, _UINT32, _MAP = 2, 3, 5, 6, 7
_UINT64, _UINT128, _ARRAY, _BOOLEAN = 9, 10, 11, 14
_UNSIGNED = ((16, _UINT16), (32, _UINT32), (64, _UINT64), (128, _UINT128))
_MARKER = b"\xab\xcd\xefMaxMind.com"
_SEPARATOR = bytes(16)
_EMPTY = -1  # leaves count down from -2, nodes up from 0


def _control(kind: int, size: int) -> bytes:
    """The control byte, then types above 7 in a byte of their own, then sizes above 28 in up to three."""
    if size < 29:
        low, more = size, b""
    elif size < 285:
        low, more = 29, (size - 29).to_bytes(1, "big")
    elif size < 65821:
        low, more = 30, (size - 285).to_bytes(2, "big")
    else:
        low, more = 31, (size - 65821).to_bytes(3, "big")
    return (bytes([kind << 5 | low]) if kind < 8 else bytes([low, kind - 7])) + more


def encode(value: Value, kind: int | None = None) -> bytes:
    """One value as in the data section. `kind` is the type of an unsigned integer; else the shortest."""
    if isinstance(value, str):
        text = value.encode()
        return _control(_STRING, len(text)) + text
    if isinstance(value, bool):
        return _control(_BOOLEAN, int(value))
    if isinstance(value, float):
        return _control(_DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        kind = kind or next(kind for bits, kind in _UNSIGNED if value < 1 << bits)
        number = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return _control(kind, len(number)) + number
    if isinstance(value, Mapping):
        return _control(_MAP, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    return _control(_ARRAY, len(value)) + b"".join(map(encode, value))


class Tree:
    """The search tree of `width` bits. Values are numbers that the caller gives a meaning to, from 0."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._next = 0  # the first address that is not covered yet
        self._open: list[tuple[int, int]] = []  # (length, reference) of what is complete to the left of it
        self._left = array("q")
        self._right = array("q")
        self._numbers: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self._left)

    def add(self, first: int, length: int, value: int) -> None:
        """The network `first`/`length` has `value`. Networks come in ascending order and do not overlap."""
        if first < self._next or first & ((1 << self.width - length) - 1):
            raise ValueError(f"{first:#x}/{length} overlaps, comes too late or is no network")
        self._skip_to(first)
        self._push(length, -2 - value)

    def finish(self) -> None:
        """Covers the rest. Afterwards the node made last is the root."""
        self._skip_to(1 << self.width)
        if not self._left:
            _, reference = self._open[0]
            self._node(reference, reference)

    def _skip_to(self, end: int) -> None:
        while self._next < end:
            size = min(self._next & -self._next or 1 << self.width, 1 << (end - self._next).bit_length() - 1)
            self._push(self.width - size.bit_length() + 1, _EMPTY)

    def _push(self, length: int, reference: int) -> None:
        self._next += 1 << self.width - length
        while self._open and self._open[-1][0] == length:
            left = self._open.pop()[1]
            reference = left if left == reference and left < 0 else self._node(left, reference)
            length -= 1
        self._open.append((length, reference))

    def _node(self, left: int, right: int) -> int:
        number = self._numbers.setdefault((left, right), len(self._left))
        if number == len(self._left):
            self._left.append(left)
            self._right.append(right)
        return number

    def encode(self, offsets: Sequence[int], record_size: int) -> bytes:
        """All nodes, the root first. `offsets[value]` is where in the data section its record begins."""
        count = len(self._left)
        leaves = [count, *(count + len(_SEPARATOR) + offset for offset in offsets)]
        size = record_size // 4
        out = bytearray()
        for left, right in zip(reversed(self._left), reversed(self._right), strict=True):
            # Nodes are made after their children, so numbered from the last: the root is 0.
            first = count - 1 - left if left >= 0 else leaves[-1 - left]
            second = count - 1 - right if right >= 0 else leaves[-1 - right]
            if record_size == 28:  # the middle byte holds the highest four bits of both
                first = (first & 0xFFFFFF) << 4 | first >> 24
            out += (first << record_size | second).to_bytes(size, "big")
        return bytes(out)


def _record_size(highest: int) -> int:
    return next(bits for bits in (24, 28, 32) if highest < 1 << bits)


def database(
    tree: Tree,
    records: Iterable[Value],
    database_type: str,
    description: str,
    build_epoch: int,
    record_size: int | None = None,
) -> bytes:
    """The whole file. `records[value]` is the record of each value in the tree, which is finished here."""
    tree.finish()
    data = bytearray()
    offsets: list[int] = []
    for record in records:
        offsets.append(len(data))
        data += encode(record)
    bits = record_size or _record_size(len(tree) + len(_SEPARATOR) + len(data))
    metadata = {
        "binary_format_major_version": encode(2, _UINT16),
        "binary_format_minor_version": encode(0, _UINT16),
        "build_epoch": encode(build_epoch, _UINT64),
        "database_type": encode(database_type),
        "description": encode({"en": description}),
        "ip_version": encode(6 if tree.width == 128 else 4, _UINT16),
        "languages": encode([]),
        "node_count": encode(len(tree), _UINT32),
        "record_size": encode(bits, _UINT16),
    }
    pairs = b"".join(encode(key) + value for key, value in metadata.items())
    return b"".join((tree.encode(offsets, bits), _SEPARATOR, data, _MARKER, _control(_MAP, len(metadata)), pairs))


def write(
    path: Path,
    entries: Iterable[tuple[Network, Value]],
    database_type: str,
    *,
    description: str = "",
    build_epoch: int = 1,  # the C reader takes 0 for broken
    ip_version: int = 6,
    record_size: int | None = None,
) -> None:
    """A database of these networks, which do not overlap. IPv4 networks lie at ::/96 of an IPv6 tree."""
    tree = Tree(128 if ip_version == 6 else 32)
    placed = [(int(network.network_address), _length(network, tree.width), record) for network, record in entries]
    values: dict[bytes, int] = {}
    records: list[Value] = []
    for first, length, record in sorted(placed, key=lambda entry: entry[:2]):
        value = values.setdefault(encode(record), len(records))
        if value == len(records):
            records.append(record)
        tree.add(first, length, value)
    path.write_bytes(database(tree, records, database_type, description, build_epoch, record_size))


def _length(network: Network, width: int) -> int:
    return network.prefixlen + width - network.max_prefixlen
