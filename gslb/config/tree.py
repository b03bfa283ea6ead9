"""YAML text to a tree in which every key and value knows its line.

The tree is composed here from ruamel's events rather than by ruamel's loader, because a configuration comes
from people and programs: values stay the text that was written (country `NO` is not false, `1.10` is not
1.1), an alias shares its node instead of being copied, and size and depth are bounded while reading, before
anything has grown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from gslb.config.faults import WHOLE_FILE, Faults, quoted

DEEPEST = 32
MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Scalar:
    line: int
    text: str
    plain: bool = True  # neither quoted nor a block
    literal: bool = False  # a `|` block: its first line of text is on the line after `line`
    size: int = 1

    @property
    def empty(self) -> bool:
        return self.plain and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Listing:
    line: int
    items: tuple[Tree, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    line: int
    value: Tree


@dataclass(frozen=True, slots=True)
class Mapping:
    line: int
    entries: tuple[Entry, ...]
    size: int


Tree: TypeAlias = Scalar | Listing | Mapping


class Unreadable(Exception):
    """The text ends here: nothing after this line can be trusted."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_tree(text: str, faults: Faults) -> Tree | None:
    """The one document in `text`; None, with one fault, when it can't be read."""
    try:
        return _Composer(_events(text), faults).document()
    except Unreadable as fault:
        faults.add(fault.line, WHOLE_FILE, fault.message)
    return None


def _events(text: str) -> Iterator[Event]:
    line = 1
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            line = event.start_mark.line + 1
            yield event
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (column {mark.column + 1})" if mark else ""
        problem = error.problem or error.context or "syntax error"
        raise Unreadable(mark.line + 1 if mark else line, f"is not YAML: {problem}{where}") from None
    except YAMLError as error:
        raise Unreadable(*_unmarked(error, text, line)) from None
    except (ValueError, IndexError, AssertionError, AttributeError) as error:
        # What ruamel's scanner lets through, as chr() of an escape above U+10FFFF.
        raise Unreadable(line, f"is not YAML: {error}") from None


def _unmarked(error: YAMLError, text: str, line: int) -> tuple[int, str]:
    """ruamel's ReaderError counts characters, not lines."""
    position = getattr(error, "position", None)
    character = getattr(error, "character", None)
    if not isinstance(position, int):
        return line, f"is not YAML: {error}"
    code = ord(character) if isinstance(character, str) else character
    return text.count("\n", 0, position) + 1, f"holds the control character U+{code:04X}; take it out"


class _Composer:
    def __init__(self, events: Iterator[Event], faults: Faults) -> None:
        self._events = events
        self._faults = faults
        self._anchors: dict[str, Tree] = {}
        self._nodes = 0

    def document(self) -> Tree:
        started: Tree | None = None
        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if started is not None:
                raise Unreadable(event.start_mark.line + 1, "holds a second document; take out the `---`")
            started = self._node(next(self._events), "", 0)
        if started is None:
            raise Unreadable(1, "is empty; docs/configuration.md tells what belongs here")
        return started

    def _node(self, event: Event, path: str, depth: int) -> Tree:
        line = event.start_mark.line + 1
        self._nodes += 1
        if depth > DEEPEST:
            raise Unreadable(line, f"is nested more than {DEEPEST} deep; no key of a configuration is")
        if isinstance(event, AliasEvent):
            return self._alias(event, line)
        node: Tree
        if isinstance(event, ScalarEvent):
            node = self._scalar(event, line, path)
        elif isinstance(event, SequenceStartEvent):
            node = self._listing(line, path, depth)
        else:
            node = self._mapping(line, path, depth)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._faults.add(line, path, f"has the tag {quoted(str(tag))}; tags are not used here, leave it out")
        self._bound(node, line)
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: AliasEvent, line: int) -> Tree:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise Unreadable(line, f"*{event.anchor} refers to no anchor that is written before it")
        return node

    def _bound(self, node: Tree, line: int) -> None:
        # `size` counts what aliases stand for, so a bomb of aliases is found by a sum, not by its explosion.
        if self._nodes > MOST_NODES or node.size > MOST_NODES:
            raise Unreadable(line, f"holds more than {MOST_NODES} values, aliases counted; that is too many")

    def _scalar(self, event: ScalarEvent, line: int, path: str) -> Scalar:
        style = event.style
        text = "" if event.value is None else str(event.value)
        for char in text:
            if (char < " " and char not in "\n\t") or char == "\x7f" or "\ud800" <= char <= "\udfff":
                self._faults.add(line, path, f"holds the control character U+{ord(char):04X}; take it out")
                text = ""
                break
        return Scalar(line, text, plain=style in (None, ""), literal=style == "|")

    def _listing(self, line: int, path: str, depth: int) -> Listing:
        items: list[Tree] = []
        size = 1
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._node(event, f"{path}[{len(items)}]", depth + 1))
            size += items[-1].size
        return Listing(line, tuple(items), size)

    def _mapping(self, line: int, path: str, depth: int) -> Mapping:
        entries: dict[str, Entry] = {}
        merged: list[Mapping] = []
        size = 1
        while not isinstance(event := next(self._events), MappingEndEvent):
            key, key_line = self._key(event, path, depth)
            inside = f"{path}.{key.text}" if path else key.text
            value = self._node(next(self._events), inside, depth + 1)
            size += 1 + value.size
            if key.plain and key.text == "<<":
                merged += self._merged(value, inside)
            elif key.text in entries:
                first = entries[key.text].line
                self._faults.add(key_line, inside, f"is written twice, first on line {first}; keep one of the two")
            else:
                entries[key.text] = Entry(key.text, key_line, value)
        for other in merged:
            entries |= {entry.key: entry for entry in other.entries if entry.key not in entries}
        return Mapping(line, tuple(entries.values()), size)

    def _key(self, event: Event, path: str, depth: int) -> tuple[Scalar, int]:
        line = event.start_mark.line + 1
        key = self._node(event, path, depth + 1)
        if isinstance(key, Scalar):
            return key, line
        self._faults.add(line, path, "has a list or a mapping as a key; a key is a word")
        return Scalar(line, "?"), line

    def _merged(self, value: Tree, path: str) -> list[Mapping]:
        """What `<<: *anchor` or `<<: [*one, *two]` brings in: keys that are not written here."""
        found = [value] if isinstance(value, Mapping) else list(value.items) if isinstance(value, Listing) else []
        mappings = [node for node in found if isinstance(node, Mapping)]
        if not mappings or len(mappings) < len(found):
            self._faults.add(value.line, path, "merges what is not a mapping; write the alias of a mapping")
        return mappings
