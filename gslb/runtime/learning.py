"""The classes of clients that tables are compiled for, learned from those who ask.

Kept as examples, a network for each class, since a class is only good for the map that it was made by. Under another
map the examples are classified anew, and so the first World after a reload or a restart knows its clients already.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any, NamedTuple

from gslb.model import ADDRESS_BITS, Configuration, Family
from gslb.steering import ClientClass, Lookup, SteeringMap, locate

MOST_CLASSES = 8192  # a table of so many takes a second to compile; clients beyond are decided one by one


class Example(NamedTuple):
    """One client: the address in the full width of its family, and how much of it is known."""

    service: str
    family: Family
    address: int
    length: int


class Classes:
    """Numbers are only ever appended until the map changes."""

    def __init__(self, most: int = MOST_CLASSES) -> None:
        self._most = most
        self._known: dict[tuple[str, ClientClass], Example] = {}
        self._numbered: tuple[tuple[str, ClientClass], ...] = ()
        self.refused = 0  # examples beyond the bound
        self.lineage = secrets.token_hex(8)  # of these numbers: another control, or another map, gives others

    def __len__(self) -> int:
        return len(self._known)

    @property
    def room(self) -> int:
        return max(0, self._most - len(self._known))

    def numbered(self) -> tuple[tuple[str, ClientClass], ...]:
        if len(self._numbered) != len(self._known):
            self._numbered = tuple(self._known)
        return self._numbered

    def learn(self, examples: Iterable[Example], steering: SteeringMap, lookup: Lookup) -> int:
        """How many of the examples are of a class that was not known."""
        before = len(self._known)
        for example in examples:
            client = locate(lookup, example.family, example.address, example.length)
            found = example.service, steering.classify(example.service, client)
            if found in self._known:
                continue
            if len(self._known) >= self._most:
                self.refused += 1
            else:
                self._known[found] = example
        return len(self._known) - before

    def reclassify(self, configuration: Configuration, steering: SteeringMap, lookup: Lookup) -> None:
        """Begin anew under another map, with the clients that are known."""
        hosts = {service.host for service in configuration.services}
        examples = [example for example in self._known.values() if example.service in hosts]
        self._known, self._numbered, self.lineage = {}, (), secrets.token_hex(8)
        self.learn(examples, steering, lookup)

    def dump(self) -> bytes:
        return json.dumps([list(example) for example in list(self._known.values())], separators=(",", ":")).encode()


def examples(document: object, hosts: frozenset[str]) -> list[Example]:
    """The sound ones of what a worker or the store says; whatever is not an example is left out."""
    rows = document if isinstance(document, list) else []
    return [found for row in rows if (found := _example(row, hosts)) is not None]


def loads(blob: bytes | None, hosts: frozenset[str]) -> list[Example]:
    try:
        return examples(json.loads(blob or b"[]"), hosts)
    except (ValueError, RecursionError):
        return []


def _example(row: Any, hosts: frozenset[str]) -> Example | None:
    if not isinstance(row, list) or len(row) != 4:
        return None
    service, family, address, length = row
    if not isinstance(service, str) or service not in hosts or any(type(number) is not int for number in row[1:]):
        return None
    if family not in ADDRESS_BITS:
        return None
    width = ADDRESS_BITS[family]
    if not (0 <= length <= width and 0 <= address < 1 << width):
        return None
    return Example(service, family, address, length)
