"""The vocabulary of looking at release sets: what to look at, where, within which bounds, and what came of it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from probes.model import HOST, Exchange


class Look(StrEnum):
    """How a site has a set, as far as was looked."""

    GOOD = "good"  # all that was looked at is as its manifest says
    ABSENT = "absent"  # not there, not readable, or being changed
    WRONG = "wrong"  # a file is not what it should be
    UNKNOWN = "unknown"  # nobody could look: how the site is, is for other probes to say


class FileFact(NamedTuple):
    """What is known of one file: hashes in hexadecimal, size in octets. None: it is not known."""

    sha256: str | None = None
    sha1: str | None = None
    size: int | None = None


class Fault(NamedTuple):
    """What is wrong with one file, in words that name it."""

    path: str
    look: Look
    reason: str


@dataclass(frozen=True, slots=True)
class ContentTarget:
    """One set on one site at one address, as the clients of one door ask for it. Raises ValueError for what could not be asked.

    `key` is the caller's own. `host` is what `Host` says, with a port where clients would send one. `prefix` is as in a URL;
    the other paths are relative to it and decoded, as they stand in a manifest. `rsync` is the URL of the same directory.
    """

    key: str
    site: str
    address: str
    port: int
    host: str
    prefix: str
    tls: bool = False
    verify: bool = True
    manifest: str | None = None
    sentinels: tuple[str, ...] = ()
    lock: str | None = None
    sample: int = 4
    every_s: float = 3600.0
    rsync: str | None = None

    def __post_init__(self) -> None:
        if "%" in self.address:
            raise ValueError(f"address: {self.address} has a zone index, which no client could use")
        ipaddress.ip_address(self.address)
        if not 1 <= self.port <= 65535:
            raise ValueError("port: 1 to 65535")
        if not HOST.fullmatch(self.host):
            raise ValueError(f"host: {self.host!r} is not a host name")
        if not re.fullmatch(r"/([\x21-\x7e]*/)?", self.prefix):
            raise ValueError("prefix: begins and ends with / and is plain ASCII without spaces; encode the rest with %")
        if self.manifest is None and not self.sentinels:
            raise ValueError("a set without manifest and sentinels can't be looked at")

    @property
    def exchange(self) -> tuple[object, ...]:
        """What makes two targets the same on the wire."""
        return tuple(getattr(self, name) for name in self.__slots__ if name not in ("key", "site"))


@dataclass(frozen=True, slots=True)
class ContentResult:
    """What came of looking at one set on one site.

    `generation` is "" and `files` None where none is known; `files` is shared by all results of a generation, not a copy.
    `checked` counts files, `hashed` those read whole; `lacking`, `wrong` and the first `faults` tell what is the matter with
    how many. `modified_utc` is the Last-Modified of the manifest. `exchange` is the one that decided. `retry_after_s` is what
    the site asked for.
    """

    key: str
    site: str
    address: str
    look: Look
    reason: str
    generation: str
    files: Mapping[str, FileFact] | None
    modified_utc: datetime | None
    checked: int
    full: bool
    at_monotonic: float
    at_utc: datetime
    exchange: Exchange
    hashed: int = 0
    lacking: int = 0
    wrong: int = 0
    faults: tuple[Fault, ...] = ()
    octets: int = 0
    retry_after_s: float | None = None
