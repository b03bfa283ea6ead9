"""DNS over TLS (RFC 7858): the same connections behind a handshake, and those that never get through it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import dns.edns
import dns.message
import pytest
import trustme
from cryptography import x509

from gslb.dns import Responder, TcpServer, Transfers, tls_context
from gslb.dns.copies import copy_zone
from gslb.dns.edns import opt_record, padded
from gslb.errors import UsageError
from gslb.model import Limits, Tls, Transfer
from tests.dns import worlds
from tests.dns.door import bound, ended
from tests.dns.test_tcp import answer, drain_answers, message

pytestmark = pytest.mark.anyio

AUTHORITY = trustme.CA()
LIMITS = Limits()


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


def certified(folder: Path, name: str) -> Tls:
    issued = AUTHORITY.issue_cert(name)
    files = folder / f"{name}.pem", folder / f"{name}.key"
    issued.cert_chain_pems[0].write_to_path(files[0])
    issued.private_key_pem.write_to_path(files[1])
    return Tls(str(files[0]), str(files[1]))


def client_context(*protocols: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Listening:
    def __init__(self, server: TcpServer, port: int) -> None:
        self.server, self.port = server, port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, name: str = "ns1.test", context: ssl.SSLContext | None = None) -> Pair:
        connecting = asyncio.open_connection("127.0.0.1", self.port, ssl=context or client_context(), server_hostname=name)
        pair = await asyncio.wait_for(connecting, 30)
        self.writers.append(pair[1])
        return pair

    async def raw(self) -> Pair:
        """Connected, and not shaking hands."""
        pair = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(pair[1])
        return pair

    def closed_for(self, reason: str) -> int:
        return self.server.counters.get(("gslb_dns_tcp_closed_total", reason), 0)

    async def until(self, reason: str, count: int = 1) -> None:
        async with asyncio.timeout(30):
            while self.closed_for(reason) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def until_held(self, count: int) -> None:
        async with asyncio.timeout(30):
            while self.server.connections != count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(folder: Path, limits: Limits = LIMITS) -> AsyncIterator[Listening]:
    zone = replace(worlds.zone(), transfer=Transfer((ip_network("127.0.0.0/8"),)))
    world = worlds.world(worlds.configuration(zones=(zone,)))
    copy = copy_zone(world, zone, 1)
    responder = Responder(replace(worlds.serving(world), copies={copy.apex: copy}), node="x", tcp_idle_s=limits.tcp_idle_s)
    sock = bound(socket.SOCK_STREAM, "127.0.0.1")
    context = tls_context(certified(folder, "ns1.test"))
    server = TcpServer(sock, responder, limits, transfers=Transfers(responder, limits), context=context)
    await server.start()
    here = Listening(server, sock.getsockname()[1])
    try:
        yield here
    finally:
        await ended(server, responder, sock, here.writers, 0.3)
        assert server.connections == 0


async def test_queries_are_pipelined_over_one_connection(tmp_path: Path) -> None:
    async with listening(tmp_path) as here:
        reader, writer = await here.connect()
        writer.write(b"".join(map(message, range(500))))
        assert [await answer(reader) for _ in range(500)] == list(range(500))
        assert here.server.counters["gslb_dns_answers_total", "tls", "TXT", "NOERROR"] == 500
        assert here.server.counters["gslb_dns_tcp_connections_total", "tls"] == 1


@pytest.mark.parametrize(("offered", "chosen"), [((), None), (("dot",), "dot"), (("h2", "dot"), "dot"), (("h2",), None)])
async def test_alpn_is_dot_for_who_offers_it(tmp_path: Path, offered: tuple[str, ...], chosen: str | None) -> None:
    async with listening(tmp_path) as here:
        _, writer = await here.connect(context=client_context(*offered))
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == chosen


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
async def test_nothing_older_than_tls_1_2_rfc_8996(tmp_path: Path) -> None:
    async with listening(tmp_path) as here:
        old, new = client_context(), client_context()
        old.maximum_version = old.minimum_version = ssl.TLSVersion.TLSv1_1
        new.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await here.connect(context=old)
        reader, writer = await here.connect(context=new)
        writer.write(message(7))
        assert await answer(reader) == 7


async def test_a_new_certificate_serves_the_next_connection_and_the_old_goes_on(tmp_path: Path) -> None:
    async with listening(tmp_path) as here:
        reader, writer = await here.connect("ns1.test")
        here.server.context = tls_context(certified(tmp_path, "ns2.test"))
        _, other = await here.connect("ns2.test")
        found = x509.load_der_x509_certificate(other.get_extra_info("ssl_object").getpeercert(binary_form=True))
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == ["ns2.test"]
        writer.write(message(2))
        assert await answer(reader) == 2


async def test_who_never_shakes_hands_is_cut_off_and_counted(tmp_path: Path) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_idle_s=0.2)) as here:
        reader, _ = await here.raw()
        assert await closes(reader)
        await here.until("handshake")
        await here.until_held(0)


async def test_octets_that_trickle_into_a_handshake_hold_nothing_open(tmp_path: Path) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_idle_s=0.3)) as here:
        reader, writer = await here.raw()

        async def trickle() -> None:
            for octet in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(1000):
                writer.write(bytes((octet,)))
                await asyncio.sleep(0.01)

        trickling = asyncio.create_task(trickle())
        try:
            assert await closes(reader)
        finally:
            trickling.cancel()
        await here.until("handshake")


@pytest.mark.parametrize("garbage", [b"\0\x1d" + bytes(29), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 600])
async def test_what_is_no_handshake_is_cut_off(tmp_path: Path, garbage: bytes) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_idle_s=2.0)) as here:
        reader, writer = await here.raw()
        writer.write(garbage)
        assert await closes(reader) is not None
        await here.until_held(0)
        assert here.closed_for("handshake") + here.closed_for("idle") == 1


async def closes(reader: asyncio.StreamReader) -> bool:
    """Whether the server ends the connection, perhaps with an alert."""
    try:
        await asyncio.wait_for(reader.read(), 30)
    except ConnectionError:
        pass
    return True


async def test_handshakes_count_for_their_client_and_the_longest_makes_room(tmp_path: Path) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_connections_per_client=3)) as here:
        waiting = [await here.raw() for _ in range(3)]
        await here.until_held(3)
        reader, writer = await here.connect()
        writer.write(message(1))
        assert await answer(reader) == 1
        assert await closes(waiting[0][0])
        assert here.server.connections == 3
        assert here.closed_for("evicted") == 1


async def test_an_idle_connection_is_closed(tmp_path: Path) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_idle_s=1.0)) as here:
        reader, writer = await here.connect()
        writer.write(message(1))
        assert await answer(reader) == 1
        assert await closes(reader)
        assert here.closed_for("idle") == 1


async def test_the_idle_time_out_is_told_rfc_7828(tmp_path: Path) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_idle_s=4.5)) as here:
        reader, writer = await here.connect()
        query = dns.message.make_query(
            f"info.{worlds.ZONE}", "TXT", use_edns=0, options=[dns.edns.GenericOption(dns.edns.OptionType.make(11), b"")]
        )
        wire = query.to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        size = struct.unpack("!H", await asyncio.wait_for(reader.readexactly(2), 30))[0]
        told = dns.message.from_wire(await reader.readexactly(size)).options
        assert [(option.otype, option.to_wire()) for option in told] == [(11, b"\0\x2d")]


async def test_a_slow_reader_is_cut_off_and_costs_little(tmp_path: Path) -> None:
    async with listening(tmp_path, replace(LIMITS, tcp_idle_s=1.0)) as here:
        _, writer = await here.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        flood = message(1, f"huge.{worlds.ZONE}") * 100

        async def send() -> None:
            while not writer.is_closing():
                writer.write(flood)
                await writer.drain()

        sending = asyncio.create_task(send())
        try:
            await here.until("slow")
        finally:
            sending.cancel()
        answered = sum(n for key, n in here.server.counters.items() if key[0] == "gslb_dns_answers_total")
        assert answered < 20_000


async def test_a_zone_is_transferred_over_tls_rfc_9103(tmp_path: Path) -> None:
    async with listening(tmp_path) as here:
        reader, writer = await here.connect()
        wire = dns.message.make_query(worlds.ZONE, "AXFR").to_wire()
        writer.write(struct.pack("!H", len(wire)) + wire)
        size = struct.unpack("!H", await asyncio.wait_for(reader.readexactly(2), 30))[0]
        found = dns.message.from_wire(await reader.readexactly(size), xfr=True, one_rr_per_rrset=True)
        assert found.answer[0].to_text() == found.answer[-1].to_text()


async def test_stop_answers_what_has_arrived_and_says_goodbye(tmp_path: Path) -> None:
    async with listening(tmp_path) as here:
        reader, writer = await here.connect()
        writer.write(message(1))
        assert await answer(reader) == 1
        writer.write(b"".join(map(message, range(2, 102))))
        await writer.drain()
        stopping = asyncio.create_task(here.server.stop(last_words_s=2))
        await drain_answers(reader, 100)
        assert await asyncio.wait_for(reader.read(), 30) == b""
        await stopping


async def test_what_was_asked_before_the_goodbye_is_answered(tmp_path: Path) -> None:
    async with listening(tmp_path) as here:
        _, writer = await here.connect()
        writer.write(b"".join(map(message, range(5))))
        writer.close()
        with contextlib.suppress(ssl.SSLError):  # answers after its own goodbye are more than Python's client can take
            await writer.wait_closed()
        await here.until_held(0)
        assert here.server.counters["gslb_dns_answers_total", "tls", "TXT", "NOERROR"] == 5


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_files_that_can_not_be_used_are_told_in_one_sentence(tmp_path: Path, broken: str) -> None:
    tls = certified(tmp_path, "ns1.test")
    Path(getattr(tls, broken)).write_text("nonsense")
    with pytest.raises(UsageError, match=r"^tls: .*ns1.test.pem with .*ns1.test.key can't be used: "):
        tls_context(tls)


def padding_query(name: str, *options: dns.edns.Option) -> bytes:
    padding = dns.edns.GenericOption(dns.edns.OptionType.make(12), bytes(40))
    return dns.message.make_query(name, "TXT", use_edns=0, want_dnssec=True, options=[*options, padding]).to_wire()


@pytest.mark.parametrize("name", ["info", "nowhere", "big"])
@pytest.mark.parametrize("options", [(), (dns.edns.NSIDOption(b""),)], ids=["alone", "with others"])
def test_who_pads_gets_padded_answers_in_blocks_rfc_8467(name: str, options: tuple[dns.edns.Option, ...]) -> None:
    responder = Responder(worlds.serving(), node="x")
    wire = padding_query(f"{name}.{worlds.ZONE}", *options)
    replies = [responder.respond(wire, "127.0.0.1", transport) or b"" for transport in (0, 1, 2)]
    assert len(replies[2]) % 468 == 0
    parsed = [dns.message.from_wire(reply) for reply in replies]
    assert [option.otype for option in parsed[2].options] == [option.otype for option in parsed[1].options] + [12]
    assert not any(parsed[2].options[-1].to_wire() or b"")
    assert len(replies[1]) % 468  # nobody learns less from what he can read
    assert parsed[2].answer == parsed[1].answer


def test_an_answer_that_has_no_room_is_not_padded() -> None:
    opt = opt_record(True)
    for octets in (65_506, 65_519):
        assert padded(bytes(octets - len(opt)) + opt, opt)[: octets - len(opt)] == bytes(octets - len(opt))
        assert len(padded(bytes(octets - len(opt)) + opt, opt)) in (65_518, octets)


def test_who_does_not_pad_gets_no_padding() -> None:
    responder = Responder(worlds.serving(), node="x")
    query = dns.message.make_query(f"info.{worlds.ZONE}", "TXT", use_edns=0)
    assert responder.respond(query.to_wire(), "127.0.0.1", 2) == responder.respond(query.to_wire(), "127.0.0.1", 1)
