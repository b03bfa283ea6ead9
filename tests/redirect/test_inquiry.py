"""The reader of requests, without a socket: where a request ends, and what is refused (RFC 9112)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.redirect.inquiry import BODY_MAX, FIELDS_MAX, Inquiry, InquiryReader
from gslb.redirect.location import TARGET_MAX
from gslb.redirect.refusal import Refusal

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def read(*pieces: bytes) -> tuple[list[Inquiry], int]:
    """The requests in the octets, and the status of the refusal that ended them, or 0."""
    reader, found = InquiryReader(), list[Inquiry]()
    try:
        for piece in pieces:
            at = 0
            while at < len(piece):
                at, inquiry = reader.read(piece, at)
                if inquiry is not None:
                    found.append(inquiry)
                    if not inquiry.keep_alive:
                        return found, 0
    except Refusal as refusal:
        return found, refusal.status
    return found, 0


def with_fields(*fields: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join((method + b" /a HTTP/1.1", b"Host: x", *fields, b"", b""))


@given(st.data())
def test_requests_are_the_same_however_they_are_cut(data: st.DataObject) -> None:
    post = with_fields(b"Content-Length: 7", method=b"POST") + b"ab\r\n\r\nc"
    octets = b"\r\n\r\n" + GET + post + GET + b"\r\n" + GET
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=12)))
    pieces = [octets[start:end] for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    found, status = read(*pieces)
    assert [inquiry.method for inquiry in found] == [b"GET", b"POST", b"GET", b"GET"]
    assert [inquiry.target for inquiry in found] == [b"/a"] * 4
    assert status == 0


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_octets_are_requests_or_a_refusal(pieces: list[bytes]) -> None:
    read(*pieces)


@given(
    st.lists(
        st.sampled_from([GET, GET[:-2], b"\r\n", b"\n", b"\0", b"POST", b" ", b":", b"a", b"Content-Length: 5\r\n", b"1\r\n"]),
        max_size=20,
    )
)
def test_anything_like_a_request_is_a_request_or_a_refusal(pieces: list[bytes]) -> None:
    read(*pieces)
    read(b"".join(pieces))


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),  # TLS on a plain port
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),  # RFC 9112 section 2.2
        (b"GET /a b HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xc3\xa9 HTTP/1.1\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\n\r\n", 400),
        (with_fields(b"A : b"), 400),  # section 5.1
        (with_fields(b"A: b", b" c"), 400),  # section 5.2
        (with_fields(b"A: b\0c"), 400),
        (with_fields(b"A: b\rc"), 400),
        (with_fields(b"Content-Length: 3", b"Content-Length: 3"), 400),
        (with_fields(b"Content-Length: 3, 3"), 400),
        (with_fields(b"Content-Length: -3"), 400),
        (with_fields(b"Content-Length: 0x3"), 400),
        (with_fields(b"Content-Length: 99999999999999999999999"), 400),
        (with_fields(b"Transfer-Encoding: chunked", b"Content-Length: 3"), 400),  # section 6.1
        (with_fields(b"Content-Length: 3", b"Transfer-Encoding: chunked"), 400),
        (b"GET / HTTP/1.2\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", 405),  # methods have a case, RFC 9110 section 9.1
    ],
)
def test_what_can_not_be_read_is_refused(octets: bytes, status: int) -> None:
    assert read(octets) == ([], status)


def test_a_refusal_does_not_take_back_what_came_before() -> None:
    found, status = read(GET + GET + b"garbage\r\n\r\n")
    assert (len(found), status) == (2, 400)


@pytest.mark.parametrize("step", [1, 100, 50_000])
def test_a_target_over_8_kb_is_414(step: int) -> None:
    fits = b"GET /" + b"a" * (TARGET_MAX - 1) + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert len(read(*pieces(fits, step))[0]) == 1
    assert read(*pieces(fits.replace(b"/", b"//", 1), step)) == ([], 414)


@pytest.mark.parametrize("step", [1, 100, 50_000])
@pytest.mark.parametrize(
    "field", [b"A: " + b"b" * 17_000, b"A: b\r\n" * 3_000, b"A" * 17_000 + b": b"], ids=["value", "many", "name"]
)
def test_a_header_over_16_kb_is_431(field: bytes, step: int) -> None:
    assert read(*pieces(with_fields(field), step)) == ([], 431)
    assert read(*pieces(with_fields(b"A: " + b"b" * (FIELDS_MAX - 40)), step))[1] == 0


@pytest.mark.parametrize("step", [1, 100, 50_000])
@pytest.mark.parametrize("target", [b"/", b"/" + b"a" * 8000])
def test_16_kb_of_header_is_to_the_octet(target: bytes, step: int) -> None:
    line = b"GET " + target + b" HTTP/1.1\r\n"
    fields = b"Host: x\r\nA: " + b"b" * (FIELDS_MAX - 16) + b"\r\n\r\n"
    assert len(fields) == FIELDS_MAX
    assert len(read(*pieces(line + fields, step))[0]) == 1
    assert read(*pieces(line + fields.replace(b"b", b"bb", 1), step)) == ([], 431)


def test_a_header_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    reader = InquiryReader()
    reader.read(b"GET / HTTP/1.1\r\nA: ", 0)
    for _ in range(16):
        reader.read(b"b" * 1000, 0)
    with pytest.raises(Refusal, match="longer than 16 KB"):
        reader.read(b"b" * 1000, 0)


def pieces(octets: bytes, step: int) -> list[bytes]:
    return [octets[at : at + step] for at in range(0, len(octets), step)]


def test_a_short_body_is_read_past() -> None:
    found, status = read(with_fields(b"Content-Length: 16", method=b"PUT") + b"GET / HTTP/1.1\r\n" + GET)
    assert [(inquiry.method, inquiry.keep_alive) for inquiry in found] == [(b"PUT", True), (b"GET", True)]
    assert status == 0


@pytest.mark.parametrize(
    "fields",
    [
        (b"Content-Length: %d" % (BODY_MAX + 1),),
        (b"Transfer-Encoding: chunked",),
        (b"Content-Length: 5", b"Expect: 100-continue"),
        (b"Content-Length: 5", b"Upgrade: h2c", b"Connection: upgrade"),
    ],
)
def test_a_body_whose_end_is_not_worth_knowing_makes_a_request_the_last(fields: tuple[bytes, ...]) -> None:
    found, status = read(with_fields(*fields, method=b"POST") + GET)
    assert [(inquiry.method, inquiry.keep_alive) for inquiry in found] == [(b"POST", False)]
    assert status == 0


def test_an_upgrade_is_not_taken() -> None:  # RFC 9110 section 7.8
    found, _ = read(with_fields(b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings") + GET)
    assert [inquiry.keep_alive for inquiry in found] == [True, True]


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        ("1.1", None, True),
        ("1.1", "close", False),
        ("1.1", "Keep-Alive", True),
        ("1.0", None, False),
        ("1.0", "Keep-Alive", True),
    ],
)
def test_how_long_a_connection_is_meant_to_last(version: str, connection: str | None, stays: bool) -> None:
    field = f"Connection: {connection}\r\n" if connection else ""
    ((inquiry,), _) = read(f"GET / HTTP/{version}\r\nHost: x\r\n{field}\r\n".encode())
    assert (inquiry.http10, inquiry.keep_alive) == (version == "1.0", stays)


def test_repeated_fields_are_one_list() -> None:
    ((inquiry,), _) = read(with_fields(b"X-Forwarded-For: a", b"x-forwarded-for:\tb , c \t", b"Host: y"))
    assert inquiry.fields == {b"host": b"x, y", b"x-forwarded-for": b"a, b , c"}
