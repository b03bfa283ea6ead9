"""vscf, the language of gdnsd's configuration: nested hashes, arrays and strings, and files that include others.

The grammar is that of gdnsd.config(5), "low-level syntax". Everything keeps the place it is from. Depth, size, number of values
and files are bounded while reading.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from typing import TypeAlias

from gslb.config.importers.notes import Place
from gslb.config.textfile import read_text
from gslb.config.tree import Unreadable

DEEPEST = 24
DEEPEST_FILE = 5
MOST_VALUES = 300_000
LARGEST = 4 * 1024 * 1024
MOST_OCTETS = 4 * LARGEST

_BLANK = re.compile(r"(?:[\s,]|[#;][^\n]*)*")
_PLAIN = re.compile(r'(?:[^\s\]\[}{;#,"=\\]|\\(?:[0-9]{3}|[^0-9]))+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\(?:[0-9]{3}|[^0-9]))*)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)
_INCLUDE = "$include{"


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Value, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    value: Value
    place: Place


@dataclass(frozen=True, slots=True)
class Hash:
    entries: tuple[Entry, ...]
    place: Place


Value: TypeAlias = Scalar | Array | Hash


class Misread(Exception):
    """The file can't be read from here on."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place.file}:{place.line}: {message}")
        self.place = place
        self.message = message


class Vscf:
    """Reads files and counts what they hold together. Raises Misread."""

    def __init__(self) -> None:
        self._values = 0
        self._octets = 0

    def file(self, path: str, depth: int = 0) -> Hash | Array:
        if depth > DEEPEST_FILE:
            raise Misread(Place(path, 1), f"is the {depth}th file within another; is it a circle?")
        if os.path.exists(path) and not os.path.isfile(path):
            raise Misread(Place(path, 1), "is not a file")
        try:
            text = read_text(path, LARGEST, "divide it")
        except Unreadable as fault:
            raise Misread(Place(path, fault.line), fault.message) from None
        return self.text(text, path, depth)

    def text(self, text: str, path: str, depth: int = 0) -> Hash | Array:
        self._octets += len(text)
        if self._octets > MOST_OCTETS:
            raise Misread(Place(path, 1), f"brings all files together over {MOST_OCTETS >> 20} MB")
        return _Reader(self, text, path, depth).whole()

    def counted(self, place: Place) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            raise Misread(place, f"holds more than {MOST_VALUES} values")


class _Reader:
    def __init__(self, vscf: Vscf, text: str, path: str, depth: int) -> None:
        self._vscf, self._text, self._path, self._depth = vscf, text, path, depth
        self._at = 0
        self._line, self._counted_to = 1, 0

    def whole(self) -> Hash | Array:
        self._blank()
        if self._text.startswith("[", self._at):
            array = self._array(0)
            self._blank()
            if self._at < len(self._text):
                raise self._misread("goes on behind the ] that ends it")
            return array
        return self._hash(0, "")

    def _place(self) -> Place:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return Place(self._path, self._line)

    def _misread(self, message: str) -> Misread:
        return Misread(self._place(), message)

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _value(self, depth: int) -> Value:
        place = self._place()
        self._vscf.counted(place)
        if depth > DEEPEST:
            raise Misread(place, f"is nested more than {DEEPEST} deep")
        if self._text.startswith("{", self._at):
            self._at += 1
            return self._hash(depth, "}")
        if self._text.startswith("[", self._at):
            return self._array(depth)
        if self._text.startswith(_INCLUDE, self._at):
            return self._included_value(place)
        return Scalar(self._string(), place)

    def _array(self, depth: int) -> Array:
        place = self._place()
        items: list[Value] = []
        self._at += 1
        while True:
            self._blank()
            if self._at >= len(self._text):
                raise Misread(place, "has a [ that is never closed")
            if self._text[self._at] == "]":
                self._at += 1
                return Array(tuple(items), place)
            items.append(self._value(depth + 1))

    def _hash(self, depth: int, end: str) -> Hash:
        place = self._place()
        entries: dict[str, Entry] = {}
        while True:
            self._blank()
            if self._at >= len(self._text):
                if end:
                    raise Misread(place, "has a { that is never closed")
                break
            if end and self._text[self._at] == end:
                self._at += 1
                break
            for entry in self._entries(depth):
                if entry.key in entries:
                    raise Misread(entry.place, f"{entry.key} is written twice")
                entries[entry.key] = entry
        return Hash(tuple(entries.values()), place)

    def _entries(self, depth: int) -> tuple[Entry, ...]:
        place = self._place()
        if self._text.startswith(_INCLUDE, self._at):
            return tuple(entry for path in self._included() for entry in self._merged(path))
        key = self._string()
        self._blank()
        if not self._text.startswith("=", self._at):
            raise self._misread(f"{key} has no value; = or => is missing")
        self._at += 2 if self._text.startswith("=>", self._at) else 1
        self._blank()
        return (Entry(key, self._value(depth + 1), place),)

    def _merged(self, path: str) -> tuple[Entry, ...]:
        found = self._vscf.file(path, self._depth + 1)
        if isinstance(found, Array):
            raise Misread(found.place, "is an array, and is included among the keys of a hash")
        return found.entries

    def _included_value(self, place: Place) -> Hash | Array:
        paths = self._included()
        if len(paths) != 1:
            raise Misread(place, f"includes {len(paths)} files as one value; name one")
        return self._vscf.file(paths[0], self._depth + 1)

    def _included(self) -> list[str]:
        """The files that `$include{…}` names: one, those of a pattern, or all of a directory."""
        place = self._place()
        self._at += len(_INCLUDE)
        self._blank()
        name = self._string()
        self._blank()
        if not self._text.startswith("}", self._at):
            raise self._misread("has an $include{ that is never closed")
        self._at += 1
        path = os.path.join(os.path.dirname(self._path), name)
        if os.path.isdir(path):
            return sorted(one for one in glob.glob(os.path.join(glob.escape(path), "*")) if os.path.isfile(one))
        found = sorted(glob.glob(path))
        if not found:
            raise Misread(place, f"includes {name}, and there is no such file")
        return [one for one in found if os.path.isfile(one)]

    def _string(self) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        match = quoted or _PLAIN.match(self._text, self._at)
        if match is None or (not quoted and match[0].startswith("$")):
            sign = self._text[self._at : self._at + 1]
            raise self._misread(f"has {sign} where a value belongs" if sign else "ends where a value belongs")
        self._at = match.end()
        return self._unescaped(match[1] if quoted else match[0])

    def _unescaped(self, text: str) -> str:
        def octet(match: re.Match[str]) -> str:
            if match[1] is None:
                return match[2]
            if int(match[1]) > 255:
                raise self._misread(f"\\{match[1]} is not the number of an octet")
            return chr(int(match[1]))

        return _ESCAPE.sub(octet, text)
