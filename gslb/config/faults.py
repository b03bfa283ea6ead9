"""Where faults are collected: all of them, told at once and in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from gslb.errors import ConfigurationError, Fault

# What a fault is about when it is about no key.
WHOLE_FILE = "(file)"

_LONGEST_QUOTED = 60
_MOST_HINTS = 200


class Faults:
    def __init__(self, file: str) -> None:
        self.file = file
        self._faults: list[Fault] = []

    def add(self, line: int, key: str, message: str, file: str = "") -> None:
        """`file` is one that the configuration names; without it the line is of the configuration itself."""
        fault = Fault(one_line(file) or self.file, line, one_line(key) or WHOLE_FILE, one_line(message))
        self._faults.append(fault)

    def did_you_mean(self, word: str, known: Iterable[str]) -> str:
        """What to append to a message about an unknown `word`: a near miss, else all that is known."""
        names = list(known)
        if len(self._faults) > _MOST_HINTS or not names:
            return ""  # the search takes time, and nobody reads so many hints
        return near_miss(word, names) or f"; there is {listed(names)}"

    def __iter__(self) -> Iterator[Fault]:
        unique = dict.fromkeys(self._faults)
        return iter(sorted(unique, key=self._place))

    def _place(self, fault: Fault) -> tuple[bool, str, int]:
        """The configuration first, then the files that it names."""
        return fault.file != self.file, fault.file, fault.line

    def raise_if_any(self) -> None:
        if self._faults:
            raise ConfigurationError(tuple(self))


def one_line(text: str) -> str:
    """`text` without what would break a line or a terminal: a fault is one line, whatever the file holds."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def quoted(text: str) -> str:
    if len(text) > _LONGEST_QUOTED:
        text = text[:_LONGEST_QUOTED] + "…"
    return f'"{text}"'


def near_miss(word: str, known: Iterable[str]) -> str:
    """What to append to a message about an unknown `word`, when something like it is known."""
    near = get_close_matches(word[:_LONGEST_QUOTED], known, n=1)
    return f"; did you mean {quoted(near[0])}?" if near else ""


def listed(names: Iterable[str], limit: int = 30) -> str:
    """`a, b and c`, cut after `limit` names."""
    words = list(names)
    if len(words) > limit:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
