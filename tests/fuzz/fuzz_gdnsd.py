"""A directory of gdnsd, of any signs: a configuration of ours, or one sentence. `config` and a zone have `---` between them."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

from gslb.config.importers import import_gdnsd
from gslb.errors import UsageError
from tests.fuzz.fuzz_masterfile import REST, faults_of


def one_input(data: bytes) -> None:
    config, _, zone = data.partition(b"\n---\n")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "zones").mkdir()
        (Path(folder) / "config").write_bytes(config)
        (Path(folder) / "zones" / "example.net").write_bytes(zone)
        with contextlib.suppress(UsageError):
            _imported(folder)


def _imported(folder: str) -> None:
    imported = import_gdnsd(folder)
    again = import_gdnsd(folder)
    assert again == imported
    assert all(note.place.line >= 1 and note.message.isprintable() for note in imported.notes)
    faults = faults_of(imported.text if "\nnode:" in imported.text else imported.text + REST)
    told = [note.message for note in imported.notes]
    assert not faults or any(fault.message in message for fault in faults for message in told), faults


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
