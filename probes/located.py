"""YAML whose faults know their line.

A Map hands out the values of a mapping by kind; what is of another kind is a fault in the Reader, and None, so that
reading goes on and every fault is found at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

_DURATION = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{1,3})?)(?P<unit>ms|s|m|h|d)")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class ConfigError(Exception):
    """A file that cannot be used; `faults` has a line of text for each reason."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def parsed(path: Path, raw: bytes) -> object:
    """The document, mappings with their lines. Raises ConfigError."""
    # "rt" is as safe as "safe", and keeps the lines.
    try:
        return YAML(typ="rt", pure=True).load(raw.decode("utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise ConfigError([f"{path}:{line}: {error.problem or error.context}"]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError([f"{path}:1: not YAML: {str(error).splitlines()[0]}"]) from error


@dataclass(slots=True)
class Reader:
    """Collects faults with their lines, so that reading goes on after one."""

    path: Path
    faults: list[tuple[int, str]] = field(default_factory=list)

    def fault(self, line: int, key: str, what: str) -> None:
        self.faults.append((line, f"{self.path}:{line}: {key}: {what}"))

    def beside(self, name: str) -> Path:
        return self.path.parent / name


@dataclass(frozen=True, slots=True)
class Map:
    """A YAML mapping, and how its values are taken out. A value of the wrong kind is a fault and None."""

    reader: Reader
    values: CommentedMap
    at: str

    def fault(self, key: str, what: str) -> None:
        self.reader.fault(self.line(key), f"{self.at}{key}", what)

    def line(self, key: str) -> int:
        return int(self.values.lc.key(key)[0] if key in self.values else self.values.lc.line) + 1

    def only(self, known: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in known:
                self.fault(key, "unknown key")

    def text(self, key: str) -> str | None:
        found: str | None = self._of(key, str, "a text")
        return found

    def integer(self, key: str) -> int | None:
        found: int | None = self._of(key, int, "a whole number")
        return found

    def flag(self, key: str) -> bool | None:
        found: bool | None = self._of(key, bool, "true or false")
        return found

    def texts(self, key: str) -> tuple[str, ...] | None:
        return self._all(key, str, "a list of texts")

    def integers(self, key: str) -> tuple[int, ...] | None:
        return self._all(key, int, "a list of whole numbers")

    def duration_s(self, key: str) -> float | None:
        text = self.values.get(key)
        match = _DURATION.fullmatch(text) if isinstance(text, str) else None
        seconds = float(match["number"]) * _UNIT_S[match["unit"]] if match else 0.0
        if key in self.values and not 0 < seconds <= 86400:
            self.fault(key, "a duration such as 500ms, 10s or 5m, at most a day")
        return seconds or None

    def maps(self, key: str) -> Iterator["Map"]:
        items = self.values.get(key)
        if key in self.values and not isinstance(items, CommentedSeq):
            self.fault(key, "a list")
            return
        for number, item in enumerate(items or ()):
            if isinstance(item, CommentedMap):
                yield Map(self.reader, item, f"{self.at}{key}[{number}].")
            else:
                self.reader.fault(items.lc.item(number)[0] + 1, f"{self.at}{key}[{number}]", "a mapping")

    def inner(self, key: str) -> "Map | None":
        value = self._of(key, CommentedMap, "a mapping")
        return Map(self.reader, value, f"{self.at}{key}.") if value is not None else None

    def _of(self, key: str, kind: type[Any], what: str) -> Any:
        value = self.values.get(key)
        if key not in self.values or is_kind(value, kind):
            return value
        self.fault(key, what)
        return None

    def _all(self, key: str, kind: type[Any], what: str) -> tuple[Any, ...] | None:
        value = self.values.get(key)
        if key not in self.values:
            return None
        if isinstance(value, CommentedSeq) and all(is_kind(item, kind) for item in value):
            return tuple(value)
        self.fault(key, what)
        return None


def is_kind(value: object, kind: type[Any]) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
