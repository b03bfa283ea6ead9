"""Looks addresses up in a MaxMind DB file that may be damaged.

maxminddb's C reader trusts what it reads: where a damaged file has a number for the key of a map, it follows that
number as a pointer, and the process is gone (seen with 3.2.0). A responder does not bet its life on a
download. So the tree is walked here, over bytes that nobody else can change or cut short, and records are
decoded by maxminddb's decoder in Python, which is safe and bounded. It is slow, but each record is decoded
once: the caller remembers what a `reference` meant. And a walk in Python takes no longer than the call of the
C reader with its decoding each time.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Final, cast

from maxminddb import MODE_FD, InvalidDatabaseError
from maxminddb.decoder import Decoder
from maxminddb.reader import Metadata, Reader

from gslb.model import Family

_SEPARATOR = 16  # bytes of zeros between the tree and the records
_START = {4: 12, 6: 24}  # so many bits are walked once, and remembered
_MOST_STARTS = 4096
# 6to4 and Teredo: (depth, bits). Their clients are looked up by the IPv4 address within, and makers of databases put all of
# IPv4 there once more.
_EMBEDDING: Final = frozenset(((16, 0x2002), (32, 0x20010000)))

Read = Callable[[bytes, int, int], int]  # bytes, node, bit -> the record of that side


def _read_24(data: bytes, node: int, bit: int) -> int:
    at = node * 6 + bit * 3
    return int.from_bytes(data[at : at + 3])


def _read_28(data: bytes, node: int, bit: int) -> int:
    """The middle byte holds the highest four bits of both sides."""
    at = node * 7
    if bit:
        return int.from_bytes(data[at + 3 : at + 7]) & 0x0FFFFFFF
    return (data[at + 3] & 0xF0) << 20 | int.from_bytes(data[at : at + 3])


def _read_32(data: bytes, node: int, bit: int) -> int:
    at = node * 8 + bit * 4
    return int.from_bytes(data[at : at + 4])


_READ: dict[int, Read] = {24: _read_24, 28: _read_28, 32: _read_32}


class MmdbReader:
    """Raises InvalidDatabaseError, or whatever maxminddb raises for metadata that make no sense."""

    def __init__(self, data: bytes) -> None:
        self.metadata: Metadata = Reader(io.BytesIO(data), MODE_FD).metadata()
        if self.metadata.binary_format_major_version != 2 or self.metadata.ip_version not in (4, 6):
            raise InvalidDatabaseError("another version of the format, or of the Internet")
        self._data = data
        self._nodes = self.metadata.node_count
        self._read = _READ[self.metadata.record_size]
        self._records = self.metadata.search_tree_size + _SEPARATOR
        self._decoder = Decoder(data, self._records)
        self._starts: dict[Family, dict[int, tuple[int, int]]] = {4: {}, 6: {}}
        self._ipv4 = self._ipv4_root()

    def find(self, family: Family, address: int) -> tuple[int | None, int]:
        """A reference to the record of `address` (None: there is none), and the length of its network."""
        if family == 6 and self.metadata.ip_version == 4:
            return None, 0  # of all of IPv6 it knows nothing
        width = 32 if family == 4 else 128
        node, depth = self._start(family, address, width)
        nodes, read, data = self._nodes, self._read, self._data
        while node < nodes and depth < width:
            depth += 1
            node = read(data, node, address >> width - depth & 1)
        if node < nodes:
            raise InvalidDatabaseError("the tree is deeper than an address is long")
        return (node if node > nodes else None), depth

    def leaves(self, family: Family, stop: int, most_steps: int) -> Iterator[tuple[int, int | None]]:
        """The whole of a family in the order of its addresses: the first `stop` bits of each network, and what `find` refers
        to there. Of a network longer than `stop` that is what its first address has.

        Blocks of IPv6 that embed IPv4 are gone over as unknown. Raises InvalidDatabaseError after so many steps: a damaged
        tree may have no end.
        """
        if family == 6 and self.metadata.ip_version == 4:
            yield 0, None
            return
        nodes, read, data = self._nodes, self._read, self._data
        waiting = [(self._ipv4 if family == 4 else 0, 0, 0)]
        for _ in range(most_steps):
            node, depth, bits = waiting.pop()
            if depth in (16, 32) and family == 6 and (depth, bits) in _EMBEDDING:
                yield bits << stop - depth, None
            elif node < nodes and depth < stop:
                depth, bits = depth + 1, bits << 1
                waiting.append((read(data, node, 1), depth, bits | 1))
                waiting.append((read(data, node, 0), depth, bits))
            else:
                yield bits << stop - depth, self._below(family, node, bits, stop) if node <= nodes else node
            if not waiting:
                return
        raise InvalidDatabaseError("the tree does not end")

    def _below(self, family: Family, node: int, bits: int, stop: int) -> int | None:
        """What the first address of a unit refers to."""
        if node == self._nodes:
            return None
        try:
            return self.find(family, bits << (32 if family == 4 else 128) - stop)[0]
        except InvalidDatabaseError:
            return None

    def record(self, reference: int) -> object:
        """What `find` refers to, decoded. Raises InvalidDatabaseError, UnicodeDecodeError or TypeError."""
        return cast(object, self._decoder.decode(reference - self._nodes - _SEPARATOR + self._records)[0])

    def _ipv4_root(self) -> int:
        """IPv4 lies at ::/96 of an IPv6 tree. One leaf may stand for all of it, and more."""
        node = 0
        for _ in range(96 if self.metadata.ip_version == 6 else 0):
            if node < self._nodes:
                node = self._read(self._data, node, 0)
        return node

    def _start(self, family: Family, address: int, width: int) -> tuple[int, int]:
        """The node below the first bits of `address` and its depth, less where the tree ends above."""
        starts, key = self._starts[family], address >> width - _START[family]
        found = starts.get(key)
        if found is None:
            if len(starts) >= _MOST_STARTS:
                starts.clear()
            found = starts[key] = self._descend(self._ipv4 if family == 4 else 0, key, _START[family])
        return found

    def _descend(self, node: int, bits: int, count: int) -> tuple[int, int]:
        for depth in range(count):
            if node >= self._nodes:
                return node, depth
            node = self._read(self._data, node, bits >> count - 1 - depth & 1)
        return node, count
