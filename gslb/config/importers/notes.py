"""What an importer has to say: each thing with its file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gslb.config.faults import one_line


class Place(NamedTuple):
    """Of an entry in a file of the other server. `line` counts from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Note:
    """`lost`: something could not be taken. Otherwise it was, in another form than it had."""

    place: Place
    message: str
    lost: bool = True

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Imported:
    """`text` is YAML."""

    text: str
    notes: tuple[Note, ...]

    @property
    def whole(self) -> bool:
        return not any(note.lost for note in self.notes)


class Notes:
    """Collects notes; each is told once, and files keep the order in which they were first spoken of."""

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}

    def lost(self, place: Place, message: str) -> None:
        self._notes[Note(Place(one_line(place.file), place.line), one_line(message))] = None

    def changed(self, place: Place, message: str) -> None:
        self._notes[Note(Place(one_line(place.file), place.line), one_line(message), lost=False)] = None

    def __iter__(self) -> Iterator[Note]:
        order = {note.place.file: number for number, note in reversed([*enumerate(self._notes)])}
        return iter(sorted(self._notes, key=lambda note: (order[note.place.file], note.place.line)))
