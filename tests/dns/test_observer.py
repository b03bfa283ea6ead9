"""What is noted of queries and answers, over each transport, and what that costs who answers."""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from pathlib import Path
from typing import Literal

import dns.message
import pytest

from gslb.dns import Responder, UdpServer
from gslb.dns.dnstap import Encoder
from gslb.dns.observer import OCTETS_EACH, Backlog, Exchange, Link, Observer, Sampled
from gslb.dns.querylog import LineWriter
from tests.dns import worlds
from tests.dns.door import HOSTS, TRANSPORTS, Transport, bound, opened
from tests.dns.test_tcp import answer, message
from tests.dns.test_tls import listening
from tests.dns.test_transfer import axfr, primary
from tests.fuzz import fuzz_dns
from tests.fuzz.fuzz_discretion import DISCRETION

pytestmark = pytest.mark.anyio
LINK = Link("udp", ("192.0.2.53", 53), ("133.11.0.7", 4711))
QUERY = dns.message.make_query(worlds.HOST, "A", id=7).to_wire()


@pytest.fixture
def responder() -> Responder:
    return Responder(worlds.serving(known=tuple(worlds.PLACES)), node="tokyo-1")


def backlog(limit: int = 100) -> Backlog:
    return Backlog(limit, lambda: None)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_each_exchange_is_noted_with_both_ends(responder: Responder, transport: Transport) -> None:
    tap: Backlog[Exchange] = backlog()
    responder.observer = Observer(tap)
    with opened(responder) as door:
        reply = door.exchange(QUERY, transport)
    (noted,) = tap.take(9)
    assert (noted.query, noted.reply) == (QUERY, reply)
    assert noted.link.transport == transport[:3]
    assert noted.link.local[:2] == (HOSTS[transport[-1]], door.ports[transport])
    assert noted.link.peer[0] == HOSTS[transport[-1]]
    assert noted.link.peer[1] not in (0, door.ports[transport])
    assert 0 < noted.asked_ns <= noted.told_ns


@pytest.mark.parametrize(("wildcard", "host"), [("0.0.0.0", "127.0.0.7"), ("::", "::1")])
async def test_of_a_wildcard_socket_the_address_that_was_asked_is_noted(responder: Responder, wildcard: str, host: str) -> None:
    tap: Backlog[Exchange] = backlog()
    responder.observer = Observer(tap)
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with bound(socket.SOCK_DGRAM, wildcard) as sock, socket.socket(family, socket.SOCK_DGRAM) as client:
        server = UdpServer(sock, responder)
        server.start(loop)
        client.setblocking(False)
        client.connect((host, sock.getsockname()[1]))
        client.send(QUERY)
        await asyncio.wait_for(loop.sock_recv(client, 4096), 20)
        server.stop(loop)
        (noted,) = tap.take(9)
        assert noted.link.local[:2] == (host, sock.getsockname()[1])


def test_a_message_without_an_answer_is_noted_without_one(responder: Responder) -> None:
    tap: Backlog[Exchange] = backlog()
    assert Observer(tap).respond(responder, b"short", LINK) is None
    assert [(noted.query, noted.reply) for noted in tap.take(9)] == [(b"short", None)]


def test_what_finds_no_room_is_dropped_and_counted(responder: Responder) -> None:
    tap: Backlog[Exchange] = backlog(limit=2)
    observer = Observer(tap)
    for _ in range(5):
        assert observer.respond(responder, QUERY, LINK) is not None
    assert (len(tap), tap.dropped) == (2, 3)
    assert len(tap.take(1)) == 1
    observer.respond(responder, QUERY, LINK)
    assert (len(tap), tap.dropped) == (2, 3)


def test_the_taker_is_woken_when_there_is_something_again() -> None:
    woken = Counter[str]()
    waiting: Backlog[int] = Backlog(9, lambda: woken.update(["now"]))
    for number in range(3):
        waiting.put(number)
    assert (woken["now"], waiting.take(9)) == (1, [0, 1, 2])
    waiting.put(3)
    assert woken["now"] == 2


def test_a_sample_knows_how_a_steered_answer_came_about_also_when_it_was_remembered(responder: Responder) -> None:
    log: Backlog[Sampled] = backlog()
    observer = Observer(None, log, 1)
    for _ in range(3):
        observer.respond(responder, QUERY, LINK)
    assert [(each.served and each.served.steered.sites[0], each.world) for each in log.take(9)] == [("jp-1", 1)] * 3


def test_a_sample_of_an_answer_that_was_not_steered_knows_no_site(responder: Responder) -> None:
    log: Backlog[Sampled] = backlog()
    observer = Observer(None, log, 1)
    static = dns.message.make_query(f"go.{worlds.ZONE}", "A").to_wire()
    for wire in (QUERY, static, QUERY, b"short", QUERY, QUERY[:20]):
        observer.respond(responder, wire, LINK)
    assert [each.served is not None for each in log.take(9)] == [True, False, True, False, True, False]


def test_one_in_so_many_is_sampled_by_chance_and_not_in_step(responder: Responder) -> None:
    log: Backlog[Sampled] = Backlog(10_000, lambda: None)
    observer = Observer(None, log, 10, chance=random.Random(3).random)
    gaps, since = Counter[int](), 0
    for _ in range(5_000):
        observer.respond(responder, QUERY, LINK)
        since += 1
        if log.take(1):
            gaps[since] += 1
            since = 0
    assert 400 < sum(gaps.values()) < 600
    assert len(gaps) > 20, "as many gaps as chance makes"


def test_the_same_seed_samples_the_same_queries(responder: Responder) -> None:
    def sampled() -> list[int]:
        log: Backlog[Sampled] = backlog()
        observer = Observer(None, log, 4, chance=random.Random(1).random)
        for number in range(60):
            observer.respond(responder, number.to_bytes(2, "big") + QUERY[2:], LINK)
        return [each.exchange.query[1] for each in log.take(99)]

    assert sampled() == sampled() != []


@pytest.mark.parametrize(("number", "name"), [("udp", "udp"), ("tcp", "tcp"), ("dot", "tls")])
def test_who_is_observed_is_counted_as_ever(responder: Responder, number: Literal["udp", "tcp", "dot"], name: str) -> None:
    Observer(backlog()).respond(responder, QUERY, LINK._replace(transport=number))
    assert [key[1] for key in responder.counters if key[0] == "gslb_dns_answers_total"] == [name]


def test_long_messages_take_more_room() -> None:
    """Strangers may send 64 KB over TCP: ten thousand of these would be all of our memory."""
    waiting: Backlog[int] = Backlog(10, lambda: None)
    for number in range(5):
        waiting.put(number, octets=OCTETS_EACH * 5)
    assert (len(waiting), waiting.dropped) == (3, 2)
    assert waiting.take(2) == [0, 1]
    waiting.put(9, octets=1)
    assert (len(waiting), waiting.dropped) == (2, 2)


async def test_a_transfer_is_noted_without_what_goes_out() -> None:
    """A zone may be large, and nobody asks a log for it; a refusal is noted as it is."""
    tap: Backlog[Exchange] = backlog()
    async with primary() as here:
        here.responder.observer = Observer(tap)
        secondary = await here.connect()
        await secondary.take(axfr())
        refused = axfr("elsewhere.test")
        reply = await secondary.ask(refused)
    transfer, refusal = tap.take(9)
    assert (transfer.query, transfer.reply, transfer.link.transport) == (axfr(), None, "tcp")
    assert (refusal.query, dns.message.from_wire(refusal.reply or b"").rcode()) == (refused, reply.rcode())


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})], ids=["uvloop"])
async def test_a_query_over_tls_is_noted_with_the_ends_of_its_connection(tmp_path: Path) -> None:
    tap: Backlog[Exchange] = backlog()
    async with listening(tmp_path) as here:
        here.server._responder.observer = Observer(tap)
        reader, writer = await here.connect()
        writer.write(message(7))
        assert await answer(reader) == 7
        (noted,) = tap.take(9)
        assert noted.link == ("dot", ("127.0.0.1", here.port), writer.get_extra_info("sockname"))


def test_whoever_is_observed_gets_the_same_answers() -> None:
    """Also to what is no query; and each of them can be shown."""
    plain, observed = (Responder(worlds.serving(known=tuple(worlds.PLACES)), node="tokyo-1") for _ in range(2))
    tap, log = backlog(), backlog()
    observer = Observer(tap, log, 1)
    encoder, lines = Encoder(worlds.configuration(), "x", DISCRETION), LineWriter("x", DISCRETION)
    for wire in fuzz_dns.messages(5_000, 21):
        assert observer.respond(observed, wire, LINK) == plain.respond(wire, LINK.peer[0])
        (exchange,), (sampled,) = tap.take(2), log.take(2)
        assert len(encoder.payloads(exchange)) == (1 if exchange.reply is None else 2)
        assert lines.line(sampled).endswith(b"}\n")
    assert plain.counters == observed.counters
