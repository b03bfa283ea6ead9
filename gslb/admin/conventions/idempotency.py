"""`Idempotency-Key`: a change that is asked for twice is made once.

Whoever did not hear the answer asks again with the same key, and gets the answer of the first time. What was refused changed
nothing and is not remembered: it is judged anew. Keys are remembered by this process alone, for a day; a restart forgets them.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Final

from gslb.admin.counting import Counters

KEPT_S: Final = 24 * 3600.0
OCTETS_MOST: Final = 8 << 20  # of all remembered answers
REPLAYS: Final = "gslb_admin_idempotent_replays_total"

_KEY: Final = re.compile(r"[!-~]{1,255}", re.ASCII)


def is_key(text: str) -> bool:
    """Visible ASCII, in quotes or not; to us it is the same as long as it is the same."""
    return _KEY.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Verdict(Enum):
    NEW = "new"
    BUSY = "busy"  # the first one is not answered yet
    OTHER = "other"  # the key belongs to another request


@dataclass(slots=True)
class _Kept:
    request: bytes
    until_s: float
    answer: Answer | None = None


class Remembered:
    """Requests by who asked and the key. `most()` is the bound of keys; the oldest goes where there would be one too many."""

    def __init__(self, clock: Callable[[], float], most: Callable[[], int]) -> None:
        self.octets = 0
        self.counters: Counters = {}
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, who: str, key: str, request: bytes) -> Verdict | Answer:
        """NEW: carry it out, then `finish` or `forget` it. `request` is a digest of all that was asked."""
        now_s = self._clock()
        self._sweep(now_s)
        kept = self._kept.get((who, key))
        if kept is None:
            self._kept[who, key] = _Kept(request, now_s + KEPT_S)
            return Verdict.NEW
        if kept.request != request:
            return Verdict.OTHER
        if kept.answer is None:
            return Verdict.BUSY
        self.counters[(REPLAYS,)] = self.counters.get((REPLAYS,), 0) + 1
        return kept.answer

    def finish(self, who: str, key: str, answer: Answer) -> None:
        kept = self._kept.get((who, key))
        if kept is not None:
            kept.answer = answer
            self.octets += len(answer.body)
            while self.octets > OCTETS_MOST:
                self._drop_oldest()

    def forget(self, who: str, key: str) -> None:
        kept = self._kept.pop((who, key), None)
        if kept is not None and kept.answer is not None:
            self.octets -= len(kept.answer.body)

    def _sweep(self, now_s: float) -> None:
        """In the order of time, so the oldest are in front; room is made for one more."""
        while self._kept and (len(self._kept) >= self._most() or next(iter(self._kept.values())).until_s <= now_s):
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        who, key = next(iter(self._kept))
        self.forget(who, key)


def digest(method: str, path: str, query: bytes, kind: str, body: bytes) -> bytes:
    """Of a request, so that two are equal only if all that counts is."""
    parts = (method.encode(), path.encode(), query, kind.encode(), body)
    return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
