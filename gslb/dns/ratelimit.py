"""Response rate limiting: a network is sent no more over UDP than is configured, whoever forges its addresses.

An answer counts for each network that its client is in, and goes out if none of them has had its fill; what does not go
out does not count. An account holds the answers of this second and those of the one before, which fade out as this one goes
by. So a flood gets in each second what is configured, and no more in its first; and who was quiet for two seconds may have
all of it at once.

The table has a fixed size and its keys are whole networks, hashed with the interpreter's secret: nobody is limited for the
sake of another. When it is full, of a few accounts drawn by lot the emptiest makes room. So sources without end push out
each other, and hardly ever a network that is being flooded; and who is pushed out begins with an empty account.
"""

from __future__ import annotations

import random
import secrets
import socket
import time
from collections.abc import Callable
from typing import Final

from gslb.dns.codes import TC
from gslb.dns.serving import Kept
from gslb.model import Network, RateLimit
from gslb.model.counting import Counters, add

DRAWN: Final = 4
WIDER: Final = 4  # a /48 gets what so many /56 do
ADDRESS_SHARE: Final = 0.75  # of what its network gets, so that a busy address leaves some to its neighbours


class _Account:
    """Answers to one network. Times are in windows of the limiter."""

    __slots__ = ("before", "count", "key", "since")

    def __init__(self, key: bytes, now: float) -> None:
        self.key, self.since, self.count, self.before = key, now, 0, 0

    def load(self, now: float) -> float:
        """Answers that still count at `now`, whose window becomes this one."""
        passed = now - self.since
        if passed >= 1:
            if passed < 2:
                self.since, self.before = self.since + 1, self.count
                passed -= 1
            else:
                self.since, self.before, passed = now, 0, 0.0
            self.count = 0
        return self.count + self.before * (1 - passed)


class RateLimiter:
    """Limits what one of so many `workers` sends, so that all of them together send what `settings` say.

    `clock` gives monotonic seconds, `draw` so many random bits.
    """

    def __init__(
        self,
        settings: RateLimit,
        *,
        workers: int = 1,
        networks_max: int = 65536,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[int], int] | None = None,
    ) -> None:
        self.dry_run = settings.dry_run
        self.replaced = 0
        share = settings.responses_per_s / workers
        fill = max(1, int(share))
        address = max(1, int(fill * ADDRESS_SHARE))
        self._fills4: tuple[int, ...] = (fill, address)
        self._fills6: tuple[int, ...] = (fill * WIDER, fill, address)
        self._windows_per_s = min(1.0, share)  # more workers than answers: each gives one in several seconds
        self._slip, self._limited = settings.slip, 0
        self._exempt = tuple(map(_bits, settings.exempt))
        self._clock = clock
        self._draw = draw or random.Random(secrets.randbits(128)).getrandbits
        self._max = networks_max
        self._accounts: dict[bytes, _Account] = {}
        self._slots: list[_Account] = []

    def __len__(self) -> int:
        return len(self._slots)

    def admits(self, peer: str) -> bool:
        """Whether an answer may go to this address. If so, it counts."""
        keys: tuple[bytes, ...]
        if ":" in peer:
            address = socket.inet_pton(socket.AF_INET6, peer.partition("%")[0])
            keys, fills = (address[:6], address[:7], address), self._fills6
        else:
            address = socket.inet_pton(socket.AF_INET, peer)
            keys, fills = (address[:3], address), self._fills4
        if self._exempt and self._exempts(address):
            return True
        now = self._clock() * self._windows_per_s
        accounts = []  # the widest first: what that refuses opens no account
        for key, fill in zip(keys, fills):  # noqa: B905 - both are of that family
            account = self._accounts.get(key) or self._opened(key, now)
            if account.load(now) + 1 > fill:
                return False
            accounts.append(account)
        for account in accounts:
            account.count += 1
        return True

    def slips(self) -> bool:
        """Whether this limited answer is the n-th, which goes out cut."""
        self._limited += 1
        return bool(self._slip) and self._limited % self._slip == 0

    def _opened(self, key: bytes, now: float) -> _Account:
        account = _Account(key, now)
        if len(self._slots) < self._max:
            self._slots.append(account)
        else:
            slot = self._emptiest(now)
            del self._accounts[self._slots[slot].key]
            self._slots[slot] = account
            self.replaced += 1
        self._accounts[key] = account
        return account

    def _emptiest(self, now: float) -> int:
        """Of those drawn. Which these are nobody can foresee, nor arrange that all of them are full."""
        bits, slots = self._draw(32 * DRAWN), self._slots
        drawn = [((bits >> shift & 0xFFFFFFFF) * len(slots)) >> 32 for shift in range(0, 32 * DRAWN, 32)]
        return min(drawn, key=lambda slot: slots[slot].load(now))

    def _exempts(self, address: bytes) -> bool:
        number, octets = int.from_bytes(address, "big"), len(address)
        return any(size == octets and number >> shift == bits for size, bits, shift in self._exempt)


def _bits(network: Network) -> tuple[int, int, int]:
    """Octets of an address, the network's bits, and how many bits follow them."""
    shift = network.max_prefixlen - network.prefixlen
    return network.max_prefixlen // 8, int(network.network_address) >> shift, shift


def instead(kept: Kept, limiter: RateLimiter, counters: Counters) -> bytes | None:
    """What goes out behind the ID in place of an answer: the way to come back, or nothing.

    A BADCOOKIE always does: it is as large as the query and a server cookie, and lets nobody in who is not there.
    """
    cut = bool(kept.brief) and bool(kept.brief[0] & TC >> 8)
    if not kept.brief or (cut and not limiter.slips()):
        add(counters, "gslb_dns_rate_limited_total", "dropped")
        return None
    add(counters, "gslb_dns_rate_limited_total", "slipped" if cut else "badcookie")
    return kept.brief
