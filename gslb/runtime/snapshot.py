"""What control ships to the workers: one World and everything made ahead of it."""

from __future__ import annotations

from dataclasses import dataclass

from gslb.dns import Book
from gslb.model import World
from gslb.redirect import Pages
from gslb.steering import ClientClass, Table


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`geo` stamps the databases: when it changes, a worker opens them anew."""

    world: World
    classes: tuple[tuple[str, ClientClass], ...]
    table: Table
    book: Book
    pages: Pages
    geo: str
