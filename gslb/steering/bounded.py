"""A cache that can't grow without bound, and costs a hit one dictionary look-up."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Two generations: when the young one is full, it becomes the old one, and what nobody asked for since is gone.

    `limit` bounds both together. It keeps what is in use almost as well as a list of least recent use does.
    """

    __slots__ = ("_half", "_old", "young")

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self.young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        value = self.young.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        if len(self.young) >= self._half and key not in self.young:
            self._old, self.young = self.young, {}
        self.young[key] = value

    def clear(self) -> None:
        self.young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self.young) + sum(key not in self.young for key in self._old)
