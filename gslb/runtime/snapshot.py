"""What control ships to the workers: one World and everything made ahead of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gslb.dns import Book
from gslb.dns.keyring import Keyring
from gslb.dns.zonecopy import ZoneCopy
from gslb.model import World
from gslb.redirect import Pages
from gslb.steering import ClientClass, Table


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`lineage` names the numbering of the classes: while it is the same, they are only appended to.

    `geo` and `tls` stamp files outside: when a stamp changes, a worker reads the databases, or the certificate, anew.
    `workers` share the limits of connections; `keyring` are the secrets that they answer with; `copies` are the zones that
    secondaries may take, by apex. `rotated` is another text after each order to begin logs anew.
    """

    world: World
    lineage: str
    classes: tuple[tuple[str, ClientClass], ...]
    table: Table
    book: Book
    pages: Pages
    geo: str
    tls: str = ""
    workers: int = 1
    keyring: Keyring = Keyring()
    rotated: str = ""
    copies: Mapping[bytes, ZoneCopy] = field(default_factory=dict)
