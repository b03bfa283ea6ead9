"""The list of a database's blocks: where places begin, without what they are.

To walk through a database takes seconds to minutes; its list is read in a fraction of one. It is kept beside the
database (`<database>.blocks`) or in a cache, and belongs to one database alone, by its SHA-256.

A block reaches from its start to the next start, and is cut to the unit of steering: starts are numbers of /24s and of
/56s, from 0. Places are numbers too, given in the order in which they are met, IPv4 first; what a number means is what
the database itself says of the first block that has it, so that no list can invent a place. Numbers are little-endian:

    0    8  magic
    8    4  version: another one when this layout, or what counts as one place (schemas.py), changes
    12  32  SHA-256 of the database
    44  32  SHA-256 of the body
    76   4  blocks of IPv4
    80   4  blocks of IPv6
    84   4  octets of the body
    88      the body: zlib of four columns: for IPv4 the distance of each start from the one before (4 octets each) and the
            places (4 each), for IPv6 the same (8 and 4). Of each column first come the lowest octets of all of its
            numbers, then the next ones, and so on: like beside like is what packs well.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, chain
from operator import sub
from typing import Final

from gslb.errors import GeoError
from gslb.geo.overlay import FAMILIES
from gslb.model import FINEST_PREFIX, Family

SUFFIX: Final = ".blocks"
VERSION: Final = 1
MOST_BLOCKS: Final = 1 << 23  # of a family; the largest City databases have half of it
MOST_OCTETS: Final = 1 << 28  # of a file

_MAGIC = b"GSLBLIST"
_HEAD = struct.Struct("<8sI32s32sIII")
_START: Final[Mapping[Family, str]] = {4: "I", 6: "Q"}
_PLACE = "I"

Numbers = Mapping[Family, "array[int]"]


@dataclass(frozen=True, slots=True)
class BlockList:
    """Both columns by family, equally long. The first start is 0; neighbours have different places."""

    starts: Numbers
    places: Numbers

    def __len__(self) -> int:
        return sum(len(starts) for starts in self.starts.values())


def starts_of(family: Family) -> array[int]:
    return array(_START[family])


def numbers() -> array[int]:
    return array(_PLACE)


def pack(blocks: BlockList, sha256: str) -> bytes:
    """The file of this list, which belongs to the database of this SHA-256 (hexadecimal)."""
    deflater = zlib.compressobj(9)
    body = bytearray()
    for family in FAMILIES:
        starts = blocks.starts[family]
        distances = array(_START[family], chain((0,), map(sub, starts[1:], starts)))
        for plane in chain(_planes(distances), _planes(blocks.places[family])):
            body += deflater.compress(plane)
    body += deflater.flush()
    counts = (len(blocks.starts[4]), len(blocks.starts[6]))
    head = _HEAD.pack(_MAGIC, VERSION, bytes.fromhex(sha256), hashlib.sha256(body).digest(), *counts, len(body))
    return head + body


def unpack(data: bytes, sha256: str) -> BlockList:
    """Raises GeoError, half a sentence that says what is wrong, for what is not the list of this database."""
    if len(data) < _HEAD.size or not data.startswith(_MAGIC):
        raise GeoError("is no list of blocks")
    _, version, owner, checksum, count4, count6, size = _HEAD.unpack_from(data)
    if version != VERSION:
        raise GeoError(f"is of version {version}, and {VERSION} is read")
    if owner.hex() != sha256:
        raise GeoError("belongs to another database")
    body = memoryview(data)[_HEAD.size :]
    if len(body) != size or hashlib.sha256(body).digest() != checksum:
        raise GeoError("is damaged or cut short")
    if not (0 < count4 <= MOST_BLOCKS and 0 < count6 <= MOST_BLOCKS):
        raise GeoError(f"has {count4} and {count6} blocks; 1 to {MOST_BLOCKS} of each family are read")
    return _columns(_inflated(body, 8 * count4 + 12 * count6), {4: count4, 6: count6})


def _inflated(body: memoryview, size: int) -> bytes:
    """Never more than `size` octets: what is packed may say anything of itself."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(body, size)
        whole = len(data) == size and not inflater.decompress(inflater.unconsumed_tail, 1) and inflater.eof
    except zlib.error:
        whole = False
    if not whole:
        raise GeoError("does not hold what its head says")
    return data


def _columns(data: bytes, counts: Mapping[Family, int]) -> BlockList:
    starts: dict[Family, array[int]] = {}
    places: dict[Family, array[int]] = {}
    at = 0
    for family, count in counts.items():
        distances, at = _from_planes(data, at, _START[family], count)
        places[family], at = _from_planes(data, at, _PLACE, count)
        starts[family] = _summed(distances, family)
    met = list(dict.fromkeys([*dict.fromkeys(places[4]), *dict.fromkeys(places[6])]))
    if met != list(range(len(met))):
        raise GeoError("has places that are not numbered in their order")
    return BlockList(starts, places)


def _summed(distances: array[int], family: Family) -> array[int]:
    rising = distances[0] == 0 and (len(distances) == 1 or min(distances[1:]) > 0)
    if not rising or sum(distances) >= 1 << FINEST_PREFIX[family]:
        raise GeoError("has blocks out of their order")
    return array(_START[family], accumulate(distances))


def _planes(column: array[int]) -> Iterator[bytes]:
    data = little_endian(column).tobytes()
    return (data[plane :: column.itemsize] for plane in range(column.itemsize))


def _from_planes(data: bytes, at: int, code: str, count: int) -> tuple[array[int], int]:
    """The column at `at`, and where the next one begins."""
    column = array(code)
    size = column.itemsize
    mixed = bytearray(size * count)
    for plane in range(size):
        mixed[plane::size] = data[at + plane * count : at + (plane + 1) * count]
    column.frombytes(mixed)
    return little_endian(column), at + size * count


def little_endian(column: array[int]) -> array[int]:
    """Turned round where numbers are stored the other way."""
    if sys.byteorder == "little":
        return column
    turned = column[:]
    turned.byteswap()
    return turned
