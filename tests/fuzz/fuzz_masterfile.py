"""Zone files of others, of any signs: what is written of them is a configuration of ours, and the rest is told."""

from __future__ import annotations

import sys

import dns.name

from gslb.config import parse
from gslb.config.importers.bind import written
from gslb.config.importers.masterfile import MasterFile
from gslb.config.importers.notes import Notes
from gslb.errors import ConfigurationError, Fault

FILE = "/nowhere/example.net.zone"  # nothing can be included from there
REST = """
node: fuzz
sites: [{id: a, region: b, location: [0, 0], addresses: [192.0.2.1], url: "http://192.0.2.1/"}]
services: [{host: fuzz.invalid, via: [http]}]
"""


def one_input(data: bytes) -> None:
    reader = MasterFile(dns.name.from_text("example.net"), Notes())
    reader.read_text(data.decode("utf-8", "replace"), FILE)
    imported = written(reader, FILE, keep_soa=bool(len(data) & 1))
    lines = data.count(b"\n") + 2
    assert all(note.place.line >= 1 and note.message.isprintable() for note in imported.notes)
    assert all(note.place.line <= lines for note in imported.notes if note.place.file == FILE)
    faults = faults_of(imported.text + REST)
    told = [note.message for note in imported.notes]
    assert not faults or any(fault.message in message for fault in faults for message in told), faults


def faults_of(text: str) -> tuple[Fault, ...]:
    try:
        parse(text, "fuzz.yaml")
    except ConfigurationError as error:
        return error.faults
    return ()


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
