"""A list of mirrors of any signs: a configuration of ours without faults, or one sentence."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gslb.config.importers import import_mirrorbits
from gslb.errors import UsageError
from tests.fuzz.fuzz_masterfile import faults_of


def one_input(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        with contextlib.suppress(UsageError):
            _imported(file.name)


def _imported(path: str) -> None:
    imported = import_mirrorbits(path, "mirrors.example.net", _resolve, _centroid)
    assert all(note.place.line >= 1 and note.message.isprintable() for note in imported.notes)
    faults = faults_of(imported.text)
    told = [note.message for note in imported.notes]
    assert not faults or any(fault.message in message for fault in faults for message in told), faults


def _resolve(host: str) -> Sequence[str]:
    return ["192.0.2.1", host] if "." in host else []


def _centroid(country: str) -> tuple[float, float] | None:
    return (1.5, -2.5) if country < "S" else None


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
