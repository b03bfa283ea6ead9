"""What a configuration needs besides itself: the files with secrets and keys, read by control at its start and at each reload.

A file that can't be used is a fault of the configuration, told with its own name and line; a running node keeps what it has.
"""

from __future__ import annotations

from dataclasses import dataclass

from gslb.dns.keyring import Keyring
from gslb.model import Configuration


@dataclass(frozen=True, slots=True)
class Materials:
    """`keyring` goes to the workers; all else stays in control."""

    keyring: Keyring = Keyring()


def load_materials(configuration: Configuration) -> Materials:
    """Raises ConfigurationError with every fault."""
    return Materials()
