"""What is remembered from one look to the next, all of it bounded: the longest unused is forgotten first.

Nothing here is believed of a site that was not read from that site, but for what the beginning and the end of a file are:
those are known by the hash of the whole, wherever that was read.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar
from zlib import crc32

from probes.content.manifest import Listed
from probes.content.model import Fault

SUSPECTS = 16
"""Files of one site that are looked at in every round, since something was wrong with them."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping of at most so many, each counted as `weigh` says; the newest stays, whatever it weighs."""

    def __init__(self, most: int, weigh: Callable[[V], int] = lambda value: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._kept: OrderedDict[K, V] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: K, value: V) -> V:
        if (before := self._kept.pop(key, None)) is not None:
            self.weight -= self._weigh(before)
        self._kept[key] = value
        self.weight += self._weigh(value)
        while self.weight > self._most and len(self._kept) > 1:
            self.weight -= self._weigh(self._kept.popitem(last=False)[1])
        return value


class Validators(NamedTuple):
    """What a server says of a file without sending it."""

    size: int | None = None
    etag: str | None = None
    modified: str | None = None

    def differ(self, other: "Validators") -> bool:
        """Whether the file is another; what one of the two does not say says nothing."""
        return any(None not in pair and pair[0] != pair[1] for pair in zip(self, other, strict=True))

    def same(self, other: "Validators") -> bool:
        """Whether there is a word for it that the file is the same."""
        said = (self.etag and other.etag) or (self.modified and other.modified)
        return bool(said) and not self.differ(other)


class Verified(NamedTuple):
    """A file that was read whole from one site: its hashes, and what the server said of it then."""

    validators: Validators
    sha256: str
    sha1: str


class Ends(NamedTuple):
    """SHA-256 of the beginning and of the end of a file."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A file with a fault. A large one that was read whole is read again when its validators change, or after `again_s`."""

    fault: Fault
    validators: Validators
    again_s: float


class Manifested(NamedTuple):
    """The manifest of a site as it came last."""

    key: Hashable  # in `Memory.manifests`
    octets: int
    etag: str | None


@dataclass(slots=True)
class SiteMemory:
    """Of one set on one site over one address."""

    position: int  # where the sample goes on
    scan_position: int = 0  # where whole hashes of a scan go on
    turn: int = 0
    large_again_s: float = 0.0  # when a round may read a large file whole again
    manifest: Manifested | None = None
    suspects: dict[str, Suspect] = field(default_factory=dict)

    def suspect(self, path: str, suspect: Suspect) -> None:
        if path in self.suspects or len(self.suspects) < SUSPECTS:
            self.suspects[path] = suspect


class Pace:
    """Has those who ask for a turn wait, so that there are at most so many a second."""

    def __init__(self) -> None:
        self._next_s = 0.0

    async def turn(self, per_s: float) -> None:
        now_s = asyncio.get_running_loop().time()
        start_s = max(now_s, self._next_s)
        self._next_s = start_s + 1 / per_s
        if start_s > now_s:
            await asyncio.sleep(start_s - now_s)


class Memory:
    """`sites` sets on sites, manifests of `listed` files together, facts of `files` read whole."""

    def __init__(self, sites: int = 8192, listed: int = 200_000, files: int = 65_536) -> None:
        self.manifests: Recent[Hashable, Listed | str] = Recent(listed, _files)  # by what was read: or what is wrong with it
        self.verified: Recent[tuple[Hashable, str], Verified] = Recent(files)  # by exchange and path
        self.ends: Recent[str, Ends] = Recent(files)  # by SHA-256 and by SHA-1 of the whole
        self.octets_in_hand = 0  # of manifests that are being read
        self.pace = Pace()  # of all scans together
        self._sites: Recent[Hashable, SiteMemory] = Recent(sites)

    def site(self, exchange: Hashable) -> SiteMemory:
        """Sites begin at different files, so that together they see more of a set."""
        known = self._sites.get(exchange)
        return known or self._sites.put(exchange, SiteMemory(crc32(repr(exchange).encode())))


def _files(known: Listed | str) -> int:
    """What is wrong with a manifest counts too: a mirror may have another one each time."""
    return 100 if isinstance(known, str) else len(known.files)
