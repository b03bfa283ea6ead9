"""How often anybody may guess a token.

What counts is different wrong tokens, not requests: a script that keeps sending yesterday's token locks nobody out. They are
counted by address (IPv6: /64), and together by /24 and /48, which one person may have whole. Of the wider count is exempt
who has shown a good token before, so that a neighbour can't lock him out.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_network
from typing import Final

from gslb.admin.counting import Counters
from gslb.admin.credentials import address_of, network_of

GUESSES_MOST: Final = 10
GUESSES_OF_NEIGHBOURS_MOST: Final = 100
WINDOW_S: Final = 60.0
TRUSTED_S: Final = 12 * 3600.0
TRUSTED_MOST: Final = 1024

WRONG: Final = "gslb_admin_wrong_tokens_total"
THROTTLED: Final = "gslb_admin_throttled_total"

_AROUND: Final = {4: 24, 6: 48}


class Throttle:
    """Bounded: of `most()` networks the last wrong tokens each; the network that was quiet longest is forgotten."""

    def __init__(self, most: Callable[[], int] = lambda: 16_384, counters: Counters | None = None) -> None:
        self._most = most
        self._counters = {} if counters is None else counters
        self._guesses: OrderedDict[str, dict[int, float]] = OrderedDict()
        self._trusted: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._guesses)

    def wait_s(self, peer: str, now_s: float) -> int:
        """Seconds until a token is looked at again; 0: at once."""
        network = network_of(peer)
        wait_s = self._wait_s(network, GUESSES_MOST, now_s)
        if not self._is_trusted(network, now_s):
            wait_s = max(wait_s, self._wait_s(around(peer), GUESSES_OF_NEIGHBOURS_MOST, now_s))
        if wait_s:
            self._count(THROTTLED)
        return wait_s

    def wrong(self, peer: str, token_sha256: str, now_s: float) -> None:
        self._count(WRONG)
        self._note(network_of(peer), GUESSES_MOST, token_sha256, now_s)
        self._note(around(peer), GUESSES_OF_NEIGHBOURS_MOST, token_sha256, now_s)
        while len(self._guesses) > self._most():
            self._guesses.popitem(last=False)

    def right(self, peer: str, now_s: float) -> None:
        network = network_of(peer)
        self._trusted[network] = now_s
        self._trusted.move_to_end(network)
        while len(self._trusted) > TRUSTED_MOST:
            self._trusted.popitem(last=False)

    def _wait_s(self, network: str, most: int, now_s: float) -> int:
        guesses = self._fresh(network, now_s)
        return 0 if len(guesses) < most else max(1, math.ceil(min(guesses.values()) + WINDOW_S - now_s))

    def _note(self, network: str, most: int, token_sha256: str, now_s: float) -> None:
        guesses = self._fresh(network, now_s)
        if len(guesses) < most:
            guesses[int(token_sha256[:16], 16)] = now_s
        self._guesses[network] = guesses
        self._guesses.move_to_end(network)

    def _fresh(self, network: str, now_s: float) -> dict[int, float]:
        guesses = self._guesses.get(network, {})
        return {token: at_s for token, at_s in guesses.items() if now_s - at_s < WINDOW_S}

    def _is_trusted(self, network: str, now_s: float) -> bool:
        return now_s - self._trusted.get(network, -math.inf) < TRUSTED_S

    def _count(self, name: str) -> None:
        self._counters[(name,)] = self._counters.get((name,), 0) + 1


def around(peer: str) -> str:
    """The /24 or /48 of a peer."""
    address = address_of(peer)
    return str(address) if address is None else str(ip_network((int(address), _AROUND[address.version]), strict=False))
