"""Release sets: which files belong together, and which site holds them.

A set is every path under a prefix. A generation of it is named by the hash of its manifest (or of its sentinel files, where
it has none): two sites at one generation hold the same files, and only those may be mixed. Files that are named by the hash
of their content, as the blocks of HTTP-FUSE are, are the same wherever they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from gslb.model.configuration import Door
from gslb.model.place import Family

_BY_CONTENT: Final = re.compile(r"(?:.*/)?([0-9a-f]{40}|[0-9a-f]{64})")


class ManifestFile(NamedTuple):
    """What a manifest says of one file: hashes in hexadecimal, size in octets. None: it does not say."""

    sha256: str | None = None
    sha1: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """The files of one generation, by path relative to the prefix of the set, decoded (as they stand in the manifest)."""

    generation: str
    files: Mapping[str, ManifestFile]

    def __contains__(self, path: str) -> bool:
        return path in self.files


class Hold(StrEnum):
    GOOD = "good"  # all that was looked at is as its generation says
    UNKNOWN = "unknown"  # not looked at yet, or nobody could look
    ABSENT = "absent"  # not there, or being changed
    WRONG = "wrong"  # a file is not what it should be: the site is out of this set, whatever else is down


@dataclass(frozen=True, slots=True)
class Holding:
    """How one site holds one set, over one family through one door. `generation` is "" where none is known."""

    hold: Hold
    generation: str = ""
    reason: str = ""


class HoldingKey(NamedTuple):
    service: str
    content: str
    door: Door
    site: str
    family: Family


class SetKey(NamedTuple):
    service: str
    content: str


@dataclass(frozen=True, slots=True)
class Edition:
    """Which generation of a set is served ("" while none is known). `shortage` says in words why not a newer one, or why
    fewer sites than usual have it; "" when all is well.
    """

    served: str
    shortage: str = ""


def named_by_content(path: str) -> bool:
    """Whether the last segment of a path is a SHA-1 or SHA-256 in hexadecimal."""
    return _BY_CONTENT.fullmatch(path) is not None
