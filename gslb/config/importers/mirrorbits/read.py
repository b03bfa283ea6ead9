"""The three forms in which Mirrorbits prints mirrors, told apart by how they begin.

- `mirrorbits show NAME`, one after another: `Mirror: NAME`, its settings as YAML, a comment. All that it knows of a mirror.
- `mirrorbits list -http -rsync -location`: a table under a heading, divided by tabs. Names, and countries in place of places.
- `mirrorbits export mirmon`: country, URL and address of mail by tabs, a line for each URL. No names at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from gslb.config.faults import Faults, quoted
from gslb.config.importers.notes import Notes, Place
from gslb.config.textfile import read_text
from gslb.config.tree import Mapping, Scalar, Unreadable, read_tree

LARGEST: Final = 8 << 20
MOST: Final = 10_000  # mirrors
_SHOWN: Final = re.compile(r"Mirror: (\S+)\s*")
_LOCATION: Final = re.compile(r"([A-Za-z]{2}|/)? ?\(([A-Za-z]{2})?\)")
_FORMS: Final = "write what `mirrorbits show`, `mirrorbits list -http -rsync -location` or `mirrorbits export mirmon` prints"


@dataclass(frozen=True, slots=True)
class Mirror:
    """Settings by the names that Mirrorbits gives them, with lines; a form that does not tell one leaves it out."""

    name: str
    place: Place
    settings: dict[str, tuple[str, Place]] = field(default_factory=dict)

    def get(self, key: str) -> str:
        return self.settings[key][0] if key in self.settings else ""

    def at(self, key: str) -> Place:
        return self.settings[key][1] if key in self.settings else self.place


def read_mirrors(path: str, notes: Notes) -> list[Mirror]:
    """Raises Unreadable."""
    lines = read_text(path, LARGEST, "divide it").splitlines()
    first = next((line for line in lines if line.strip()), "")
    if _SHOWN.fullmatch(first):
        found = _shown(path, lines, notes)
    elif first.split("\t")[0].strip() == "Identifier":
        found = _listed(path, lines, notes)
    elif "\t" in first:
        found = _exported(path, lines, notes)
    else:
        raise Unreadable(1, f"is no list of mirrors; {_FORMS}")
    mirrors: list[Mirror] = []
    for mirror in found:
        if len(mirrors) == MOST:
            raise Unreadable(mirror.place.line, f"has more than {MOST} mirrors; divide it")
        mirrors.append(mirror)
    return mirrors


def _shown(path: str, lines: Sequence[str], notes: Notes) -> Iterator[Mirror]:
    starts = [
        number
        for number, line in enumerate(lines)
        if _SHOWN.fullmatch(line) and (number + 1 == len(lines) or re.match(r"[A-Za-z]+:", lines[number + 1]))
    ]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        match = _SHOWN.fullmatch(lines[start])
        assert match is not None  # noqa: S101 - starts are such
        place, block = Place(path, start + 1), list(lines[start + 1 : end])
        if "Comment:" in block:
            block = block[: block.index("Comment:")]
        yield Mirror(match[1], place, dict(_settings(block, place, notes)))


def _settings(block: Sequence[str], place: Place, notes: Notes) -> Iterator[tuple[str, tuple[str, Place]]]:
    faults = Faults(place.file)
    tree = read_tree("\n".join(block) + "\n", faults)
    for fault in faults:
        notes.lost(Place(place.file, place.line + fault.line), f"{fault.message}; the rest of this mirror is left out")
    for entry in tree.entries if isinstance(tree, Mapping) else ():
        where = Place(place.file, place.line + entry.line)
        if not isinstance(entry.value, Scalar):
            notes.lost(where, f"{quoted(entry.key)} is no single value; left out")
        elif not entry.value.empty:
            yield entry.key, (entry.value.text.strip(), where)


_COLUMNS: Final = {"Identifier": "Name", "HTTP": "HttpURL", "RSYNC": "RsyncURL", "FTP": "FtpURL", "SCORE": "Score"}


def _listed(path: str, lines: Sequence[str], notes: Notes) -> Iterator[Mirror]:
    numbered = ((Place(path, number), line) for number, line in enumerate(lines, 1) if line.strip())
    heading = [cell.strip() for cell in re.split(r"\t+", next(numbered)[1])]
    if "HTTP" not in heading:
        raise Unreadable(1, "does not tell where mirrors are; write what `mirrorbits list -http -rsync -location` prints")
    for place, line in numbered:
        cells = dict(zip(heading, (cell.strip() for cell in re.split(r"\t+", line)), strict=False))
        told = {name: cells[column] for column, name in _COLUMNS.items() if cells.get(column)}
        where = _LOCATION.fullmatch(cells.get("LOCATION", ""))
        if where is not None:
            told["CountryCodes"], told["ContinentCode"] = (where[1] or "").strip("/"), where[2] or ""
        if cells.get("STATE") == "disabled":
            told["Enabled"] = "false"
        name = told.pop("Name", "")
        if not name or len(cells) < 2:
            notes.lost(place, "is no line of this table; left out")
            continue
        yield Mirror(name, place, {key: (value, place) for key, value in told.items() if value})


def _exported(path: str, lines: Sequence[str], notes: Notes) -> Iterator[Mirror]:
    """A mirror is named by its host, for it has no other name here."""
    found: dict[str, Mirror] = {}
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in re.split(r"\t+", line)]
        place = Place(path, number)
        key = {"http": "HttpURL", "https": "HttpURL", "rsync": "RsyncURL", "ftp": "FtpURL"}.get(
            cells[1].partition("://")[0].lower() if len(cells) > 1 else ""
        )
        name = _host(cells[1]) if key else ""
        if not key or not name:
            if line.strip():
                notes.lost(place, "is no line of country, URL and address of mail; left out")
            continue
        mirror = found.setdefault(name, Mirror(name, place))
        told = {"CountryCodes": (cells[0], place), key: (cells[1], place)}
        if len(cells) > 2:
            told["AdminEmail"] = (cells[2], place)
        found[name] = replace(mirror, settings={**told, **mirror.settings})
    yield from found.values()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
