"""BEHAVIOUR, HTTP 10: PROXY protocol version 2, read without a socket."""

from __future__ import annotations

import socket
from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.redirect.proxy import REST_MAX, SIGNATURE, BadProxyHeader, Proxied, may_be_proxy, read_proxy

V4 = socket.inet_aton("133.11.4.5")
V6 = socket.inet_pton(socket.AF_INET6, "2001:200::7")


def header(source: bytes = V4, *, command: int = 0x21, kind: int | None = None, extra: bytes = b"") -> bytes:
    kind = kind if kind is not None else {4: 0x11, 16: 0x21}[len(source)]
    rest = source + bytes(len(source)) + pack("!HH", 40000, 80) + extra
    return SIGNATURE + pack("!BBH", command, kind, len(rest)) + rest


@pytest.mark.parametrize("extra", [b"", b"\x04\0\x03abc"], ids=["bare", "with an extension"])
def test_the_source_of_either_family_is_read_and_extensions_are_not(extra: bytes) -> None:
    assert read_proxy(header(V4, extra=extra) + b"GET") == Proxied((4, int.from_bytes(V4, "big")), 28 + len(extra))
    assert read_proxy(header(V6, extra=extra)) == Proxied((6, int.from_bytes(V6, "big")), 52 + len(extra))


def test_local_and_what_is_no_ip_leave_the_peer() -> None:
    assert read_proxy(header(command=0x20)) == Proxied(None, 28)
    assert read_proxy(SIGNATURE + pack("!BBH", 0x20, 0, 0)) == Proxied(None, 16)
    assert read_proxy(header(kind=0x00)) == Proxied(None, 28)
    assert read_proxy(header(bytes(108), kind=0x31)) == Proxied(None, 16 + 220)


@pytest.mark.parametrize(
    "octets",
    [
        header(command=0x11),
        header(command=0x22),
        SIGNATURE + pack("!BBH", 0x21, 0x11, 4) + V4,
        SIGNATURE + pack("!BBH", 0x21, 0x21, 12) + bytes(12),
        SIGNATURE + pack("!BBH", 0x21, 0x11, REST_MAX + 1),
        b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    ],
)
def test_what_starts_like_a_header_and_is_none_is_told(octets: bytes) -> None:
    with pytest.raises(BadProxyHeader):
        read_proxy(octets)


@given(st.integers(0, 60))
def test_half_a_header_wants_more(octets: int) -> None:
    whole = header(V6, extra=bytes(9))
    part = whole[:octets]
    assert may_be_proxy(part)
    assert read_proxy(part) is None


@given(st.binary(max_size=80))
@example(b"")
@example(SIGNATURE)
def test_any_octets_are_a_header_or_not(octets: bytes) -> None:
    for data in (octets, SIGNATURE + octets):
        try:
            found = read_proxy(data)
        except BadProxyHeader:
            continue
        assert found is None or (16 <= found.octets <= len(data))
