"""A text of any value of the vocabulary that is the same in every process and on every node.

`repr` is not: the order of a frozenset of strings differs from process to process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any


def digest_of(*values: object) -> str:
    """SHA-256 of the canonical text, hexadecimal."""
    return hashlib.sha256("\n".join(canonical(value) for value in values).encode()).hexdigest()


def canonical(value: Any) -> str:
    if isinstance(value, Enum):
        return repr(value.value)
    if is_dataclass(value):
        named = (f"{field.name}={canonical(getattr(value, field.name))}" for field in fields(value))
        return _bracketed("(", named)
    if isinstance(value, Mapping):
        return _bracketed("{", sorted(f"{canonical(key)}:{canonical(each)}" for key, each in value.items()))
    if isinstance(value, set | frozenset):
        return _bracketed("<", sorted(map(canonical, value)))
    if isinstance(value, tuple | list):
        return _bracketed("[", map(canonical, value))
    return repr(value)


def _bracketed(bracket: str, parts: Iterable[str]) -> str:
    return bracket + ",".join(parts) + _CLOSING[bracket]


_CLOSING = {"(": ")", "{": "}", "<": ">", "[": "]"}
