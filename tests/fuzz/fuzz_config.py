"""A configuration file of any bytes: a Configuration, or faults that are one printable line each."""

from __future__ import annotations

import os
import sys

from gslb.config import load
from gslb.errors import ConfigurationError, Fault


def one_input(data: bytes) -> None:
    descriptor = os.memfd_create("fuzz")
    try:
        os.write(descriptor, data)
        _load(f"/proc/self/fd/{descriptor}", data.count(b"\n") + data.count(b"\r") + 2)
    finally:
        os.close(descriptor)


def _load(path: str, lines: int) -> None:
    for fault in _faults(path):
        assert fault.line >= 1
        assert fault.line <= lines or not _counts_alike(path)
        assert str(fault).isprintable()


def _faults(path: str) -> tuple[Fault, ...]:
    try:
        load(path)
    except ConfigurationError as error:
        return error.faults
    return ()


def _counts_alike(path: str) -> bool:
    """YAML 1.1 breaks lines at three more signs than editors do."""
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "replace")
    return not any(sign in text for sign in "\x85\u2028\u2029")


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
