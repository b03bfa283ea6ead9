"""Keys of a zone, and what each is for at a given second.

All that a key goes through is in the times of its file, as BIND has them, so nobody has to move it on: a node that
was off for a week finds it where all others do. A key is

- in the DNSKEY set from Publish to Delete, and signs that set if it is a key-signing one (flag SEP): one that the
  parent may point to at any moment from then on must have signed it before;
- told to the parent in CDS and CDNSKEY from SyncPublish to SyncDelete (RFC 7344);
- signing the zone's data from Activate to Inactive. Key-signing keys do so only where no zone-signing key of their
  algorithm does: then they are combined ones (CSK).

A zone whose keys have all run out goes on with those that it had last: every resolver that knows its DS refuses
unsigned answers, so a key past its time is the smaller evil. It is told as `overdue`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from gslb.dns.signing.algorithms import Algorithm, Secret

ZONE_KEY: Final = 256
SEP: Final = 1  # RFC 4034 section 2.1.1
PROTOCOL: Final = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """UTC in seconds; None: never. The names are those of BIND's key files."""

    created: int | None = None
    publish: int | None = None
    activate: int | None = None
    inactive: int | None = None
    delete: int | None = None
    sync_publish: int | None = None
    sync_delete: int | None = None
    ds_publish: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """`zone` is lower case without final dot. `stem` is the path of its files without the ending."""

    zone: str
    flags: int
    algorithm: Algorithm
    secret: Secret = field(repr=False)
    timing: Timing
    stem: str = ""
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # lines of the private file that mean nothing to us

    @property
    def sep(self) -> bool:
        return bool(self.flags & SEP)

    @property
    def rdata(self) -> bytes:
        """Of its DNSKEY record."""
        return self.flags.to_bytes(2, "big") + bytes((PROTOCOL, self.algorithm.number)) + self.secret.public

    @property
    def tag(self) -> int:
        return key_tag(self.rdata)

    def published(self, utc_s: float) -> bool:
        return _within(self.timing.publish, self.timing.delete, utc_s)

    def active(self, utc_s: float) -> bool:
        """A key that is deleted signs no more, unless its Inactive says that it does (the end of a roll to another
        algorithm, RFC 6781 section 4.1.4)."""
        end = self.timing.delete if self.timing.inactive is None else self.timing.inactive
        return self.timing.publish is not None and _within(self.timing.activate, end, utc_s)

    def synced(self, utc_s: float) -> bool:
        return self.published(utc_s) and _within(self.timing.sync_publish, self.timing.sync_delete, utc_s)

    def steps(self) -> Iterator[int]:
        """The seconds at which it becomes another one for the zone."""
        timing = self.timing
        for at in (timing.publish, timing.activate, timing.inactive, timing.delete, timing.sync_publish, timing.sync_delete):
            if at is not None:
                yield at

    def at(self, **times: int | None) -> Key:
        """The same key with other times."""
        return replace(self, timing=replace(self.timing, **times))


class KeyState(StrEnum):
    PREPARED = "prepared"  # not published yet
    PUBLISHED = "published"  # resolvers get to know it; it signs no data
    ACTIVE = "active"
    RETIRED = "retired"  # signs no data any more, and stays until nobody has its signatures
    REMOVED = "removed"


def state(key: Key, utc_s: float) -> KeyState:
    timing = key.timing
    if _reached(timing.delete, utc_s):
        return KeyState.REMOVED
    if not _reached(timing.publish, utc_s):
        return KeyState.PREPARED
    if _reached(timing.inactive, utc_s):
        return KeyState.RETIRED
    return KeyState.ACTIVE if _reached(timing.activate, utc_s) else KeyState.PUBLISHED


@dataclass(frozen=True, slots=True)
class KeySet:
    """Who does what. `next_step` is the second at which that changes, None if it does not."""

    published: tuple[Key, ...]
    set_signers: tuple[Key, ...]  # of DNSKEY, CDS and CDNSKEY
    data_signers: tuple[Key, ...]  # of all else
    synced: tuple[Key, ...]
    overdue: bool = False
    since: int = 0  # the last step before it
    next_step: int | None = None

    @property
    def usable(self) -> bool:
        return bool(self.set_signers) and any(key in self.published for key in self.data_signers)


@dataclass(frozen=True, slots=True)
class ZoneKeys:
    """The keys of one zone as they were in its directory, in the order of their tags."""

    zone: str
    keys: tuple[Key, ...] = ()

    def at(self, utc_s: float) -> KeySet:
        """Not `usable` if there is no key that ever was."""
        now = _key_set(self.keys, utc_s)
        if now.usable:
            return now
        for before in sorted({at - 1 for key in self.keys for at in key.steps() if at <= utc_s}, reverse=True):
            earlier = _key_set(self.keys, before)
            if earlier.usable:
                return replace(earlier, overdue=True, since=now.since, next_step=now.next_step)
        return now


def _key_set(keys: tuple[Key, ...], utc_s: float) -> KeySet:
    published = tuple(key for key in keys if key.published(utc_s))
    active = [key for key in keys if key.active(utc_s)]
    split = {key.algorithm.number for key in active if not key.sep}
    steps = sorted(at for key in keys for at in key.steps())
    return KeySet(
        published=published,
        set_signers=tuple(key for key in published if key.sep),
        data_signers=tuple(key for key in active if not key.sep or key.algorithm.number not in split),
        synced=tuple(key for key in published if key.sep and key.synced(utc_s)),
        since=max((at for at in steps if at <= utc_s), default=0),
        next_step=next((at for at in steps if at > utc_s), None),
    )


def key_tag(rdata: bytes) -> int:
    """RFC 4034 appendix B."""
    total = sum(rdata[0::2]) * 256 + sum(rdata[1::2])
    return (total + (total >> 16)) & 0xFFFF


def _reached(at: int | None, utc_s: float) -> bool:
    return at is not None and at <= utc_s


def _within(start: int | None, end: int | None, utc_s: float) -> bool:
    return _reached(start, utc_s) and not _reached(end, utc_s)
