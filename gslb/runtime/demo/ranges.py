"""Single byte ranges: RFC 9110 section 14. Whatever is no such range is ignored, as that allows."""

from __future__ import annotations

import re
from typing import NamedTuple

_SINGLE = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_DIGITS = 18  # longer numbers are beyond every file, and int() of them costs


class Span(NamedTuple):
    """Bytes `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """A valid range of which the content has no byte: 416."""


def select(header: str, length: int) -> Span | None:
    """The bytes that `Range: header` asks of `length` bytes; None where the header is to be ignored."""
    match = _SINGLE.fullmatch(header.strip())
    if match is None or length == 0:
        return None
    first, last = match.groups()
    if not first:
        return _suffix(last, length)
    if last and _size(last) < _size(first):
        return None
    if _number(first) >= length:
        raise Unsatisfiable
    return Span(_number(first), min(_number(last), length - 1) if last else length - 1)


def _suffix(digits: str, length: int) -> Span | None:
    if not digits:
        return None
    if _number(digits) == 0:
        raise Unsatisfiable
    return Span(max(0, length - _number(digits)), length - 1)


def _size(digits: str) -> tuple[int, str]:
    """To compare by, however long."""
    digits = digits.lstrip("0")
    return len(digits), digits


def _number(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
