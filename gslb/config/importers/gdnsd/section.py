"""A hash of gdnsd's configuration while it is read: what was asked for is known, and all else is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gslb.config.faults import quoted
from gslb.config.importers.gdnsd.vscf import Array, Entry, Hash, Scalar, Value
from gslb.config.importers.notes import Notes, Place


class Section:
    """`inherited` are values of the levels above, which hold where this one has none of its own."""

    def __init__(self, source: Hash, notes: Notes, inherited: Mapping[str, Entry] | None = None) -> None:
        self.place = source.place
        self._notes = notes
        self._own = {entry.key: entry for entry in source.entries}
        self._all = {**(inherited or {}), **self._own}
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._all

    def value(self, key: str) -> Value | None:
        self._asked.add(key)
        entry = self._all.get(key)
        return None if entry is None else entry.value

    def at(self, key: str) -> Place:
        entry = self._all.get(key)
        return self.place if entry is None else entry.place

    def heritage(self, *keys: str) -> dict[str, Entry]:
        """These, for the levels below."""
        self._asked.update(keys)
        return {key: self._all[key] for key in keys if key in self._all}

    def text(self, key: str) -> str | None:
        value = self.value(key)
        if value is None or isinstance(value, Scalar):
            return None if value is None else value.text
        self._notes.lost(value.place, f"{key} is not one value; left out")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of strings; one string stands for an array of one."""
        value = self.value(key)
        found = () if value is None else items(value)
        for item in found:
            if not isinstance(item, Scalar):
                self._notes.lost(item.place, f"{key} has an item that is not a string; left out")
        return tuple(item.text for item in found if isinstance(item, Scalar))

    def number(self, key: str, low: int = 0, high: int = 2**31 - 1) -> int | None:
        text = self.text(key)
        if text is None:
            return None
        if text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high:
            return int(text)
        self._notes.lost(self.at(key), f"{key} is {quoted(text)}, which is not a whole number from {low} to {high}; left out")
        return None

    def truth(self, key: str) -> bool:
        text = (self.text(key) or "false").lower()
        if text not in ("true", "false"):
            self._notes.lost(self.at(key), f"{key} is {quoted(text)}, which is neither true nor false; left out")
        return text == "true"

    def hash(self, key: str) -> Hash | None:
        value = self.value(key)
        if value is None or isinstance(value, Hash):
            return value
        self._notes.lost(value.place, f"{key} is not a hash; left out")
        return None

    def rest(self) -> Iterator[Entry]:
        """Its own entries that nobody has asked for."""
        yield from (entry for key, entry in self._own.items() if key not in self._asked)

    def tell_rest(self, what: str) -> None:
        for entry in self.rest():
            self._notes.lost(entry.place, f"{entry.key} of {what} has no counterpart; left out")


def items(value: Value) -> tuple[Value, ...]:
    return value.items if isinstance(value, Array) else (value,)
