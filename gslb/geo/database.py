"""One open database file, in memory: whatever happens to the file afterwards does not matter to those who look up."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from maxminddb import InvalidDatabaseError

from gslb.errors import GeoError
from gslb.geo.mmdb_reader import MmdbReader
from gslb.geo.schemas import NOTHING, Adapter, Fields, Record, adapter_for
from gslb.model import FINEST_PREFIX, Family

Signature = tuple[int, int, int, int]  # device, inode, size, mtime in ns: another one is another file

_MOST_RECORDS = 131_072  # remembered; all of a City database's are about as many
# Where a database is looked at to learn its schema: all over IPv4, and over what is given out of IPv6.
_SAMPLE: tuple[tuple[Family, int], ...] = (
    *((4, part << 28) for part in range(14)),
    (6, 0),
    *((6, 0x2000 + (part << 9) << 112) for part in range(16)),
)
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

    def __init__(self, reader: MmdbReader, source: Source, signature: Signature) -> None:
        self._reader = reader
        self._known: dict[int, Fields] = {}
        self.source = source
        self.signature = signature
        sample = list(_sample(reader))
        self._adapter: Adapter = adapter_for(sample, source.path, source.type)
        found = [self._adapter(record) for record in sample]
        self._geo = any(fields.country or fields.location for fields in found)
        self._asn = any(fields.asn for fields in found)

    @classmethod
    def open(cls, path: str, name: str) -> Database:
        """`name` is what people call it. Raises GeoError with one sentence."""
        try:
            data, read_signature = _read(path, name)
        except OSError as error:
            raise GeoError(f"{name}: can't be read ({error.strerror or error}); check the path and its rights") from error
        try:
            reader = MmdbReader(data)
            return cls(reader, _source(name, data, reader), read_signature)
        except GeoError:
            raise
        except Exception as error:  # bytes of somebody else's raise more kinds of it than anybody lists
            raise GeoError(f"{name}: {_what_is_wrong(data)}") from error

    def lookup(self, family: Family, address: int) -> tuple[Fields, int]:
        """Raises whatever the reader raises where the file is broken."""
        reference, length = self._reader.find(family, address)
        if reference is None:
            return NOTHING, length
        return self._known.get(reference) or self._fields(reference), length

    def leaves(self, family: Family, most_steps: int) -> Iterator[tuple[int, int | None]]:
        """As the reader's, down to the unit of steering. Raises GeoError for a tree without end."""
        try:
            yield from self._reader.leaves(family, FINEST_PREFIX[family], most_steps)
        except InvalidDatabaseError as error:
            raise GeoError(f"{self.source.path}: {error}; fetch the .mmdb file again") from error

    @property
    def has_asn(self) -> bool:
        """Whether records of this kind of database name an AS."""
        return self._asn

    def fields(self, reference: int | None) -> Fields:
        """What `leaves` refers to, for who goes through all of them: nothing is remembered. A broken record says nothing."""
        if reference is None:
            return NOTHING
        try:
            record = self._reader.record(reference)
            return self._adapter(record) if isinstance(record, dict) else NOTHING
        except Exception:  # of whatever kind, as where a query waits
            return NOTHING

    def fields_at(self, family: Family, address: int) -> Fields:
        """As `lookup`; nothing is remembered, and what is broken says nothing."""
        try:
            return self.fields(self._reader.find(family, address)[0])
        except InvalidDatabaseError:
            return NOTHING

    def adds_to(self, fields: Fields) -> bool:
        """Whether a record of this kind of database can hold what is lacking."""
        if self._asn and fields.asn is None:
            return True
        return self._geo and (fields.country is None or fields.location is None)

    def _fields(self, reference: int) -> Fields:
        record = self._reader.record(reference)
        if len(self._known) >= _MOST_RECORDS:
            self._known.clear()
        return self._known.setdefault(reference, self._adapter(record) if isinstance(record, dict) else NOTHING)


def signature(status: os.stat_result) -> Signature:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _read(path: str, name: str) -> tuple[bytes, Signature]:
    if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would keep us waiting, a device never end
        raise GeoError(f"{name}: is no regular file; give the path of a .mmdb file")
    with open(path, "rb") as file:
        before = signature(os.fstat(file.fileno()))
        data = file.read()
        if signature(os.fstat(file.fileno())) != before:
            raise GeoError(f"{name}: is being written; move complete files into place")
    return data, before


def _source(name: str, data: bytes, reader: MmdbReader) -> Source:
    metadata = reader.metadata
    return Source(
        path=name,
        type=str(metadata.database_type),
        build_epoch=int(metadata.build_epoch),
        sha256=hashlib.sha256(data).hexdigest(),
        ip_version=metadata.ip_version,
        nodes=metadata.node_count,
    )


def _what_is_wrong(data: bytes) -> str:
    if not data:
        return "is empty; fetch the .mmdb file again"
    if data.startswith(b"\x1f\x8b"):
        return "is compressed; unpack it and give the path of the .mmdb file"
    return "is no MaxMind database, or a broken or truncated one; fetch the .mmdb file again"


def _sample(reader: MmdbReader) -> Iterator[Record]:
    """Some records from all over."""
    for family, start in _SAMPLE:
        yield from _records(reader, family, start)


def _records(reader: MmdbReader, family: Family, address: int) -> Iterator[Record]:
    width = 32 if family == 4 else 128
    left = _SAMPLE_RECORDS
    for _ in range(_SAMPLE_STEPS):
        reference, length = reader.find(family, address)
        record = None if reference is None else reader.record(reference)
        if isinstance(record, dict):
            yield record
            left -= 1
        address = (address >> width - length) + 1 << width - length
        if not left or address >> width:
            return
