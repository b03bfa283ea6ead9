"""Kinds of clients, as far as it matters to more than one door."""

from __future__ import annotations

from typing import Final

# Firmware that takes a redirect for the file, or for an error (BEHAVIOUR, HTTP 8).
CANNOT_FOLLOW: Final = frozenset(("grub", "uefi", "rpi"))
