"""One open MMDB file.

The reader maps files into memory, and a mapped file that is cut short (`cp new.mmdb old.mmdb` does that
before it writes) kills every process that looks at the part that is gone. So the file is copied first, into
memory that nobody else can reach, and the copy is mapped.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import BinaryIO, cast

import maxminddb

from gslb.errors import GeoError
from gslb.geo.schemas import NOTHING, Adapter, Fields, Record, adapter_for
from gslb.model import Family

Signature = tuple[int, int, int, int]  # device, inode, size, mtime in ns: another one is another file

_CHUNK = 1 << 20
# Where a database is looked at to learn its schema: all over IPv4, and over what is given out of IPv6.
_SAMPLE_V4 = tuple(part << 28 for part in range(14))
_SAMPLE_V6 = (0, *(0x2000 + (part << 9) << 112 for part in range(16)))
_SAMPLE_RECORDS = 4  # at each of them
_SAMPLE_STEPS = 300  # more unknown blocks than can lie on the way to one network


@dataclass(frozen=True, slots=True)
class Source:
    """What an open database is. `path` is as configured, `build_epoch` seconds of Unix time."""

    path: str
    type: str
    build_epoch: int
    sha256: str
    ip_version: int
    nodes: int


class Database:
    """Look-ups by integer."""

    def __init__(self, reader: maxminddb.Reader, source: Source, signature: Signature) -> None:
        self._reader = reader
        self._ipv6 = source.ip_version == 6
        self.source = source
        self.signature = signature
        sample = list(_sample(reader, self._ipv6))
        self._adapter: Adapter = adapter_for(sample, source.path, source.type)
        found = [self._adapter(record) for record in sample]
        self._geo = any(fields.country or fields.location for fields in found)
        self._asn = any(fields.asn for fields in found)

    @classmethod
    def open(cls, path: str, name: str) -> Database:
        """`name` is what people call it. Raises GeoError with one sentence."""
        try:
            return cls._open(path, name)
        except OSError as error:
            raise GeoError(
                f"{name}: can't be read ({error.strerror or error}); check the path and its rights"
            ) from error
        except (maxminddb.InvalidDatabaseError, ValueError, TypeError, MemoryError) as error:
            raise GeoError(f"{name}: {_what_is_wrong(path)}") from error

    @classmethod
    def _open(cls, path: str, name: str) -> Database:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would keep us waiting, a device never end
            raise GeoError(f"{name}: is no regular file; give the path of a .mmdb file")
        with open(path, "rb") as file, _private_copy() as (copy, copy_path):
            before = signature(os.fstat(file.fileno()))
            sha256 = _copy(file, copy)
            if signature(os.fstat(file.fileno())) != before:
                raise GeoError(f"{name}: is being written; move complete files into place")
            reader = maxminddb.open_database(copy_path)
        metadata = reader.metadata()
        source = Source(
            path=name,
            type=metadata.database_type,
            build_epoch=metadata.build_epoch,
            sha256=sha256,
            ip_version=metadata.ip_version,
            nodes=metadata.node_count,
        )
        return cls(reader, source, before)

    def lookup(self, family: Family, address: int) -> tuple[Fields, int]:
        """Raises whatever the reader raises where the file is broken."""
        if family == 4:
            record, length = self._reader.get_with_prefix_len(IPv4Address(address))
        elif self._ipv6:
            record, length = self._reader.get_with_prefix_len(IPv6Address(address))
        else:
            return NOTHING, 0  # knows nothing of all of IPv6
        return (self._adapter(record) if isinstance(record, dict) else NOTHING), length

    def adds_to(self, fields: Fields) -> bool:
        """Whether a record of this kind of database can hold what is lacking."""
        if self._asn and fields.asn is None:
            return True
        return self._geo and (fields.country is None or fields.location is None)

    def close(self) -> None:
        self._reader.close()


def signature(status: os.stat_result) -> Signature:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _what_is_wrong(path: str) -> str:
    with open(path, "rb") as file:
        start = file.read(2)
    if not start:
        return "is empty; fetch the .mmdb file again"
    if start == b"\x1f\x8b":
        return "is compressed; unpack it and give the path of the .mmdb file"
    return "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again"


@contextmanager
def _private_copy() -> Iterator[tuple[BinaryIO, str]]:
    """A file without a name, and a path to open it by. It lives as long as something maps it."""
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile(prefix="gslb-geo-") as file:
            yield cast(BinaryIO, file), file.name
        return
    with open(os.memfd_create("gslb-geo", os.MFD_CLOEXEC), "wb") as file:
        yield file, f"/proc/self/fd/{file.fileno()}"


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    """Returns the SHA-256 of what was copied, hexadecimal."""
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    target.flush()
    return digest.hexdigest()


def _sample(reader: maxminddb.Reader, ipv6: bool) -> Iterator[Record]:
    """Some records from all over. Not by iterating: that has no end in a tree that somebody twisted."""
    for start in _SAMPLE_V4:
        yield from _records(reader, IPv4Address, start, 32)
    if ipv6:
        for start in _SAMPLE_V6:
            yield from _records(reader, IPv6Address, start, 128)


def _records(
    reader: maxminddb.Reader, kind: type[IPv4Address] | type[IPv6Address], address: int, width: int
) -> Iterator[Record]:
    left = _SAMPLE_RECORDS
    for _ in range(_SAMPLE_STEPS):
        record, length = reader.get_with_prefix_len(kind(address))
        if isinstance(record, dict):
            yield record
            left -= 1
        address = (address >> width - length) + 1 << width - length
        if not left or address >> width:
            return
