"""`gslb import bind`: a zone file to an entry of `zones`."""

from __future__ import annotations

import os
import re

import dns.exception
import dns.name

from gslb.config import values
from gslb.config.importers.document import accepted, zones_document
from gslb.config.importers.masterfile import LARGEST, MasterFile
from gslb.config.importers.notes import Imported, Notes, Place
from gslb.config.importers.zonepiece import piece_of
from gslb.config.textfile import read_text
from gslb.config.tree import Unreadable
from gslb.errors import UsageError

_HEADING = "Imported from {file} by `gslb import bind`. Put it in the place of `zones`, or its entry among them."
_ORIGIN = re.compile(r"^\$ORIGIN[ \t]+(\S+\.)\s*?(?:;.*)?$|^(\S+\.)[ \t].*\bSOA\b", re.IGNORECASE | re.MULTILINE)
_AFFIXES = re.compile(r"^(?:db|zone|master|pri)\.|\.(?:zone|db|txt|hosts|signed|master)$", re.IGNORECASE)


def import_bind(path: str, origin: str | None = None, *, keep_soa: bool = False) -> Imported:
    """Raises UsageError where the file can't be read, or nothing tells which zone it is of."""
    notes = Notes()
    try:
        zone = _zone(path, origin)
        reader = MasterFile(zone, notes)
        reader.read(path)
    except Unreadable as fault:
        raise UsageError(f"{path}:{fault.line}: {fault.message}") from None
    return written(reader, path, keep_soa=keep_soa)


def written(reader: MasterFile, path: str, *, keep_soa: bool = False) -> Imported:
    """What was read, as YAML; `path` is of the zone as a whole."""
    notes = reader.notes
    pieces = [piece_of(reader.zone, reader.found, notes, Place(path, 1), keep_soa=keep_soa)]
    heading = _HEADING.format(file=os.path.basename(path))
    text = accepted(pieces, lambda: zones_document(pieces, heading), notes, alone=True)
    return Imported(text, tuple(notes))


def _zone(path: str, origin: str | None) -> dns.name.Name:
    """As told, else by the first absolute $ORIGIN or owner of an SOA, else by the file's name."""
    if origin is None:
        match = _ORIGIN.search(read_text(path, LARGEST, "divide it"))
        origin = (match[1] or match[2]) if match else _AFFIXES.sub("", os.path.basename(path))
        if "." not in origin:
            raise UsageError(f"gslb: {path} does not tell which zone it is of; write --origin NAME")
    try:
        return dns.name.from_text(values.host(origin))
    except (dns.exception.DNSException, ValueError) as error:
        raise UsageError(f"gslb: {error}; write --origin NAME") from None
