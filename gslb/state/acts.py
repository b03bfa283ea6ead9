"""The audit log in the state file: what people did, the newest `kept` of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gslb.model import Act
from gslb.state.codec import TEXT_LIMIT, decode
from gslb.state.store import Store

DOCUMENT_MOST: Final = 16_384
"""Characters of `before` or `after` as JSON; what is longer is told by its length alone, and can't be undone."""

_COLUMNS: Final = "number, at, who, role, by, action, subject, why, before, after, undoes, undone_by"


class ActTable:
    """Raises StoreError, as the store does. Any thread may use it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, acts: Iterable[Act], kept: int) -> None:
        """Keep acts; those which they undo are marked so, and the oldest beyond `kept` go."""
        rows = [_row(act) for act in acts]
        with self._store.transaction() as connection:
            connection.executemany(f"REPLACE INTO acts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608
            undone = [(row[0], row[10]) for row in rows if row[10] is not None]
            connection.executemany("UPDATE acts SET undone_by = ? WHERE number = ?", undone)
            connection.execute(
                "DELETE FROM acts WHERE number <= (SELECT number FROM acts ORDER BY number DESC LIMIT 1 OFFSET ?)", (kept,)
            )

    def latest(
        self,
        limit: int,
        before: int | None = None,
        who: Collection[str] | None = None,
        action: Collection[str] | None = None,
        subject: Collection[str] | None = None,
    ) -> tuple[Act, ...]:
        """The newest first; `before` is the number of an act, for the page after it. The rest chooses."""
        wanted = {"who": who, "action": action, "subject": subject}
        chosen = {name: json.dumps(sorted(values)) for name, values in wanted.items() if values is not None}
        where = "".join(f" AND {name} IN (SELECT value FROM json_each(?))" for name in chosen)  # noqa: S608 - names of ours
        query = f"SELECT {_COLUMNS} FROM acts WHERE number < ?{where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - names of ours
        with self._store.transaction() as connection:
            rows = connection.execute(query, (2**62 if before is None else before, *chosen.values(), limit)).fetchall()
        return tuple(_acts(rows))

    def find(self, number: int) -> Act | None:
        found = self.latest(1, number + 1)
        return found[0] if found and found[0].number == number else None


def document(found: Mapping[str, object]) -> dict[str, object]:
    """As it can be kept, and shown again: JSON of a bounded length, without half surrogate pairs."""
    try:
        text = json.dumps(dict(found), default=str, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):
        return {"omitted": "it can't be written as JSON"}
    if len(text) > DOCUMENT_MOST:
        return {"omitted": f"{len(text)} characters are too many to keep"}
    read: dict[str, object] = json.loads(text)
    return read


def clean(text: str) -> str:
    """As it can be read back: without NUL, half a surrogate pair, or a novel."""
    return text[:TEXT_LIMIT].replace("\x00", "").encode("utf-8", "replace").decode()


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    at: datetime
    who: str
    role: str
    by: str
    action: str
    subject: str
    why: str
    undoes: int | None
    undone_by: int | None


def _row(act: Act) -> tuple[Any, ...]:
    words = (act.who, act.role, act.by, act.action, act.subject, act.why)
    documents = (json.dumps(document(each)) for each in (act.before, act.after))
    return (act.number, act.at.isoformat(), *map(clean, words), *documents, act.undoes, act.undone_by)


def _acts(rows: Iterable[tuple[Any, ...]]) -> Iterator[Act]:
    """Rows that are none are left out: one bad line of a log is no reason to hide the others."""
    for row in rows:
        named = dict(zip(_COLUMNS.split(", "), row, strict=True))
        try:
            before, after = (_read(named.pop(name)) for name in ("before", "after"))
            read = decode(_Row, named)
        except (ValueError, RecursionError, TypeError):
            continue
        yield Act(
            read.number, read.at, read.who, read.role, read.by, read.action, read.subject, read.why,
            before, after, read.undoes, read.undone_by,
        )  # fmt: skip


def _read(text: object) -> dict[str, object]:
    found = json.loads(text) if isinstance(text, str) and len(text) <= 8 * DOCUMENT_MOST else None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found
