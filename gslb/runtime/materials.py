"""What a configuration needs besides itself: the files with secrets and keys, read by control at its start and at each reload.

A file that can't be used is a fault of the configuration, told with its own name and line; a running node keeps what it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gslb.dns.keyring import Keyring
from gslb.errors import ConfigurationError, Fault
from gslb.model import Configuration
from gslb.runtime.tsigfiles import read_tsig_secrets

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Materials:
    """`keyring` goes to the workers; all else stays in control."""

    keyring: Keyring = Keyring()


def load_materials(configuration: Configuration) -> Materials:
    """Raises ConfigurationError with every fault."""
    faults: list[Fault] = []
    tsig = _read(read_tsig_secrets, configuration, faults)
    if faults or tsig is None:
        raise ConfigurationError(faults)
    return Materials(Keyring(tsig=tsig))


def _read(read: Callable[[Configuration], Read], configuration: Configuration, faults: list[Fault]) -> Read | None:
    """None, and more faults, for files that can't be used."""
    try:
        return read(configuration)
    except ConfigurationError as error:
        faults += error.faults
        return None
