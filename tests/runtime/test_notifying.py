"""NOTIFY (RFC 1996): secondaries that answer, refuse, lie or are not there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import pytest

from gslb.dns.copies import copy_zone
from gslb.dns.keyring import Keyring
from gslb.dns.zonecopy import ZoneCopy
from gslb.model import Endpoint, Transfer
from gslb.runtime.journal import Journal
from gslb.runtime.notifying import Notifying
from tests.dns import worlds
from tests.dns.tsigs import KEYS, dnspython_key
from tests.dns.worlds import ZONE
from tests.ports import free_port

pytestmark = pytest.mark.anyio

KEYRING = Keyring(tsig=KEYS)
Answering = Callable[[dns.message.Message], bytes | None]


@dataclass
class Secondary:
    """Hears what is sent to it; `answering` makes the answers."""

    answering: Answering
    endpoint: Endpoint
    heard: list[dns.message.Message] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_heard(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.heard) < count:
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def secondary(answering: Answering, key: dns.tsig.Key | None = None) -> AsyncIterator[Secondary]:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        here = Secondary(answering, Endpoint(*sock.getsockname()))

        def read() -> None:
            wire, peer = sock.recvfrom(4096)
            message = dns.message.from_wire(wire, keyring=key)
            here.heard.append(message)
            here.came.set()
            reply = here.answering(message)
            if reply is not None:
                sock.sendto(reply, peer)

        loop.add_reader(sock, read)
        try:
            yield here
        finally:
            loop.remove_reader(sock)


def said(rcode: dns.rcode.Rcode = dns.rcode.NOERROR, **changes: Any) -> Answering:
    """Answers so, with some of the message changed."""

    def answer(message: dns.message.Message) -> bytes:
        reply = dns.message.make_response(message)
        reply.set_rcode(rcode)
        for name, value in changes.items():
            setattr(reply, name, value)
        return reply.to_wire()

    return answer


def copied(serial: int, *endpoints: Endpoint, tsig: str | None = None) -> dict[bytes, ZoneCopy]:
    zone = replace(worlds.zone(), transfer=Transfer((), tsig, endpoints))
    copy = copy_zone(worlds.world(worlds.configuration(zones=(zone,))), zone, serial)
    return {copy.apex: copy}


class Told:
    """What is counted and told; `world` is what workers serve."""

    def __init__(self, waits_s: tuple[float, ...]) -> None:
        self.journal = Journal(None)
        self.world = 1
        self.notifying = Notifying(self.journal, lambda: self.world, ("127.0.0.1",), waits_s)

    def publish(self, copies: dict[bytes, ZoneCopy], world: int = 1) -> None:
        self.notifying.published(copies, KEYRING, world)

    async def until(self, result: str, count: int = 1) -> None:
        async with asyncio.timeout(30):
            while self.notifying.counts.get((ZONE, result), 0) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    def events(self) -> list[tuple[str, str]]:
        return [(event.kind, event.message) for event in self.journal.recent]


@asynccontextmanager
async def telling(*waits_s: float) -> AsyncIterator[Told]:
    told = Told(waits_s or (5.0,))
    try:
        yield told
    finally:
        await told.notifying.stop()


async def test_a_secondary_is_told_of_the_zone_and_its_serial_section_3_7() -> None:
    async with secondary(said()) as here, telling() as told:
        told.publish(copied(7, here.endpoint))
        await told.until("accepted")
        (message,) = here.heard
        assert message.opcode() == dns.opcode.NOTIFY
        assert message.flags & dns.flags.AA
        assert message.question[0].to_text() == f"{ZONE}. IN SOA"
        assert message.answer[0][0].serial == 7
        assert told.events() == [("notify", f"serial 7 of {ZONE}: the secondary at {here.endpoint} knows of it")]


async def test_it_is_told_of_each_serial_once() -> None:
    async with secondary(said()) as here, telling() as told:
        for serial in (7, 7, 8, 8, 8):
            told.publish(copied(serial, here.endpoint))
            await told.until("accepted", serial - 6)
        assert [message.answer[0][0].serial for message in here.heard] == [7, 8]


async def test_with_a_key_both_are_signed_rfc_8945() -> None:
    async with secondary(said(), dnspython_key()) as here, telling() as told:
        told.publish(copied(7, here.endpoint, tsig="transfer-key"))
        await told.until("accepted")
        assert here.heard[0].had_tsig


async def test_an_answer_without_the_key_is_none() -> None:
    def unsigned(message: dns.message.Message) -> bytes:
        reply = dns.message.make_response(message)
        reply.tsig = None
        reply.keyring = None
        return reply.to_wire()

    async with secondary(unsigned, dnspython_key()) as here, telling(0.05, 0.05) as told:
        told.publish(copied(7, here.endpoint, tsig="transfer-key"))
        await told.until("unanswered")
        assert len(here.heard) == 2


async def test_who_does_not_answer_is_told_again_and_then_given_up_section_3_6() -> None:
    async with secondary(lambda _: None) as here, telling(0.02, 0.04, 0.08) as told:
        told.publish(copied(7, here.endpoint))
        await told.until("unanswered")
        assert len(here.heard) == 3
        assert told.events()[-1][0] == "notify-unanswered"


async def test_who_is_not_there_may_come() -> None:
    async with telling(0.1, 0.1, 0.1, 5.0) as told:
        gone = Endpoint("127.0.0.1", free_port())
        told.publish(copied(7, gone))
        await asyncio.sleep(0.05)
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind((gone.host, gone.port))
            wire, peer = await asyncio.wait_for(loop.sock_recvfrom(sock, 4096), 30)
            sock.sendto(dns.message.make_response(dns.message.from_wire(wire)).to_wire(), peer)
            await told.until("accepted")


@pytest.mark.parametrize("rcode", [dns.rcode.NOTAUTH, dns.rcode.NOTIMP, dns.rcode.REFUSED])
async def test_who_refuses_is_not_asked_again_section_4_8(rcode: dns.rcode.Rcode) -> None:
    async with secondary(said(rcode)) as here, telling() as told:
        told.publish(copied(7, here.endpoint))
        await told.until("refused")
        assert len(here.heard) == 1
        assert f"answered {dns.rcode.to_text(rcode)}" in told.events()[-1][1]
        assert ("TSIG" in told.events()[-1][1]) is (rcode != dns.rcode.NOTIMP)


@pytest.mark.parametrize(
    "wrong",
    [
        said(id=1),
        said(flags=0),
        said(flags=int(dns.flags.QR)),  # opcode QUERY
        lambda _: b"",
        lambda _: b"\0" * 11,
        lambda message: message.to_wire()[:2] + bytes(200),
    ],
    ids=["other ID", "no response", "other opcode", "empty", "short", "zeros"],
)
async def test_what_is_no_answer_is_not_taken_for_one(wrong: Answering) -> None:
    """And the right one is heard behind it."""
    async with secondary(wrong) as here, telling(0.1, 5.0) as told:
        told.publish(copied(7, here.endpoint))
        await here.until_heard(1)
        here.answering = said()
        await told.until("accepted")
        assert len(here.heard) == 2


async def test_a_newer_serial_takes_the_place_of_one_that_nobody_has_answered() -> None:
    async with secondary(lambda _: None) as here, telling(0.1, 5.0) as told:
        told.publish(copied(7, here.endpoint))
        await here.until_heard(1)
        here.answering = said()
        told.publish(copied(8, here.endpoint))
        await told.until("accepted")
        assert [message.answer[0][0].serial for message in here.heard] == [7, 8]


async def test_nobody_is_told_before_every_worker_has_the_zone() -> None:
    """The secondary asks at once, and any worker may answer."""
    async with secondary(said()) as here, telling() as told:
        told.publish(copied(7, here.endpoint), world=2)
        await asyncio.sleep(0.1)
        assert not here.heard
        told.world = 2
        await told.until("accepted")


async def test_all_secondaries_are_told_whoever_is_silent() -> None:
    async with secondary(lambda _: None) as silent, secondary(said()) as here, telling() as told:
        told.publish(copied(7, silent.endpoint, here.endpoint))
        await told.until("accepted")


async def test_who_is_taken_from_the_configuration_is_told_no_more() -> None:
    async with secondary(lambda _: None) as here, telling(0.05, 0.05, 0.05, 0.05) as told:
        told.publish(copied(7, here.endpoint))
        await here.until_heard(1)
        told.publish({})
        await asyncio.sleep(0.15)
        assert len(here.heard) == 1
