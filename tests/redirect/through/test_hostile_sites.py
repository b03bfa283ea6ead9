"""What a site says is any octets: the client gets a whole answer or a cut connection, and never what was not asked for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.redirect.through.heads import Part, Span, read_answer, read_content_range, read_range, write_range
from tests.fuzz import fuzz_through
from tests.redirect.through.sites import OCTETS, Asked, exchange, file, head, says, staged

NUMBERS = st.integers(0, 10**18 - 1)
BOUNDED = st.tuples(NUMBERS, NUMBERS).map(lambda pair: Part(min(pair), max(pair)))
PARTS = BOUNDED | NUMBERS.map(lambda first: Part(first, None)) | NUMBERS.map(lambda octets: Part(None, octets))
FIELDS = st.lists(
    st.tuples(
        st.sampled_from([b"Content-Length", b"content-range", b"ETag", b"Last-Modified", b"Content-Type", b"Content-Encoding"]),
        st.binary(max_size=30) | st.sampled_from([b"5", b"bytes 5-9/10", b"bytes */10", b'"x"', b'W/"x"', b"identity", b"0"]),
    ),
    max_size=6,
)


@pytest.mark.parametrize("data", list(fuzz_through.seeds()))
def test_the_kept_corpus(data: bytes) -> None:
    fuzz_through.one_input(data)


@given(st.binary(max_size=300))
def test_any_octets(data: bytes) -> None:
    fuzz_through.one_input(data)


@given(st.binary(max_size=20) | st.sampled_from([b"bytes=5-9", b"bytes=0-", b"bytes=-5", b"bytes=0-0,9-"]),
       st.sampled_from([200, 206, 301, 404, 416, 500]), FIELDS)  # fmt: skip
def test_any_fields(wanted: bytes, status: int, fields: list[tuple[bytes, bytes]]) -> None:
    fuzz_through.check(wanted, read_answer(status, fields))


@given(st.lists(PARTS, min_size=1, max_size=16))
def test_ranges_are_read_as_they_are_written(parts: list[Part]) -> None:
    assert read_range(write_range(tuple(parts))) == tuple(parts)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_content_range_is_read_where_it_makes_sense(first: int, last: int, total: int) -> None:
    found = read_content_range(f"bytes {first}-{last}/{total}".encode())
    assert found == (Span(first, last, total) if first <= last < total else None)


@pytest.mark.parametrize(
    "value", [b"bytes=", b"bytes=-", b"bytes=9-5", b"items=0-5", b"bytes=0-5;", b"bytes=" + b"0-1," * 16 + b"0-1"]
)
def test_ranges_that_are_ignored(value: bytes) -> None:
    assert read_range(value) == ()


def answers(number: int) -> Iterator[bytes]:
    """Whole answers, spoiled."""
    draw = random.Random(5)
    sound = [
        head("200 OK", 20, 'ETag: "x"') + b"x" * 20,
        head("206 Partial Content", 5, "Content-Range: bytes 5-9/10") + b"56789",
        head("200 OK", None, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 3 + head("200 OK", 1) + b"x",
    ]
    words = (
        b"\r\n",
        b"\n",
        b"\0",
        b":",
        b"Content-Length: 7\r\n",
        b"HTTP/1.1 ",
        b"\xff",
        b" ",
        b"0",
        b"Content-Range: bytes 0-0/1\r\n",
    )
    for _ in range(number):
        octets = bytearray(draw.choice(sound))
        for _ in range(draw.randrange(1, 5)):
            at = draw.randrange(len(octets) + 1)
            octets[at : at + draw.randrange(4)] = draw.choice((*words, draw.randbytes(3)))
        yield bytes(octets)


@pytest.mark.anyio
async def test_spoiled_answers_on_real_sockets() -> None:
    many = answers(150)

    async def spoiled(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await says(next(many))(asked, writer)

    async with staged(spoiled, file(OCTETS[:20], 'ETag: "x"')) as stage:
        for number in range(120):
            try:
                answer = await exchange(stage, f"/{number}", *(("Range: bytes=5-9",) if number % 3 == 0 else ()))
                assert answer.status in (200, 206, 416, 502)
            except asyncio.IncompleteReadError:
                pass
        assert stage.through.streams.open == 0
