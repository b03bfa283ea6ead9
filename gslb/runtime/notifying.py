"""Tells secondaries of each change of a zone (RFC 1996), until they answer or it is of no use."""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from gslb.dns.keyring import Keyring
from gslb.dns.notify import Notice, read_answer, write_notice
from gslb.dns.zonecopy import ZoneCopy
from gslb.model import Endpoint, Severity
from gslb.runtime.journal import Journal

METRICS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "gslb_dns_notifies_total": ("Secondaries told of a change: accepted, refused, unanswered.", ("zone", "result")),
}

# RFC 1996 section 3.6: wait longer after each, and give up. Who missed it all asks by himself after REFRESH.
WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
AT_A_TIME: Final = 32
SERVED_WITHIN_S: Final = 10.0
LOOK_EVERY_S: Final = 0.02

Target = tuple[str, Endpoint]  # zone and secondary


@dataclass(frozen=True, slots=True)
class Change:
    """`world` is the number of the World from which on workers give this serial out."""

    copy: ZoneCopy
    endpoint: Endpoint
    keyring: Keyring
    world: int


class Notifying:
    """`served` gives the number of the World that every worker has by now; `sources` are the addresses by which secondaries
    know us."""

    def __init__(
        self,
        journal: Journal,
        served: Callable[[], int],
        sources: Sequence[str] = (),
        waits_s: Sequence[float] = WAITS_S,
    ) -> None:
        self.counts: dict[tuple[str, str], int] = {}  # by zone and result
        self._journal, self._served, self._sources, self._waits_s = journal, served, tuple(sources), tuple(waits_s)
        self._serials: dict[Target, int] = {}
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_A_TIME)

    def published(self, copies: Mapping[bytes, ZoneCopy], keyring: Keyring, world: int) -> None:
        """Of these zones, tells who was not told of this serial; who is being told of an older one, hears of this instead."""
        wanted = {(copy.name, endpoint): copy for copy in copies.values() for endpoint in copy.transfer.notify}
        for gone in self._serials.keys() - wanted.keys():
            del self._serials[gone]
            self._forget(gone)
        for target, copy in wanted.items():
            if self._serials.get(target) != copy.serial:
                self._serials[target] = copy.serial
                self._forget(target)
                change = Change(copy, target[1], keyring, world)
                self._tasks[target] = asyncio.get_running_loop().create_task(self._tell(change))

    def _forget(self, target: Target) -> None:
        task = self._tasks.pop(target, None)
        if task is not None:
            task.cancel()

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, change: Change) -> None:
        await self._until_served(change.world)
        async with self._room:
            for wait_s in self._waits_s:
                rcode = await self._ask(change, wait_s)
                if rcode is not None:
                    return self._answered(change, rcode)
        self._count(change, "unanswered")
        self._say(change, "notify-unanswered", Severity.WARNING, f"did not answer {len(self._waits_s)} times")

    async def _until_served(self, world: int) -> None:
        """A secondary asks at once, and any worker may answer: each has to know the new serial."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SERVED_WITHIN_S
        while self._served() < world and loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)

    async def _ask(self, change: Change, wait_s: float) -> str | None:
        """The RCODE of the answer; None when none has come in that time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait_s
        key = change.copy.transfer.tsig
        secret = None if key is None else change.keyring.tsig.get(key)
        notice = write_notice(change.copy, secrets.randbelow(1 << 16), key, secret, int(time.time()))
        try:
            with self._socket(change.endpoint) as sock:
                await loop.sock_sendall(sock, notice.wire)
                async with asyncio.timeout_at(until):
                    return await _answer(loop, sock, notice)
        except TimeoutError:
            return None
        except OSError:  # nobody there, or no way there: it may come to be
            await asyncio.sleep(max(0.0, until - loop.time()))
            return None

    def _socket(self, endpoint: Endpoint) -> socket.socket:
        """Bound to an address of ours that is as local as theirs: a secondary believes who it knows."""
        target = ip_address(endpoint.host)
        family = socket.AF_INET6 if target.version == 6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            for source in self._sources:
                own = ip_address(source)
                if own.version == target.version and own.is_loopback == target.is_loopback and not own.is_unspecified:
                    sock.bind((source, 0))
                    break
            sock.connect((endpoint.host, endpoint.port))
        except OSError:
            sock.close()
            raise
        return sock

    def _answered(self, change: Change, rcode: str) -> None:
        self._count(change, "accepted" if rcode == "NOERROR" else "refused")
        if rcode == "NOERROR":
            self._say(change, "notify", Severity.INFO, "knows of it")
        else:
            why = ": is it a secondary of the zone, with this TSIG key?" if rcode in ("NOTAUTH", "REFUSED") else ""
            self._say(change, "notify-refused", Severity.WARNING, f"answered {rcode}{why}")

    def _count(self, change: Change, result: str) -> None:
        key = (change.copy.name, result)
        self.counts[key] = self.counts.get(key, 0) + 1

    def _say(self, change: Change, kind: str, severity: Severity, what: str) -> None:
        copy = change.copy
        message = f"serial {copy.serial} of {copy.name}: the secondary at {change.endpoint} {what}"
        self._journal.tell(kind, severity, copy.name, message)


async def _answer(loop: asyncio.AbstractEventLoop, sock: socket.socket, notice: Notice) -> str:
    """What comes and is no answer is not looked at."""
    while True:
        rcode = read_answer(notice, await loop.sock_recv(sock, 4096))
        if rcode is not None:
            return rcode
