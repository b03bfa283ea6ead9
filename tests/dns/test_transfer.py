"""Zone transfer (RFC 5936, RFC 1995): what goes out, to whom, and what it costs the others."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder, TcpServer, Transfers
from gslb.dns.copies import copy_zone
from gslb.dns.keyring import Keyring
from gslb.dns.zonecopy import MESSAGE_OCTETS, TooLong
from gslb.model import Configuration, Limits, Record, Transfer
from tests.dns import worlds
from tests.dns.door import bound, ended
from tests.dns.tsigs import KEYS, Signature, dnspython_key
from tests.dns.worlds import HOST, ZONE
from tests.fuzz import fuzz_transfer

pytestmark = pytest.mark.anyio

HERE = Transfer((ip_network("127.0.0.0/8"),))
KEYED = replace(HERE, tsig="transfer-key")
SERIAL = 2_026_112_301


def configured(transfer: Transfer | None = HERE, extra: str = "", **changes: object) -> Configuration:
    zone = replace(worlds.zone(text=worlds.RECORDS + extra), transfer=transfer)
    return worlds.configuration(zones=(zone,), **changes)


class Secondary:
    """A connection that asks for zones."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, wire: bytes) -> None:
        self.writer.write(struct.pack("!H", len(wire)) + wire)

    async def receive(self) -> bytes:
        size = struct.unpack("!H", await asyncio.wait_for(self.reader.readexactly(2), 30))[0]
        return await asyncio.wait_for(self.reader.readexactly(size), 30)

    async def ask(self, wire: bytes) -> dns.message.Message:
        self.send(wire)
        return dns.message.from_wire(await self.receive(), keyring=False, xfr=True, one_rr_per_rrset=True)

    async def take(self, wire: bytes, key: dns.tsig.Key | None = None, mac: bytes = b"") -> list[dns.message.Message]:
        """All messages of a transfer, to the second SOA; with a `key` each is verified (RFC 8945 section 5.3.1)."""
        self.send(wire)
        messages: list[dns.message.Message] = []
        context, soas = None, 0
        while soas < 2:
            message = dns.message.from_wire(
                await self.receive(), keyring=key or False, request_mac=mac, xfr=True, one_rr_per_rrset=True,
                tsig_ctx=context, multi=bool(key),
            )  # fmt: skip
            assert message.rcode() == dns.rcode.NOERROR
            context = message.tsig_ctx
            messages.append(message)
            soas += sum(rrset.rdtype == dns.rdatatype.SOA for rrset in message.answer)
        return messages


class Primary:
    def __init__(self, server: TcpServer, transfers: Transfers, responder: Responder, port: int) -> None:
        self.server, self.transfers, self.responder, self.port = server, transfers, responder, port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, source: str = "127.0.0.1") -> Secondary:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        self.writers.append(writer)
        return Secondary(reader, writer)

    async def until_running(self, count: int) -> None:
        while self.transfers.running != count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def counted(self, result: str, kind: str = "AXFR", zone: str = ZONE) -> int:
        return self.responder.counters.get(("gslb_dns_transfers_total", zone, kind, result), 0)


@asynccontextmanager
async def primary(config: Configuration | None = None, limits: Limits | None = None) -> AsyncIterator[Primary]:
    world = worlds.world(config or configured())
    copies = {copy.apex: copy for zone in world.configuration.zones if zone.transfer for copy in [copy_zone(world, zone, SERIAL)]}
    serving = replace(worlds.serving(world, serial=SERIAL), keyring=Keyring(tsig=KEYS), copies=copies)
    responder = Responder(serving, node="x")
    limits = limits or Limits()
    transfers = Transfers(responder, limits)
    sock = bound(socket.SOCK_STREAM, "127.0.0.1")
    server = TcpServer(sock, responder, limits, transfers=transfers)
    await server.start()
    here = Primary(server, transfers, responder, sock.getsockname()[1])
    try:
        yield here
    finally:
        await ended(server, responder, sock, here.writers, 0.2)
        assert transfers.running == 0


def axfr(name: str = ZONE, **more: object) -> bytes:
    return dns.message.make_query(name, "AXFR", id=7, flags=0, **more).to_wire()  # type: ignore[arg-type]


def ixfr(serial: int, name: str = ZONE) -> bytes:
    query = dns.message.make_query(name, "IXFR", id=8, flags=0)
    soa = f"ns1.{ZONE}. host.{ZONE}. {serial} 1 2 3 4"
    query.authority.append(dns.rrset.from_text(f"{name}.", 0, "IN", "SOA", soa))
    return query.to_wire()


def records(messages: list[dns.message.Message]) -> list[tuple[str, int, str, str]]:
    return [
        (rrset.name.to_text().lower(), rrset.ttl, dns.rdatatype.to_text(rrset.rdtype), rrset[0].to_text())
        for message in messages
        for rrset in message.answer
    ]


async def test_a_zone_goes_out_whole_between_two_soas_section_2_2() -> None:
    async with primary() as here:
        secondary = await here.connect()
        (message,) = await secondary.take(axfr())
        found = records([message])
        assert [kind for _, _, kind, _ in found[:1] + found[-1:]] == ["SOA", "SOA"]
        assert str(SERIAL) in found[0][3]
        wanted = {(f"{one.owner}.", one.type) for one in configured().zones[0].records}
        assert wanted <= {(name, dns.rdatatype.from_text(kind)) for name, _, kind, _ in found}
        assert (f"ns.sub.{ZONE}.", 600, "A", "192.0.2.99") in found  # glue
        assert len(found) == len(set(found)) + 1
        assert here.counted("sent") == 1


async def test_the_first_message_has_question_id_and_authority_section_2_2_1() -> None:
    async with primary() as here:
        secondary = await here.connect()
        wire = axfr(use_edns=0)
        (message,) = await secondary.take(wire.replace(b"inetboot", b"InetBoot"))
        assert message.id == 7
        assert message.flags & dns.flags.AA
        assert message.question[0].name.to_text() == "InetBoot.test."
        assert message.edns == 0


async def test_steered_names_go_out_with_every_site_and_the_longest_ttl() -> None:
    async with primary() as here:
        secondary = await here.connect()
        found = records(await secondary.take(axfr()))
        steered = {(ttl, kind, data) for name, ttl, kind, data in found if name == f"{HOST}."}
        assert steered == {
            (60, "A", "192.0.2.1"),
            (60, "A", "192.0.2.2"),
            (60, "A", "192.0.2.3"),
            (60, "AAAA", "2001:db8:1::1"),
            (60, "AAAA", "2001:db8:2::1"),
            (60, "TXT", '"steered for addresses alone"'),
        }


LONG = "".join(f'long{number} 60 IN TXT "{number:06d}{"x" * 200}"\n' for number in range(2000))


async def test_a_large_zone_comes_in_messages_of_16_kb_section_2_2() -> None:
    async with primary(configured(extra=LONG)) as here:
        secondary = await here.connect()
        messages = await secondary.take(axfr())
        assert len(messages) > 20
        assert all(message.question for message in messages)
        (copy,) = here.responder.serving.copies.values()
        assert max(len(answer.body) for answer in copy.messages) < MESSAGE_OCTETS
        names = [name for name, *_ in records(messages) if name.startswith("long")]
        assert len(names) == len(set(names)) == 2000


async def test_a_set_larger_than_a_message_goes_on_in_the_next() -> None:
    many = "".join(f'many 60 IN TXT "{number:06d}{"y" * 240}"\n' for number in range(200))
    async with primary(configured(extra=many)) as here:
        secondary = await here.connect()
        messages = await secondary.take(axfr())
        assert sum(name == f"many.{ZONE}." for name, *_ in records(messages)) == 200
        assert len(messages) > 3


def test_a_record_that_fits_no_message_is_told() -> None:
    zone = configured().zones[0]
    huge = replace(zone, records=(*zone.records, Record(f"huge2.{ZONE}", 60, 65280, bytes(65000))))
    with pytest.raises(TooLong, match="65000 octets"):
        copy_zone(worlds.world(worlds.configuration(zones=(huge,))), huge, 1)


@pytest.mark.parametrize("serial", [SERIAL - 1, SERIAL - (1 << 30), (SERIAL + (1 << 31) + 5) & 0xFFFFFFFF])
async def test_ixfr_from_an_older_serial_is_the_whole_zone_rfc_1995_section_4(serial: int) -> None:
    async with primary() as here:
        secondary = await here.connect()
        (message,) = await secondary.take(ixfr(serial))
        assert message.question[0].rdtype == dns.rdatatype.IXFR
        assert len(message.answer) > 20
        assert here.counted("sent", "IXFR") == 1


@pytest.mark.parametrize("serial", [SERIAL, SERIAL + 1])
async def test_ixfr_from_the_same_serial_or_a_newer_is_one_soa_rfc_1995_section_2(serial: int) -> None:
    async with primary() as here:
        message = await (await here.connect()).ask(ixfr(serial))
        assert [rrset.rdtype for rrset in message.answer] == [dns.rdatatype.SOA]
        assert here.counted("current", "IXFR") == 1


async def test_ixfr_without_an_soa_is_not_answered_with_a_zone() -> None:
    async with primary() as here:
        message = await (await here.connect()).ask(dns.message.make_query(ZONE, "IXFR").to_wire())
        assert message.rcode() == dns.rcode.REFUSED
        assert not message.answer


async def test_other_addresses_are_refused() -> None:
    async with primary(configured(Transfer((ip_network("127.0.0.2/32"),)))) as here:
        assert (await (await here.connect()).ask(axfr())).rcode() == dns.rcode.REFUSED
        assert await (await here.connect("127.0.0.2")).take(axfr())
        assert (here.counted("refused"), here.counted("sent")) == (1, 1)


async def test_nobody_is_allowed_who_is_not_named() -> None:
    async with primary(configured(Transfer())) as here:
        assert (await (await here.connect()).ask(axfr())).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("name", [f"www.{ZONE}", "example.org", "test"])
async def test_what_is_no_zone_of_ours_is_not_authoritative_section_2_2_1(name: str) -> None:
    async with primary() as here:
        assert (await (await here.connect()).ask(axfr(name))).rcode() == dns.rcode.NOTAUTH


async def test_a_zone_without_transfer_is_given_to_nobody() -> None:
    async with primary(configured(None)) as here:
        message = await (await here.connect()).ask(axfr())
        assert message.rcode() == dns.rcode.NOTAUTH
        assert not message.answer


async def test_with_a_key_each_message_is_signed_over_the_one_before_rfc_8945_section_5_3_1() -> None:
    async with primary(configured(KEYED, extra=LONG)) as here:
        secondary = await here.connect()
        signature = Signature()
        messages = await secondary.take(signature.on(axfr()), dnspython_key(), signature.mac)
        assert len(messages) > 20
        assert all(message.had_tsig for message in messages)


async def test_who_does_not_sign_or_with_another_key_is_refused() -> None:
    async with primary(configured(KEYED)) as here:
        secondary = await here.connect()
        assert (await secondary.ask(axfr())).rcode() == dns.rcode.REFUSED
        other = Signature("long", "hmac-sha512", KEYS["long"].secret)
        answer = await secondary.ask(other.on(axfr()))
        assert answer.rcode() == dns.rcode.REFUSED
        assert answer.tsig is not None
        assert (await secondary.ask(Signature(secret=b"x" * 32).on(axfr()))).rcode() == dns.rcode.NOTAUTH
        assert (await secondary.ask(Signature(time_s=1).on(axfr()))).rcode() == dns.rcode.NOTAUTH
        assert here.counted("unsigned") == 2
        assert here.counted("sent") == 0


async def test_the_key_alone_is_not_enough_without_the_address() -> None:
    async with primary(configured(replace(KEYED, allow=(ip_network("127.0.0.9/32"),)))) as here:
        answer = await (await here.connect()).ask(Signature().on(axfr()))
        assert (answer.rcode(), answer.tsig is not None) == (dns.rcode.REFUSED, True)


async def test_queries_behind_a_transfer_are_answered_after_it() -> None:
    async with primary(configured(extra=LONG)) as here:
        secondary = await here.connect()
        after = dns.message.make_query(f"info.{ZONE}", "TXT", id=99).to_wire()
        secondary.writer.write(b"".join(struct.pack("!H", len(wire)) + wire for wire in (axfr(), after)))
        ids = [struct.unpack("!H", (await secondary.receive())[:2])[0]]
        while ids[-1] != 99:
            ids.append(struct.unpack("!H", (await secondary.receive())[:2])[0])
        assert set(ids[:-1]) == {7}
        assert here.counted("sent") == 1


async def test_a_slow_secondary_slows_itself_and_costs_no_memory() -> None:
    """About 700 KB: the buffers of two sockets and 64 KB of ours, and then nothing more is written."""
    async with primary(configured(extra=LONG)) as here:
        loop = asyncio.get_running_loop()
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            await loop.sock_connect(slow, ("127.0.0.1", here.port))
            wire = axfr()
            await loop.sock_sendall(slow, (struct.pack("!H", len(wire)) + wire) * 20)
            other = await here.connect()
            assert await asyncio.wait_for(other.take(axfr()), 30)
            assert here.transfers.running == 1
        await here.until_running(0)
        assert here.counted("aborted") == 1


async def test_no_more_transfers_at_a_time_than_the_limit() -> None:
    async with primary(configured(extra=LONG), Limits(transfers=1)) as here:
        loop = asyncio.get_running_loop()
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            await loop.sock_connect(slow, ("127.0.0.1", here.port))
            wire = axfr()
            await loop.sock_sendall(slow, (struct.pack("!H", len(wire)) + wire) * 20)
            await here.until_running(1)
            async with asyncio.timeout(20):  # the first ones may go into buffers of the kernel as fast as they come
                while (await (await here.connect()).ask(axfr())).rcode() != dns.rcode.SERVFAIL:
                    pass
            assert here.counted("busy") == 1


async def test_a_transfer_ends_with_the_zone_that_it_began_with() -> None:
    async with primary(configured(extra=LONG)) as here:
        begun = here.transfers.begin(axfr(), "127.0.0.1", 1)
        assert not isinstance(begun, (bytes, type(None)))
        first = begun.message()
        here.responder.swap(replace(here.responder.serving, copies={}))
        found = [first, *iter(begun.message, None)]
        ends = [dns.message.from_wire(wire or b"", xfr=True, one_rr_per_rrset=True) for wire in (found[0], found[-1])]
        assert ends[0].answer[0] == ends[1].answer[-1]


def test_over_udp_nothing_is_transferred_section_4_2() -> None:
    responder = Responder(worlds.serving(worlds.world(configured())), node="x")
    reply = responder.respond(axfr(), "127.0.0.1")
    assert reply is not None
    assert reply[3] & 15 == dns.rcode.REFUSED


# Requests of any kind


def test_the_kept_corpus_of_requests() -> None:
    for wire in fuzz_transfer.seeds():
        fuzz_transfer.one_input(wire)


@given(st.sampled_from([axfr(), axfr(use_edns=0), ixfr(1), Signature(time_s=fuzz_transfer.NOW_S).on(ixfr(1))]), st.data())
def test_no_request_raises_or_gets_what_it_may_not(wire: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(wire)))
    end = data.draw(st.integers(at, min(at + 8, len(wire))))
    fuzz_transfer.one_input(wire[:at] + data.draw(st.binary(max_size=24)) + wire[end:])


async def test_a_transfer_that_fails_inside_ends_its_connection_and_nothing_else() -> None:
    """A secondary must not take half a zone for the whole."""
    async with primary(configured(extra=LONG)) as here:
        (copy,) = here.responder.serving.copies.values()
        broken = replace(copy, messages=(copy.messages[0], None))  # type: ignore[arg-type]
        here.responder.swap(replace(here.responder.serving, copies={copy.apex: broken}))
        secondary, other = await here.connect(), await here.connect()
        secondary.send(axfr())
        assert await secondary.receive()
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await secondary.receive()
        assert (await other.ask(dns.message.make_query(f"info.{ZONE}", "TXT").to_wire())).answer
        assert here.responder.counters.pop(("gslb_dns_failures_total", "AttributeError")) == 1
        assert here.counted("aborted") == 1
