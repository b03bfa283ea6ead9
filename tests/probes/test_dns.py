"""The dns prober against a real responder over UDP and TCP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from probes.dns import probe_dns
from probes.model import Check, Target
from probes.setting import Setting
from probes.verdict import Verdict
from tests.ports import free_port

pytestmark = pytest.mark.anyio

SHORT = Setting(timeout_s=0.6, phase_s=0.3)
CHECK = Check("dns", query_name="knoppix.example")

Reply = Callable[[dns.message.Message], bytes | None]


class _Responder(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        answer = self._reply(dns.message.from_wire(data))
        assert self._transport is not None
        if answer is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def responding(reply: Reply, over_tcp: Reply | None = None, address: str = "127.0.0.1") -> AsyncIterator[Target]:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
        answer = (over_tcp or reply)(dns.message.from_wire(query)) or b""
        writer.write(len(answer).to_bytes(2, "big") + answer)
        writer.close()

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(connected, address, 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(lambda: _Responder(reply), local_addr=(address, port))
    try:
        yield Target("k", "ns1", address, port, CHECK, "ns1.example")
    finally:
        transport.abort()
        server.close()
        await server.wait_closed()


def with_address(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.answer.append(dns.rrset.from_text("knoppix.example.", 60, "IN", "A", "192.0.2.33"))
    return answer.to_wire()


def refused(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.set_rcode(dns.rcode.REFUSED)
    return answer.to_wire()


def cut(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.TC
    return answer.to_wire()


def check_containing(target: Target, text: str) -> Target:
    check = Check("dns", query_name="knoppix.example", contains=text)
    return Target("k", "ns1", target.address, target.port, check, "ns1.example")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_noerror_is_ok(address: str) -> None:
    async with responding(with_address, address=address) as target:
        result = await probe_dns(target, SHORT)
        named = await probe_dns(check_containing(target, "192.0.2.33"), SHORT)
        other = await probe_dns(check_containing(target, "192.0.2.34"), SHORT)
    assert (result.verdict, result.reason) == (Verdict.OK, "answered NOERROR with 1 record sets")
    assert named.ok
    assert other.verdict is Verdict.WRONG_CONTENT
    assert result.timings.first_byte_ms is not None
    assert "knoppix.example. IN A" in result.exchange.request


async def test_another_rcode_is_named() -> None:
    async with responding(refused) as target:
        result = await probe_dns(target, SHORT)
    assert (result.verdict, result.reason) == (Verdict.DNS_RCODE, "answered REFUSED")


async def test_a_cut_answer_is_asked_for_again_over_tcp() -> None:
    async with responding(cut, over_tcp=with_address) as target:
        result = await probe_dns(check_containing(target, "192.0.2.33"), SHORT)
    assert result.ok


async def test_a_broken_answer_over_tcp_is_malformed() -> None:
    async with responding(cut, over_tcp=lambda query: b"\0\0") as target:
        result = await probe_dns(target, SHORT)
    assert result.verdict is Verdict.MALFORMED


async def test_silence_times_out() -> None:
    async with responding(lambda query: None) as target:
        result = await probe_dns(target, SHORT)
    assert result.verdict is Verdict.TIMEOUT_FIRST_BYTE


async def test_an_answer_to_another_question_is_not_heard() -> None:
    async with responding(lambda query: b"\0\0" if query.id else b"\1\1") as target:
        result = await probe_dns(target, SHORT)
    assert result.verdict is Verdict.TIMEOUT_FIRST_BYTE


async def test_garbage_with_our_id_is_malformed() -> None:
    async with responding(lambda query: query.id.to_bytes(2, "big") + b"\x81\x80garbage") as target:
        result = await probe_dns(target, SHORT)
    assert result.verdict is Verdict.MALFORMED


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_a_closed_port_is_refused_at_once(address: str) -> None:
    result = await probe_dns(Target("k", "ns1", address, free_port(address), CHECK, "ns1.example"), SHORT)
    assert result.verdict is Verdict.REFUSED


async def test_the_dig_line_repeats_the_question() -> None:
    async with responding(with_address) as target:
        result = await probe_dns(target, SHORT)
        process = await asyncio.create_subprocess_shell(f"{result.exchange.command} +short", stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert out == b"192.0.2.33\n"
