"""BEHAVIOUR, HTTP 10: what a proxy says of a client is believed from `trusted_proxies` alone, right-most untrusted hop."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.redirect.peers import Peer, forwarded_for, forwarded_tls, read_address, trust_of
from tests.redirect.doors import Door, listening, opened, request, serving
from tests.redirect.test_proxy import V4, V6, header
from tests.steering import world as worlds

TRUST = trust_of([ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")])
PROXY = Peer(4, 0x0A000001)
TOKYO, BERLIN, TOKYO6 = "133.11.4.5", "141.20.9.9", "2001:200::7"


def at(text: str) -> Peer:
    peer = read_address(text)
    assert peer is not None
    return peer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("133.11.4.5", "133.11.4.5"),
        (" 133.11.4.5:4711", "133.11.4.5"),
        ("[2001:200::7]:4711", "2001:200::7"),
        ("[2001:200::7]", "2001:200::7"),
        ('"[2001:200::7]"', "2001:200::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:133.11.4.5", "133.11.4.5"),
    ],
)
def test_addresses_are_read_as_proxies_write_them(text: str, expected: str) -> None:
    assert read_address(text) == at(expected)


@pytest.mark.parametrize(
    ("header", "client", "hops"),
    [
        ("133.11.4.5", "133.11.4.5", 1),
        ("1.1.1.1, 133.11.4.5", "133.11.4.5", 1),  # the left one is the client's own invention
        ("133.11.4.5, 10.9.9.9", "133.11.4.5", 2),
        ("1.1.1.1, 133.11.4.5, 2001:db8::5, 10.9.9.9", "133.11.4.5", 3),
        ("10.3.3.3, 10.9.9.9", "10.3.3.3", 2),
        ("133.11.4.5, unknown", "10.0.0.1", 0),
        ("133.11.4.5, unknown, 10.9.9.9", "10.9.9.9", 1),
        ("", "10.0.0.1", 0),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_not_trusted(header: str, client: str, hops: int) -> None:
    assert forwarded_for(PROXY, header.encode(), TRUST) == (at(client), hops)


@given(st.binary(max_size=80))
def test_any_header_names_somebody(header: bytes) -> None:
    found = forwarded_for(PROXY, header, TRUST)
    assert 0 <= found.hop <= header.count(b",") + 1
    assert isinstance(forwarded_tls(header, found.hop, False), bool)


@pytest.mark.parametrize(
    ("header", "hops", "tls"),
    [
        ("https", 1, True),
        ("http", 1, False),
        ("HTTPS", 0, True),
        ("https, http", 2, True),
        ("https, http", 1, False),
        ("https", 3, True),
        ("", 1, True),
        ("gopher", 1, True),
    ],
)
def test_the_scheme_is_that_of_the_hop_where_the_client_is(header: str, hops: int, tls: bool) -> None:
    assert forwarded_tls(header.encode(), hops, otherwise=True) is tls


@pytest.mark.anyio
class TestOnTheWire:
    async def test_x_forwarded_for_moves_the_client(self) -> None:
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8")))) as door:
            assert await region(door, f"X-Forwarded-For: {BERLIN}") == "eu"
            assert await region(door, f"X-Forwarded-For: {BERLIN}, {TOKYO}") == "jp"
            assert await region(door, f"X-Forwarded-For: {BERLIN}", "X-Forwarded-For: 127.0.0.9") == "eu"
            assert await region(door, f"X-Forwarded-For: {TOKYO6}") == "jp"
            assert await region(door) == "jp"
        assert door.counters["gslb_http_forwarded_total", "x-forwarded-for"] == 4

    async def test_nobody_else_is_believed(self) -> None:
        async with opened() as door:
            answer = await door.get("/", f"X-Forwarded-For: {BERLIN}", "X-Forwarded-Proto: https")
            proxied = await door.exchange(header(V4) + request("/"))
        assert answer.location.startswith("http://jp-")
        assert proxied.startswith(b"HTTP/1.1 400 ")

    async def test_x_forwarded_proto_is_the_scheme_of_the_redirect(self) -> None:
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8")))) as door:
            answer = await door.get("/x", f"X-Forwarded-For: {TOKYO}", "X-Forwarded-Proto: https")
        assert answer.location == f"https://{answer.site}.example/x"

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    async def test_a_proxy_header_names_the_client_for_the_whole_connection(self, address: str) -> None:
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8", "::1/128"))), address=address) as door:
            for source in (V4, V6):
                async with await door.connect() as talk:
                    await talk.send(header(source, extra=b"\x04\0\x01a") + request("/") + request("/"))
                    assert {(await talk.answer()).site[:2] for _ in range(2)} == {"jp"}
            assert await region(door) == ("jp" if address == "127.0.0.1" else "eu")
        assert door.counters["gslb_http_forwarded_total", "proxy-v2"] == 2

    async def test_a_proxy_header_may_come_octet_by_octet(self) -> None:
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8")))) as door, await door.connect() as talk:
            for octet in header(V6) + request("/"):
                await talk.send(bytes((octet,)))
            assert (await talk.answer()).site.startswith("jp-")

    async def test_behind_a_proxy_header_the_source_is_the_one_to_trust_or_not(self) -> None:
        """An X-Forwarded-For from a client of a load balancer is that client's word."""
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8")))) as door, await door.connect() as talk:
            await talk.send(header(V4) + request("/", f"X-Forwarded-For: {BERLIN}"))
            assert (await talk.answer()).site.startswith("jp-")

    async def test_local_leaves_the_peer(self) -> None:
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8")))) as door, await door.connect() as talk:
            await talk.send(header(command=0x20) + request("/"))
            assert (await talk.answer()).site.startswith("jp-")

    async def test_a_broken_proxy_header_ends_the_connection(self) -> None:
        async with opened(serving(worlds.world(listening(None, "127.0.0.0/8")))) as door:
            assert await door.exchange(header(command=0x33) + request("/")) == b""
        assert door.counters["gslb_http_closed_total", "proxy"] == 1


async def region(door: Door, *fields: str) -> str:
    return (await door.get("/", *fields)).site.partition("-")[0]
