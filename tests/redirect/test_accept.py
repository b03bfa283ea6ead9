"""What a client would rather have, by its Accept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.redirect.accept import asks_for, preferred, read_accept, weight

OFFERS = ("text/html", "text/plain", "application/json")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"text/plain;q=0.3, text/html;q=0.7, application/json;q=0.5", "text/html"),
        (b"TEXT/PLAIN", "text/plain"),
        (b"text/*;q=0.3, text/html;q=0.1, */*;q=0.2", "text/plain"),
        (b"*/*, application/json", "application/json"),  # named, so meant
        (b"image/png", "text/html"),
        (b"text/plain ; charset=utf-8 ; q=0.9, text/html;q=0.8", "text/plain"),
    ],
)
def test_the_most_welcome_offer(header: bytes, expected: str) -> None:
    assert preferred(read_accept(header), OFFERS) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"text/plain", True),
        (b"*/*,text/plain", True),
        (b"*/*,text/plain;q=0.9", False),
        (b"text/plain;q=0", False),
        (b"*/*", False),
        (b"text/*", False),
        (b"", False),
        (b"text/plain;q=nan", False),
        (b"text/plain;q=inf", False),
        (b"text/plain;q=-1", False),
        (b"text/plain;q=1e400", False),
    ],
)
def test_what_is_asked_for_is_named(header: bytes, expected: bool) -> None:
    assert asks_for(read_accept(header), "text/plain") is expected


@given(st.binary(max_size=400) | st.text("text/plain*;q=.01,", max_size=200).map(str.encode))
def test_any_octets_are_some_preference(header: bytes) -> None:
    ranges = read_accept(header)
    assert preferred(ranges, OFFERS) in OFFERS
    assert all(0.0 <= weight(ranges, offer) <= 1.0 for offer in OFFERS)
    assert asks_for(ranges, "text/plain") <= (b"text/plain" in header.lower())


def test_a_header_as_long_as_can_be_is_read_in_part() -> None:
    assert len(read_accept(b",".join(b"a/%d" % number for number in range(5000)))) <= 64
