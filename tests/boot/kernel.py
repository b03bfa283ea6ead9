"""Debian's kernel for virtual machines, as `scripts/debian-packages` unpacks it: it is not installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gslb-tests" / "kernel"


def image() -> Path:
    return _only("boot/vmlinuz-*")


def modules() -> Path:
    return _only("lib/modules/*")


def _only(pattern: str) -> Path:
    found = sorted(CACHE.glob(pattern))
    if not found:
        pytest.skip(f"{CACHE} has no {pattern}")
    return found[-1]
