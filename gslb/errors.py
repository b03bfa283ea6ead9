"""The exception tree. The message of every error is one line that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a configuration: where it is, and what to do about it. `line` counts from 1."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class GslbError(Exception):
    """Something that the person who ran the command can mend."""

    exit_code = 1


class UsageError(GslbError):
    """Wrong usage of a command or of an interface."""

    exit_code = 2


class ConfigurationError(GslbError):
    """A configuration with at least one fault. All faults are told at once, in the order of the file."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)

    def __reduce__(self) -> tuple[type[ConfigurationError], tuple[tuple[Fault, ...]]]:
        return (type(self), (self.faults,))


class GeoError(GslbError):
    """A GeoIP database that can't be opened, read or understood."""


class StoreError(GslbError):
    """The state directory can't be read or written."""


class BusyError(GslbError):
    """Another control process, or another program, holds what this one needs."""


class ConflictError(GslbError):
    """It can't be done as things are now."""


class NodeError(GslbError):
    """A node that can't be reached, or that refused."""
