"""How often anybody may guess a token.

What counts is different wrong tokens, not requests: a script that keeps sending yesterday's token locks nobody out.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from gslb.admin.credentials import network_of

GUESSES_MOST = 10
WINDOW_S = 60.0
NETWORKS_MOST = 1024


class Throttle:
    """Bounded: of 1,024 networks the ten last wrong tokens each; the network that was quiet longest is forgotten."""

    def __init__(self) -> None:
        self._guesses: OrderedDict[str, dict[str, float]] = OrderedDict()

    def wait_s(self, peer: str, now_s: float) -> int:
        """Seconds until a token is looked at again; 0: at once."""
        guesses = self._fresh(network_of(peer), now_s)
        if len(guesses) < GUESSES_MOST:
            return 0
        return max(1, math.ceil(min(guesses.values()) + WINDOW_S - now_s))

    def wrong(self, peer: str, token_sha256: str, now_s: float) -> None:
        network = network_of(peer)
        guesses = self._fresh(network, now_s)
        if len(guesses) < GUESSES_MOST:
            guesses[token_sha256] = now_s
        self._guesses[network] = guesses
        self._guesses.move_to_end(network)
        while len(self._guesses) > NETWORKS_MOST:
            self._guesses.popitem(last=False)

    def _fresh(self, network: str, now_s: float) -> dict[str, float]:
        guesses = self._guesses.get(network, {})
        return {token: at_s for token, at_s in guesses.items() if now_s - at_s < WINDOW_S}
