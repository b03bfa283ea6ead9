"""How a section is described: its keys, each with a kind, a default and a meaning.

One description serves three readers: `Table` takes values by it and tells every fault, `build` functions take
typed values from the Table, and `reference` writes the documentation. Values are read in two steps, so that
checks across sections run even where some value is faulty: `Table.value` is None there; only once a file is
free of faults are the objects of `gslb.model` built, by `Table[KEY]`, which then can't fail.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from gslb.config.faults import Faults, near_miss, quoted
from gslb.config.tree import Entry, Listing, Mapping, Scalar, Tree

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Node(NamedTuple):
    """A value at one place of the configuration. Through an alias, one tree stands at many places."""

    path: str
    line: int
    tree: Tree

    def item(self, index: int, tree: Tree) -> Node:
        return Node(f"{self.path}[{index}]", tree.line, tree)

    def entry(self, entry: Entry) -> Node:
        """The value of a key. What is not a scalar is found at its key, not at its first line."""
        scalar = isinstance(entry.value, Scalar) and not entry.value.empty
        return Node(self.inside(entry.key), entry.value.line if scalar else entry.line, entry.value)

    def inside(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


class Located(NamedTuple, Generic[T]):
    """An item of a list, or a value under a free key (`name`), with its place."""

    value: T
    node: Node
    name: str = ""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """A kind of value: in words, and how it is read. None from `read` means that a fault was told."""

    words: str
    read: Callable[[Node, Faults], T_co | None]
    keys: tuple[Key[Any], ...] = ()  # of a section, or of the sections in it
    suffix: str = ""  # how the reference writes the path of what is inside: "[]" or ".NAME"


@dataclass(frozen=True, slots=True)
class Key(Generic[T_co]):
    name: str
    kind: Kind[Any]
    about: str
    default: Callable[[], T_co] | None = None  # None: the key must be there
    shown: str = ""  # the default, as the reference writes it
    implied: bool = False  # a section that is read as an empty one where it is absent


def required(name: str, kind: Kind[T], about: str) -> Key[T]:
    return Key(name, kind, about)


def optional(name: str, kind: Kind[T], about: str, absent: str = "") -> Key[T | None]:
    return Key(name, kind, about, lambda: None, absent)


def defaulted(name: str, kind: Kind[T], default: T, about: str, shown: str = "") -> Key[T]:
    return Key(name, kind, about, lambda: default, shown or str(default))


def implied(name: str, kind: Kind[Table], about: str) -> Key[Table]:
    return Key(name, kind, about, implied=True)


class Table:
    """The values of one mapping, by its keys."""

    __slots__ = ("_nodes", "_values", "node")

    def __init__(self, node: Node, keys: tuple[Key[Any], ...], faults: Faults) -> None:
        self.node = node
        self._nodes: dict[str, Node] = {}
        self._values: dict[str, Any] = {}
        if not isinstance(node.tree, Mapping):
            faults.add(node.line, node.path, f"{_is(node.tree)}; a mapping of keys belongs here")
            return
        known = {key.name: key for key in keys}
        for entry in node.tree.entries:
            self._nodes[entry.key] = inner = node.entry(entry)
            if entry.key not in known:
                message = f"is not a key of this section{faults.did_you_mean(entry.key, known)}"
                faults.add(entry.line, inner.path, message)
        for key in keys:
            self._values[key.name] = self._read(key, faults)

    def _read(self, key: Key[T], faults: Faults) -> T | None:
        node = self._nodes.get(key.name)
        if node is not None:
            value: T | None = key.kind.read(node, faults)
            return value
        if key.implied:
            empty = Mapping(self.node.line, (), 1)
            implied_table: T | None = key.kind.read(self.at(key)._replace(tree=empty), faults)
            return implied_table
        if key.default is not None:
            return key.default()
        faults.add(self.node.line, self.node.inside(key.name), f"is missing; write it: {_inside_a_sentence(key.about)}")
        return None

    def value(self, key: Key[T]) -> T | None:
        """The value or the default; None where it is missing or faulty, of which a fault has told."""
        found: T | None = self._values.get(key.name)
        return found

    def __getitem__(self, key: Key[T]) -> T:
        """The value or the default, in a file without faults."""
        value: T = self._values[key.name]
        return value

    def __contains__(self, key: Key[Any]) -> bool:
        return key.name in self._nodes

    def at(self, key: Key[Any]) -> Node:
        """Where a fault of this key is told: at its value, or at the section when it is absent."""
        absent = Node(self.node.inside(key.name), self.node.line, self.node.tree)
        return self._nodes.get(key.name, absent)

    def text(self, key: Key[Any]) -> str | None:
        """What is written for a scalar, sound or not: for saying whether a name is known at all."""
        tree = self.at(key).tree
        return tree.text if isinstance(tree, Scalar) else None


def section(*keys: Key[Any], words: str = "mapping") -> Kind[Table]:
    def read(node: Node, faults: Faults) -> Table | None:
        table = Table(node, keys, faults)
        return table if isinstance(node.tree, Mapping) else None

    return Kind(words, read, keys)


def scalar(words: str, convert: Callable[[str], T]) -> Kind[T]:
    """`convert` takes what is written, and raises ValueError with what is wrong and what to do."""

    def read(node: Node, faults: Faults) -> T | None:
        tree = node.tree
        if not isinstance(tree, Scalar) or tree.empty:
            faults.add(node.line, node.path, f"{_is(tree)}; {_article(words)} belongs here")
            return None
        try:
            return convert(tree.text)
        except ValueError as error:
            faults.add(node.line, node.path, str(error))
            return None

    return Kind(words, read)


def choice(*words: str) -> Kind[str]:
    def convert(text: str) -> str:
        if text in words:
            return text
        raise ValueError(f"{quoted(text)} is not one of {', '.join(words)}{near_miss(text, words)}")

    return scalar(" or ".join(words) if len(words) < 4 else f"one of {', '.join(words)}", convert)


def list_of(kind: Kind[T], at_least: int = 0, or_one: bool = False, unique: bool = True) -> Kind[tuple[Located[T], ...]]:
    """A list; with `or_one` a single value may stand for a list of one."""

    def read(node: Node, faults: Faults) -> tuple[Located[T], ...] | None:
        tree = node.tree
        if or_one and isinstance(tree, Scalar) and not tree.empty:
            tree = Listing(tree.line, (tree,), 2)
            places = [node]
        elif isinstance(tree, Listing):
            places = [node.item(index, item) for index, item in enumerate(tree.items)]
        else:
            faults.add(node.line, node.path, f"{_is(tree)}; a list belongs here, as in [{kind.words}]")
            return None
        if len(places) < at_least:
            faults.add(node.line, node.path, "is empty; write at least one item")
        read_items = [(kind.read(place, faults), place) for place in places]
        items = tuple(Located(value, place) for value, place in read_items if value is not None)
        if unique:
            _tell_duplicates(items, faults)
        return items

    words = f"{kind.words}, or a list of them" if or_one else f"list: {kind.words}"
    return Kind(words, read, kind.keys, "[]")


def map_of(name: Callable[[str], str], kind: Kind[T], words: str) -> Kind[tuple[Located[T], ...]]:
    """A mapping with free keys. `name` checks and normalises a key as `scalar`'s `convert` does a value."""

    def read(node: Node, faults: Faults) -> tuple[Located[T], ...] | None:
        if not isinstance(node.tree, Mapping):
            faults.add(node.line, node.path, f"{_is(node.tree)}; a mapping belongs here: {words}")
            return None
        found: dict[str, Located[T]] = {}
        for entry in node.tree.entries:
            inner = node.entry(entry)
            try:
                key = name(entry.key)
            except ValueError as error:
                faults.add(entry.line, inner.path, str(error))
                continue
            if key in found:
                faults.add(entry.line, inner.path, f"is the same name as the one on line {found[key].node.line}")
            value = kind.read(inner, faults)
            if value is not None:
                found[key] = Located(value, inner, key)
        return tuple(found.values())

    return Kind(words, read, kind.keys, ".NAME")


def plain(items: tuple[Located[T], ...] | None) -> tuple[T, ...]:
    return tuple(item.value for item in items or ())


def as_mapping(items: tuple[Located[T], ...]) -> MappingType[str, T]:
    return {item.name: item.value for item in items}


def _tell_duplicates(items: tuple[Located[Any], ...], faults: Faults) -> None:
    first: dict[Any, Node] = {}
    for item in items:
        if isinstance(item.value, Table):
            return
        if item.value in first:
            faults.add(item.node.line, item.node.path, f"is already in the list, as {first[item.value].path}")
        first.setdefault(item.value, item.node)


def _is(tree: Tree) -> str:
    if isinstance(tree, Scalar):
        return "has no value" if tree.empty else f"is {quoted(tree.text)}"
    return "is a list" if isinstance(tree, Listing) else "is a mapping"


def _article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _inside_a_sentence(about: str) -> str:
    first, *rest = about.rstrip(".").split(" ")
    return " ".join([first if first[1:2].isupper() else first[:1].lower() + first[1:], *rest])  # PEM stays PEM
