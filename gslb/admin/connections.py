"""All connections of the admin side: how many there may be, and which one goes when there is one too many."""

from __future__ import annotations

from collections import Counter
from typing import Final, Protocol

CONNECTIONS_MOST: Final = 256
PER_PEER_MOST: Final = 64


class Connection(Protocol):
    """`since_s` is when it became busy, or idle; busy: it has a request that is not answered."""

    @property
    def peer(self) -> str: ...
    @property
    def busy(self) -> bool: ...
    @property
    def since_s(self) -> float: ...

    def cut(self) -> None:
        """End it at once."""


class Connections:
    """Who holds the most gives way, so that nobody alone can keep others out."""

    def __init__(self, most: int = CONNECTIONS_MOST, per_peer_most: int = PER_PEER_MOST) -> None:
        self._most = most
        self._per_peer_most = per_peer_most
        self._all: dict[Connection, None] = {}
        self._peers: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, connection: Connection) -> None:
        """Takes one in; ends another first where the peer, or all of them, have as many as they may."""
        if self._peers[connection.peer] >= self._per_peer_most:
            self._evict(connection.peer)
        elif len(self._all) >= self._most:
            self._evict(max(self._peers, key=self._peers.__getitem__))
        self._all[connection] = None
        self._peers[connection.peer] += 1

    def discard(self, connection: Connection) -> None:
        if connection not in self._all:
            return
        del self._all[connection]
        self._peers[connection.peer] -= 1
        if not self._peers[connection.peer]:
            del self._peers[connection.peer]

    def _evict(self, peer: str) -> None:
        """The longest idle one; the longest busy one where none is idle."""
        own = (each for each in self._all if each.peer == peer)
        victim = min(own, key=lambda each: (each.busy, each.since_s))
        self.discard(victim)
        victim.cut()
