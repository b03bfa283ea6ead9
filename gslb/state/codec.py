"""Frozen dataclasses as plain JSON values, and back.

Reading is the parser of bytes that a crash, an older version or a person may have written: every field is
required and known, every text and list has a bound, every number is finite. What does not fit is
a ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

TEXT_LIMIT = 4096
LIST_LIMIT = 1000
INTEGER_LIMIT = 2**53
NUMBER_LIMIT = 1e12


def encode(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [encode(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


def decode(kind: type[T], value: object) -> T:
    """`kind` is a dataclass of scalars, enums, times, and optionals and tuples of them. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{kind.__name__}: not an object")
    hints = get_type_hints(kind)
    if set(value) != set(hints):
        raise ValueError(f"{kind.__name__}: has to have {', '.join(hints)}, no more and no less")
    return kind(**{name: _field(name, hint, value[name]) for name, hint in hints.items()})


def _field(name: str, hint: Any, value: object) -> object:
    if get_origin(hint) is UnionType:
        if value is None:
            return None
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        return _tuple(name, get_args(hint)[0], value)
    if issubclass(hint, Enum):
        return hint(_text(name, value))
    number = _SCALARS[hint](name, value)
    if name.endswith("_ms") and isinstance(number, float) and number < 0:
        raise ValueError(f"{name}: below 0")
    return number


def _tuple(name: str, hint: Any, value: object) -> tuple[object, ...]:
    if not isinstance(value, list) or len(value) > LIST_LIMIT:
        raise ValueError(f"{name}: not a list of at most {LIST_LIMIT}")
    return tuple(_field(name, hint, each) for each in value)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > TEXT_LIMIT or "\x00" in value or not _is_unicode(value):
        raise ValueError(f"{name}: not a text of at most {TEXT_LIMIT} characters")
    return value


def _is_unicode(value: str) -> bool:
    """JSON may smuggle in half of a surrogate pair, which no file and no terminal takes."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _integer(name: str, value: object) -> int:
    if type(value) is not int or not 0 <= value <= INTEGER_LIMIT:
        raise ValueError(f"{name}: not a whole number from 0")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name}: not a finite number")
    if abs(value) > NUMBER_LIMIT:
        raise ValueError(f"{name}: beyond all bounds")
    return float(value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: neither true nor false")
    return value


def _time(name: str, value: object) -> datetime:
    time = datetime.fromisoformat(_text(name, value))
    if time.tzinfo is None:
        raise ValueError(f"{name}: a time without its offset")
    return time


_SCALARS: dict[type, Callable[[str, object], object]] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _flag,
    datetime: _time,
}
