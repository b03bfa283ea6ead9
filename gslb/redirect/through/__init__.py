"""Clients that follow no redirect get the bytes themselves: GRUB, UEFI HTTP Boot, Raspberry Pi firmware."""

from gslb.redirect.through.door import Through

__all__ = ["Through"]
