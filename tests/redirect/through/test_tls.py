"""Over TLS on both sides: the scheme stays the client's."""

from __future__ import annotations

import asyncio
import ssl
from ipaddress import ip_address
from pathlib import Path

import pytest

from gslb.model import Limits, World
from gslb.redirect.through import Through
from tests.probes import peers
from tests.redirect import doors
from tests.redirect.test_tls import AUTHORITY, contexts
from tests.redirect.through import sites
from tests.redirect.through.sites import CALM, DATED, GRUB, OCTETS, PATH, Scripted, file, small_receive_buffer, whole
from tests.redirect.through.test_slow_clients import STATM, gigabyte, resident
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio


def secure(name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(name).configure_cert(context)
    return context


def world(ports: dict[str, int]) -> World:
    found = [
        sites.site(name, port, url_https=f"https://{name}.example:{port}/", addresses=(ip_address("127.0.0.1"),))
        for name, port in ports.items()
    ]
    return worlds.world(worlds.configuration(found))


async def test_bytes_come_over_tls_and_go_over_tls(tmp_path: Path) -> None:
    """The certificate is that of the name in the site's url, though the name was never looked up."""
    first, second = Scripted(file(OCTETS, DATED, stop_after=200_000)), Scripted(file(OCTETS, DATED))
    ours, theirs = contexts(tmp_path)
    async with (
        peers.listening(first.converse, tls=secure("jp-tokyo-1.example")) as one,
        peers.listening(second.converse, tls=secure("us-chicago.example")) as two,
    ):
        through = Through(Limits(), {}, context=theirs, patience=CALM)
        source = doors.serving(world({"jp-tokyo-1": one.port, "us-chicago": two.port}))
        async with doors.opened(source, contexts=(ours, theirs), through=through) as door, await door.connect() as talk:
            for _ in range(2):
                await talk.send(doors.request(PATH, GRUB))
                assert (await whole(talk)).body == OCTETS
    assert (len(first.asked), len(second.asked)) == (2, 2)


async def test_over_tls_too_what_is_asked_during_a_stream_waits_for_it(tmp_path: Path) -> None:
    site = Scripted(file(OCTETS, DATED))
    ours, theirs = contexts(tmp_path)
    async with peers.listening(site.converse, tls=secure("jp-tokyo-1.example")) as one:
        through = Through(Limits(), {}, context=theirs, patience=CALM)
        source = doors.serving(world({"jp-tokyo-1": one.port}))
        async with doors.opened(source, contexts=(ours, theirs), through=through) as door, await door.connect() as talk:
            await talk.send(doors.request(PATH, GRUB) * 2)
            assert (await whole(talk)).body == OCTETS
            assert doors.parse(await talk.reader.readuntil(b"\r\n\r\n")).status == 200
            await talk.send(doors.request("/another", "Connection: close"))
            rest = await talk.rest()
            assert rest.startswith(OCTETS)
            assert doors.parse(rest[len(OCTETS) :]).status == 302


async def test_a_certificate_of_somebody_else_is_not_accepted(tmp_path: Path) -> None:
    wrong, right = Scripted(file(OCTETS)), Scripted(file(OCTETS))
    ours, theirs = contexts(tmp_path)
    async with (
        peers.listening(wrong.converse, tls=secure("eu-london.example")) as one,
        peers.listening(right.converse, tls=secure("us-chicago.example")) as two,
    ):
        through = Through(Limits(), {}, context=theirs, patience=CALM)
        source = doors.serving(world({"jp-tokyo-1": one.port, "us-chicago": two.port}))
        async with doors.opened(source, contexts=(ours, theirs), through=through) as door, await door.connect() as talk:
            await talk.send(doors.request(PATH, GRUB))
            assert (await whole(talk)).site == "us-chicago"
    assert not wrong.asked
    assert through.counters["gslb_through_failovers_total", doors.HOST, "jp-tokyo-1", "tls"] == 1


@pytest.mark.skipif(not STATM.exists(), reason="needs /proc")
async def test_over_tls_too_a_client_that_reads_nothing_costs_no_memory(tmp_path: Path) -> None:
    endless = Scripted(gigabyte)
    ours, theirs = contexts(tmp_path)
    async with peers.listening(endless.converse, tls=secure("jp-tokyo-1.example")) as one:
        limits = Limits(http_header_s=1.0)
        through = Through(limits, {}, context=theirs, patience=CALM)
        source = doors.serving(world({"jp-tokyo-1": one.port}))
        async with doors.opened(source, limits=limits, contexts=(ours, theirs), through=through) as door:
            before = most = resident()
            sock = small_receive_buffer(door.port)
            with await asyncio.to_thread(theirs.wrap_socket, sock, server_hostname="localhost") as client:
                await asyncio.to_thread(client.sendall, doors.request(PATH, GRUB))
                async with asyncio.timeout(60):
                    while not door.counters.get(("gslb_http_closed_total", "slow")):
                        most = max(most, resident())
                        await asyncio.sleep(0.02)
    assert endless.asked
    assert most - before < 16 << 20
