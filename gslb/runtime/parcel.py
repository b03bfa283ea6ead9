"""A Snapshot on its way to a worker: in parts, so that it is unpacked a slice at a time and never again what is unchanged.

A worker that unpickles does not answer meanwhile. A World of 300 sites and 20 services is 11 MB, which in one piece is half
a second. So control pickles it in parts, each with a stamp, and a worker takes one part at a turn of its loop, and goes
without those that it has: from one World to the next that is nearly all of them.

The cyclic garbage collector is the larger half of the price: it walks through every part again and again for garbage that
cannot be there. It rests while a part is read, and what was read is put out of its sight (gc.freeze): a World that is
replaced has no cycles, and goes by its reference counts.
"""

from __future__ import annotations

import asyncio
import gc
import pickle
import secrets
import time
from array import array
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import count
from typing import Any, NamedTuple

from gslb.dns import Book
from gslb.model import World
from gslb.redirect import Pages
from gslb.runtime.snapshot import Snapshot
from gslb.steering import Table

CLASSES_A_PART = 256
STANDINGS_A_PART = 2048
ROWS_A_PART = 1024
_APART = ("configuration", "standings", "holdings", "manifests")
_REST = tuple(field.name for field in fields(World) if field.name not in _APART)


class Part(NamedTuple):
    """`stamp` is another one when the content is."""

    name: str
    stamp: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Rests:
    """What is left of a World, a table, a book and pages without their long rows."""

    world: dict[str, Any]
    table: int
    index: array[int]
    book: int
    pages: Pages


class _Kept(NamedTuple):
    content: object
    part: Part


class Packer:
    """Control's end. Keeps the parts that a later Snapshot may have again."""

    def __init__(self) -> None:
        self._own = secrets.token_hex(8)  # parts of another control are never taken for ours
        self._numbers = count()
        self._kept: dict[str, _Kept] = {}

    def pack(self, snapshot: Snapshot) -> bytes:
        parts = list(self._parts(snapshot))
        self._kept = {name: kept for name, kept in self._kept.items() if name in {part.name for part in parts}}
        return pickle.dumps([tuple(part) for part in parts], pickle.HIGHEST_PROTOCOL)

    def _parts(self, snapshot: Snapshot) -> Iterator[Part]:
        world, book = snapshot.world, snapshot.book
        yield self._same("configuration", world.configuration, world.configuration)
        yield self._same("tree", book.tree, book.tree)
        yield self._same("copies", snapshot.copies, snapshot.copies)
        yield self._equal("signed", book.signed, book.signed)
        yield self._equal("compact", book.compact, book.compact)
        for number, standings in enumerate(_cut(list(world.standings.items()), STANDINGS_A_PART)):
            yield self._equal(f"standings {number}", standings, standings)
        for number, holdings in enumerate(_cut(list(world.holdings.items()), STANDINGS_A_PART)):
            yield self._equal(f"holdings {number}", holdings, holdings)
        for generation, manifest in world.manifests.items():
            yield self._same(f"manifest {generation}", manifest, manifest)
        for number, classes in enumerate(_cut(snapshot.classes, CLASSES_A_PART)):
            yield self._equal(f"classes {number}", (snapshot.lineage, len(classes)), classes)
        table, pages = snapshot.table, snapshot.pages
        for name, rows in (
            ("rows", table.rows),
            ("outcomes", table.outcomes),
            ("book", book.outcomes),
            ("pages", pages.outcomes),
        ):
            for number, some in enumerate(_cut(rows, ROWS_A_PART)):
                yield self._new(f"{name} {number}", some)
        rest = {name: getattr(world, name) for name in _REST}
        rests = _Rests(rest, table.world, table.index, book.world, replace(pages, outcomes=()))
        yield self._new(
            "rest", (rests, snapshot.lineage, snapshot.geo, snapshot.tls, snapshot.workers, snapshot.keyring, snapshot.rotated)
        )

    def _same(self, name: str, identity: object, content: object) -> Part:
        kept = self._kept.get(name)
        return kept.part if kept is not None and kept.content is identity else self._keep(name, identity, content)

    def _equal(self, name: str, value: Hashable | list[Any], content: object) -> Part:
        kept = self._kept.get(name)
        return kept.part if kept is not None and kept.content == value else self._keep(name, value, content)

    def _keep(self, name: str, key: object, content: object) -> Part:
        part = self._new(name, content)
        self._kept[name] = _Kept(key, part)
        return part

    def _new(self, name: str, content: object) -> Part:
        return Part(name, f"{self._own}-{next(self._numbers)}", pickle.dumps(content, pickle.HIGHEST_PROTOCOL))


class Unpacker:
    """A worker's end. `longest_s` is the longest slice so far in which nothing else was done."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._held: dict[str, tuple[str, Any]] = {}
        self._old: dict[str, tuple[str, Any]] = {}

    async def unpack(self, parcel: bytes) -> Snapshot:
        """Rests after each slice for as long as it took, so that half of the time is for queries."""
        held: dict[str, tuple[str, Any]] = {}
        for name, stamp, data in pickle.loads(parcel):  # noqa: S301 - of our own control, see frames
            known = self._held.get(name)
            if known is not None and known[0] == stamp:
                held[name] = known
                continue
            began = time.perf_counter()
            held[name] = stamp, _loads(data)
            await self._rest(began)
        self._old, self._held = self._held, held
        return _assembled({name: content for name, (_, content) in held.items()})

    async def release(self) -> None:
        """Lets go of the World before, which nobody uses any more: to free it takes nearly as long as to read it."""
        while self._old:
            began = time.perf_counter()
            self._old.popitem()
            await self._rest(began)

    async def _rest(self, began: float) -> None:
        took_s = time.perf_counter() - began
        self.longest_s = max(self.longest_s, took_s)
        await asyncio.sleep(took_s)


def _loads(data: bytes) -> Any:
    gc.disable()
    try:
        return pickle.loads(data)  # noqa: S301 - of our own control, see frames
    finally:
        gc.freeze()
        gc.enable()


def _assembled(parts: dict[str, Any]) -> Snapshot:
    def rows(kind: str) -> tuple[Any, ...]:
        return tuple(row for name, some in parts.items() if name.startswith(f"{kind} ") for row in some)

    rests, lineage, geo, tls, workers, keyring, rotated = parts["rest"]
    return Snapshot(
        world=World(
            configuration=parts["configuration"],
            standings=dict(rows("standings")),
            holdings=dict(rows("holdings")),
            manifests={each.generation: each for name, each in parts.items() if name.startswith("manifest ")},
            **rests.world,
        ),
        lineage=lineage,
        classes=rows("classes"),
        table=Table(rests.table, rows("outcomes"), rows("rows"), rests.index),
        book=Book(rests.book, parts["tree"], rows("book"), parts["signed"], parts["compact"]),
        pages=replace(rests.pages, outcomes=rows("pages")),
        geo=geo,
        tls=tls,
        workers=workers,
        keyring=keyring,
        rotated=rotated,
        copies=parts["copies"],
    )


def _cut(rows: Any, size: int) -> Iterable[Any]:
    return (rows[start : start + size] for start in range(0, len(rows), size))
