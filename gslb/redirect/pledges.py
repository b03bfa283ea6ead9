"""Who stays at which generation of a release set: a table of fixed size, which the workers of a node share.

The problem. A client fetches the files of a set one by one, over minutes and many connections, and each may land on another
worker. When the mirrors get a new generation meanwhile, and it becomes the one that is served, a client that began with the
old one must go on with that, or it has a kernel of one release and a miniroot of another. So every worker has to know, before
its first answer after the change, what any other has begun: a message between them would come too late.

The table. Shared memory, one word of 64 bits per client network and set, so that each is read and written in one piece (an
aligned store of 8 octets is whole on every machine that runs us) and no reader can see half a pledge:

    key 20 | generation 20 | overtime 7 | last seen 17

A key is hashed to a bucket of eight words, which are a line of the cache, and to its 20 bits; a generation is known by 20 bits
of its hash. `last seen` counts seconds of the monotonic clock, which is one clock for all processes of a machine, and goes
round after 36 hours. Where a bucket is full, whoever has been quiet for longest is forgotten.

What can go wrong. Two networks with the same bits (one in 131,072 that meet in a bucket) share a pledge: both stay at one
generation, and nothing else is in here, so neither gets anything of the other's. A forgotten network gets what is served. Two
workers that meet the same new client at once would each begin with the generation that they know as served, so beginning is
done under a lock of the bucket; nobody waits long for it, because whoever has it may be frozen. What a process that dies
leaves behind is a whole word, and its locks go with it (fcntl(2)). Where the last two meet, a pledge may be written over.

Overtime. A network is many clients, and some are never all quiet at once. Were that enough to stay, one mirror that no longer
gets updates would keep every busy network of the world for as long as it stands. So a network may stay at what is no longer
served for OVERTIME pledges, from its first request after the change: an hour, by the defaults.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

WAYS: Final = 8
OCTETS: Final = 8  # of one word
OVERTIME: Final = 6  # pledges
_QUARTERS: Final = 4  # of a pledge: the unit of overtime
_KEY, _GENERATION, _OVERTIME, _SEEN = 20, 20, 7, 17  # bits
_ROUND: Final = 1 << _SEEN
_AHEAD: Final = 60  # seconds that another worker's clock may have been read after ours


class Memory(Protocol):
    """Words of 64 bits: an array, or a memoryview cast to "Q"."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> int: ...
    def __setitem__(self, index: int, value: int, /) -> None: ...


class Locks(Protocol):
    """Keeps other processes from beginning in the same bucket, as far as that can be had at once."""

    def hold(self, bucket: int) -> AbstractContextManager[object]: ...


class Alone:
    """One process needs no locks."""

    def hold(self, bucket: int) -> AbstractContextManager[object]:
        return nullcontext()


class Event(StrEnum):
    BEGUN = "begun"
    KEPT = "kept"  # at a generation that is no longer the served one
    ENDED = "ended"  # nobody holds it any more, or overtime is over: it goes on with what is served
    EVICTED = "evicted"  # for another network, though not quiet for long


class Stay(NamedTuple):
    """`events` are what there is to count of one request: mostly nothing."""

    generation: str
    events: tuple[Event, ...] = ()


class _Word(NamedTuple):
    key: int
    generation: int
    overtime: int  # 0: at what is served; else when it began to be more, in quarters of a pledge, from 1 on
    seen: int

    @classmethod
    def read(cls, word: int) -> _Word:
        return cls(
            word >> (_GENERATION + _OVERTIME + _SEEN),
            word >> (_OVERTIME + _SEEN) & ((1 << _GENERATION) - 1),
            word >> _SEEN & ((1 << _OVERTIME) - 1),
            word & (_ROUND - 1),
        )

    def write(self) -> int:
        return ((self.key << _GENERATION | self.generation) << _OVERTIME | self.overtime) << _SEEN | self.seen


class _Place(NamedTuple):
    bucket: int
    key: int


def words_for(clients: int) -> int:
    """How many words a table for so many has: whole buckets."""
    return -(-clients // WAYS) * WAYS


class Pledges:
    """`memory` may be shared with other processes, if they have the same `locks`."""

    def __init__(self, memory: Memory, locks: Locks | None = None) -> None:
        self._memory = memory
        self._locks: Locks = Alone() if locks is None else locks
        self._buckets = len(memory) // WAYS

    def stay(self, client: bytes, served: str, reachable: Collection[str], now_s: float, pledge_s: float) -> Stay:
        """Which generation a client gets: that which it has begun with while it is `reachable`, else what is `served`."""
        place, now = self._place(client), int(now_s) % _ROUND
        index, word = self._find(place, now, pledge_s)
        if index is None:
            return self._begin(place, served, reachable, now_s, pledge_s)
        return self._go_on(index, word, served, reachable, now_s, pledge_s)

    def touch(self, client: bytes, now_s: float, pledge_s: float) -> None:
        """It is not quiet, and may have this file from anywhere."""
        now = int(now_s) % _ROUND
        index, word = self._find(self._place(client), now, pledge_s)
        if index is not None and word.seen != now:
            self._memory[index] = word._replace(seen=now).write()

    def _place(self, client: bytes) -> _Place:
        digest = int.from_bytes(blake2b(client, digest_size=8, person=b"gslb pledge").digest(), "big")
        return _Place((digest >> _KEY) % self._buckets, digest & ((1 << _KEY) - 1) or 1)

    def _find(self, place: _Place, now: int, pledge_s: float) -> tuple[int | None, _Word]:
        first, memory = place.bucket * WAYS, self._memory
        for index in range(first, first + WAYS):
            word = memory[index]
            if word >> (_GENERATION + _OVERTIME + _SEEN) == place.key:
                found = _Word.read(word)
                if _age(found, now) <= pledge_s:
                    return index, found
        return None, _NOBODY

    def _begin(self, place: _Place, served: str, reachable: Collection[str], now_s: float, pledge_s: float) -> Stay:
        now = int(now_s) % _ROUND
        with self._locks.hold(place.bucket):
            index, word = self._find(place, now, pledge_s)  # another worker may have been first
            if index is not None:
                return self._go_on(index, word, served, reachable, now_s, pledge_s)
            index, age = self._oldest(place, now)
            self._memory[index] = _Word(place.key, tag_of(served), 0, now).write()
        return Stay(served, (Event.BEGUN, Event.EVICTED) if age <= pledge_s else (Event.BEGUN,))

    def _oldest(self, place: _Place, now: int) -> tuple[int, int]:
        """The word to be taken, and for how long it was quiet: its own one of earlier, a free one, the quietest."""
        first, memory = place.bucket * WAYS, self._memory
        ages = {}
        for index in range(first, first + WAYS):
            word = _Word.read(memory[index])
            ages[index] = _ROUND + (word.key == place.key) if word.key in (0, place.key) else _age(word, now)
        oldest = max(ages, key=ages.__getitem__)
        return oldest, ages[oldest]

    def _go_on(self, index: int, word: _Word, served: str, reachable: Collection[str], now_s: float, pledge_s: float) -> Stay:
        generation, overtime, event = served, 0, Event.ENDED
        if word.generation != tag_of(served):
            begun, over = _overtime(word, now_s, pledge_s)
            old = next((each for each in reachable if tag_of(each) == word.generation), "")
            if old and not over:
                generation, overtime, event = old, begun, Event.KEPT
        renewed = _Word(word.key, tag_of(generation), overtime, int(now_s) % _ROUND)
        if renewed != word:
            self._memory[index] = renewed.write()
        return Stay(generation, () if word.generation == tag_of(served) else (event,))


_NOBODY: Final = _Word(0, 0, 0, 0)


@lru_cache(maxsize=4096)
def tag_of(generation: str) -> int:
    digest = blake2b(generation.encode("utf-8", "surrogatepass"), digest_size=4, person=b"gslb edition").digest()
    return int.from_bytes(digest, "big") >> (32 - _GENERATION)


def _age(word: _Word, now: int) -> int:
    """Seconds since it was seen."""
    age = (now - word.seen) % _ROUND
    return 0 if age >= _ROUND - _AHEAD else age


def _overtime(word: _Word, now_s: float, pledge_s: float) -> tuple[int, bool]:
    """When its overtime began, as it is written down, and whether that is over."""
    turn = (1 << _OVERTIME) - 1
    quarter = int(now_s * _QUARTERS / pledge_s) % turn
    if word.overtime == 0:
        return quarter + 1, False
    spent = (quarter - (word.overtime - 1)) % turn
    return word.overtime, OVERTIME * _QUARTERS < spent < turn - 1
