"""BEHAVIOUR, HTTP 3: the scheme stays the client's."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from gslb.errors import UsageError
from gslb.model import Limits, Tls
from gslb.redirect import tls_context
from tests.redirect.doors import Door, Talk, listening, opened, request, serving
from tests.redirect.test_proxy import V4, header
from tests.redirect.test_refusals import responses
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio

AUTHORITY = trustme.CA()


def certificate(folder: Path, name: str = "localhost") -> Tls:
    issued = AUTHORITY.issue_cert(name)
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    return Tls(str(chain), str(key))


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    theirs = ssl.create_default_context()
    AUTHORITY.configure_trust(theirs)
    return tls_context(certificate(folder)), theirs


async def test_over_tls_a_client_is_sent_to_https(tmp_path: Path) -> None:
    async with opened(contexts=contexts(tmp_path)) as door:
        answer = await door.get("/x")
        pipeline = responses(await door.exchange(request("/a") * 20 + request("/b", "Connection: close")))
    assert answer.location == f"https://{answer.site}.example/x"
    assert len(pipeline) == 21
    assert door.counters["gslb_http_connections_total", "https"] == 2


async def test_a_site_without_https_is_not_eligible(tmp_path: Path) -> None:
    sites = tuple(replace(site, url_https=site.url_https if site.id == "us-chicago" else None) for site in worlds.SITES)
    async with opened(serving(worlds.world(worlds.configuration(sites))), contexts=contexts(tmp_path)) as door:
        assert (await door.get("/x")).site == "us-chicago"


async def test_no_site_with_https_is_503(tmp_path: Path) -> None:
    sites = tuple(replace(site, url_https=None) for site in worlds.SITES)
    async with opened(serving(worlds.world(worlds.configuration(sites))), contexts=contexts(tmp_path)) as door:
        answer = await door.get("/x")
    assert answer.status == 503
    assert answer.fields["GSLB-Decision"].startswith('"";why=no-address;')


async def test_a_refusal_arrives_over_tls(tmp_path: Path) -> None:
    async with opened(contexts=contexts(tmp_path)) as door:
        (answer,) = responses(await door.exchange(b"garbage\r\n\r\n"))
    assert answer.status == 400


async def test_a_new_certificate_serves_the_next_connection(tmp_path: Path) -> None:
    async with opened(contexts=contexts(tmp_path)) as door, await door.connect() as old:
        door.server.context = tls_context(certificate(tmp_path, "go.example"))
        with pytest.raises(ssl.SSLCertVerificationError):
            await door.connect()
        await old.send(request("/"))
        assert (await old.answer()).status == 302


async def test_before_tls_a_proxy_header_is_read(tmp_path: Path) -> None:
    ours, theirs = contexts(tmp_path)
    source = serving(worlds.world(listening(None, "127.0.0.0/8")))
    async with opened(source, contexts=(ours, theirs)) as door:
        for sent in (header(V4, extra=bytes(20)), header(command=0x20), b""):
            reader, writer = await asyncio.open_connection(door.host, door.port)
            writer.write(sent)
            await writer.drain()
            await writer.start_tls(theirs, server_hostname="localhost")
            async with Talk(reader, writer) as talk:
                await talk.send(request("/"))
                assert (await talk.answer()).status == 302
    assert door.counters["gslb_http_forwarded_total", "proxy-v2"] == 1


async def test_who_never_shakes_hands_is_cut_off_and_counted(tmp_path: Path) -> None:
    source = serving(worlds.world(listening(None, "127.0.0.0/8")))
    async with opened(source, contexts=contexts(tmp_path), limits=Limits(http_header_s=0.3)) as door:
        for sent in (b"", b"\r", b"\x16\x03", b"GET / HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection(door.host, door.port)
            async with Talk(reader, writer) as talk:
                await talk.send(sent)
                assert b"HTTP/" not in await talk.rest()
    assert door.counters["gslb_http_closed_total", "handshake"] == 4


async def test_draining_answers_what_has_arrived_over_tls(tmp_path: Path) -> None:
    async with opened(contexts=contexts(tmp_path)) as door, await door.connect() as talk, await door.connect() as idle:
        await talk.send(request("/"))
        await talk.answer()
        draining = asyncio.create_task(door.server.drain(grace_s=2.0, last_words_s=0.5))
        await asyncio.sleep(0.05)
        await talk.send(request("/"))
        assert (await talk.answer()).fields["Connection"] == "close"
        await draining
        assert await idle.rest() == b""


async def test_out_of_descriptors_the_door_waits_and_goes_on(tmp_path: Path) -> None:
    async with opened(contexts=contexts(tmp_path)) as door:
        await door.get("/")
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with socket.socket() as client:
            client.setblocking(False)
            resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
            try:
                await asyncio.get_running_loop().sock_connect(client, (door.host, door.port))
                await asyncio.wait_for(exhausted(door), 20)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert door.counters["gslb_http_exhausted_total",] == 1
        assert (await asyncio.wait_for(door.get("/"), 20)).status == 302


async def exhausted(door: Door) -> None:
    for _ in iter(lambda: ("gslb_http_exhausted_total",) in door.counters, True):
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("broken", ["certificate", "key"])
def test_files_that_can_not_be_used_are_told_in_one_sentence(tmp_path: Path, broken: str) -> None:
    good = certificate(tmp_path)
    with pytest.raises(UsageError, match=r"^tls: .* can't be used: .+"):
        tls_context(replace(good, **{broken: str(tmp_path / "missing")}))
    with pytest.raises(UsageError, match=r"can't be used"):
        tls_context(replace(good, **{broken: __file__}))
