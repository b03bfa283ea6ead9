"""DNS cookies (RFC 7873), with server cookies as every server makes them (RFC 9018).

A client that shows a server cookie of ours has been sent one at its address: nobody has forged that address. So it is
answered however many ask beside it. A cookie that does not hold costs nothing but that; its client gets a new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from siphash24 import siphash24  # type: ignore[import-not-found]  # compiled, without stubs

from gslb.dns.codes import COOKIE_OPTION

CLIENT_OCTETS: Final = 8
FULL_OCTETS: Final = 24  # client cookie, version, reserved, time, hash (RFC 9018 section 4)
LENGTHS: Final = frozenset((8, *range(16, 41)))  # RFC 7873 section 5.2.2
SECRET_OCTETS: Final = 16

# RFC 9018 section 4.3: an hour back, five minutes ahead, and a new one when it is half an hour old.
OLDEST_S: Final = 3600
AHEAD_S: Final = 300
RENEWED_S: Final = 1800

CLIENT_HEAD: Final = bytes((0, COOKIE_OPTION, 0, CLIENT_OCTETS))
FULL_HEAD: Final = bytes((0, COOKIE_OPTION, 0, FULL_OCTETS))
_VERSION: Final = b"\1\0\0\0"  # and the reserved octets


@dataclass(slots=True)  # not frozen: that costs as much as the hash
class Seen:
    """What a cookie was found to be, and the whole one to answer with. `result` is for the counters."""

    good: bool
    result: str
    reply: bytes


class Jar:
    """Makes cookies with the first secret, and believes those of all. `utc` gives seconds since 1970.

    A cookie that was good is remembered with its client until it is to be renewed, as clients send it with every query.
    """

    def __init__(self, secrets: tuple[bytes, ...], utc: Callable[[], float] = time.time, known_max: int = 16384) -> None:
        self.secrets = secrets
        self._utc = utc
        self._known_max = known_max
        self._known: dict[tuple[bytes, bytes], tuple[Seen, float]] = {}

    def look(self, cookie: bytes, address: bytes) -> Seen:
        """`cookie` is the content of an option of a length among LENGTHS, `address` the client's 4 or 16 octets."""
        known = self._known.get((cookie, address))
        now = self._utc()
        if known is not None and now < known[1]:
            return known[0]
        seen = self._judge(cookie, address, int(now))
        if seen.result == "good":
            if len(self._known) >= self._known_max:
                self._known.clear()
            self._known[cookie, address] = seen, now + RENEWED_S - _age(cookie, int(now))
        return seen

    def _judge(self, cookie: bytes, address: bytes, now: int) -> Seen:
        result = self._result(cookie, address, now)
        if result == "good":
            return Seen(True, result, cookie)
        return Seen(result == "renewed", result, self._made(cookie[:CLIENT_OCTETS], address, now))

    def _result(self, cookie: bytes, address: bytes, now: int) -> str:
        if len(cookie) == CLIENT_OCTETS:
            return "client"
        if len(cookie) != FULL_OCTETS or cookie[8] != _VERSION[0]:
            return "bad"
        age = _age(cookie, now)
        if not -AHEAD_S <= age <= OLDEST_S:
            return "old"
        # RFC 9018 section 4.2: the reserved octets are those that came, whatever they are.
        hashes = [_hash(cookie[:16], address, secret) for secret in self.secrets]
        if cookie[16:] not in hashes:
            return "bad"
        return "good" if cookie[16:] == hashes[0] and age < RENEWED_S else "renewed"

    def _made(self, client: bytes, address: bytes, now: int) -> bytes:
        head = client + _VERSION + (now & 0xFFFFFFFF).to_bytes(4, "big")
        return head + _hash(head, address, self.secrets[0])


def _age(cookie: bytes, now: int) -> int:
    """Seconds since the cookie was made, by serial number arithmetic (RFC 1982): it works on after 2106."""
    age = (now - int.from_bytes(cookie[12:16], "big")) & 0xFFFFFFFF
    return age - (1 << 32) if age >= 1 << 31 else age


def _hash(head: bytes, address: bytes, secret: bytes) -> bytes:
    digest: bytes = siphash24(head + address, key=secret).digest()
    return digest


def tail_octets(wire: bytes) -> int:
    """Octets of the cookie that `wire` seems to end with: 8, 24, or 0. Whoever has read the same but for these octets knows."""
    if wire[-28:-24] == FULL_HEAD:
        return FULL_OCTETS
    return CLIENT_OCTETS if wire[-12:-8] == CLIENT_HEAD else 0
