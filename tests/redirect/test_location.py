"""BEHAVIOUR, HTTP 2: the path reaches the client again octet for octet."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.model import Choice, View, Why
from gslb.redirect.inquiry import Inquiry
from gslb.redirect.location import TARGET_MAX, plain_path, read_target
from gslb.redirect.pages import write_page
from gslb.redirect.peers import Peer
from gslb.redirect.redirector import Redirector
from gslb.redirect.refusal import Refusal
from tests.redirect.doors import HOST, serving
from tests.steering import world as worlds

# What a client may send: no space, no control, no fragment.
PRINTABLE = bytes(octet for octet in range(0x21, 0x7F) if octet != ord("#"))
targets = st.lists(st.sampled_from(PRINTABLE), max_size=200).map(lambda octets: b"/" + bytes(octets))
OWN = re.compile(rb"(?:^/@[1-9][0-9]*/)|[?&](?:avoid|mirrorlist)(?:=|&|$)")

REDIRECTOR = Redirector(serving(), node="test")
PEER = Peer(4, 0x7F000001)


def ask(target: bytes) -> bytes:
    return REDIRECTOR.respond(Inquiry(b"GET", target, False, True, {b"host": HOST.encode()}), PEER, False).head


@given(targets.filter(lambda target: not OWN.search(target)))
@example(b"//evil.example/%2e%2e/../a//b/./%2F?%0d%0a&&=&?")
@example(b"/@0/x")
@example(b"/@2")
@example(b"/?avoider=1&x=avoid&mirrorlists")
@example(b"/?")
def test_a_path_and_query_come_out_as_they_went_in(target: bytes) -> None:
    (line,) = [line for line in ask(target).split(b"\r\n") if line.startswith(b"Location: ")]
    found = re.fullmatch(rb"Location: http://[a-z0-9-]+\.example(/.*)", line)
    assert found is not None
    assert found[1] == target


@given(st.binary(max_size=100))
@example(b"/\r\nSet-Cookie: a=b")
@example(b"/\0")
@example("/é".encode())
@example(b"http://knoppix.inetboot.net/\r\nX: y")
def test_no_octets_of_a_target_can_end_a_line(target: bytes) -> None:
    head = ask(target)
    lines = head.split(b"\r\n")
    assert lines[-1] == b""
    assert all(re.fullmatch(rb"HTTP/1\.1 \d{3} [A-Za-z -]+|[A-Za-z-]+: [\x20-\x7e]+", line) for line in lines[:-1])
    assert not re.search(rb"[\0\x7f-\xff]", head)


@pytest.mark.parametrize(
    "target", [b"", b"*", b"a", b"host:443", b"ftp://a/b", b"http://", b"http:///x", b"http://a@b/x", b"/a b", b"/#f", b"/\x7f"]
)
def test_what_is_no_path_is_refused(target: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_target(target)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("target", "suffix", "nth", "avoid", "mirrorlist"),
    [
        (b"/@2/a", b"/a", 2, (), False),
        (b"/@2/", b"/", 2, (), False),
        (b"/@2//a", b"//a", 2, (), False),
        (b"/@2/@3/a", b"/@3/a", 2, (), False),
        (b"/@999/a", b"/a", 999, (), False),
        (b"/@1000/a", b"/a", 999, (), False),
        (b"/@" + b"9" * 5000 + b"/a", b"/a", 999, (), False),
        (b"/@0/a", b"/@0/a", 1, (), False),
        (b"/@02/a", b"/@02/a", 1, (), False),
        (b"/a/@2/b", b"/a/@2/b", 1, (), False),
        (b"/a?avoid=x", b"/a", 1, (b"x",), False),
        (b"/a?avoid=x&avoid=y", b"/a", 1, (b"x", b"y"), False),
        (b"/a?b&avoid=x&&c=%26", b"/a?b&&c=%26", 1, (b"x",), False),
        (b"/a?mirrorlist", b"/a", 1, (), True),
        (b"/a?mirrorlist=1&z", b"/a?z", 1, (), True),
        (b"/@3/a?mirrorlist&avoid=x", b"/a", 3, (b"x",), True),
        (b"/a?avoid", b"/a", 1, (), False),
    ],
)
def test_our_own_parameters_are_taken_out(
    target: bytes, suffix: bytes, nth: int, avoid: tuple[bytes, ...], mirrorlist: bool
) -> None:
    found = read_target(target)
    assert (found.suffix, found.nth, found.avoid, found.mirrorlist) == (suffix, nth, avoid, mirrorlist)


def test_a_location_stays_under_2_kb() -> None:
    base = len(re.search(rb"Location: (.*)/\r\n", ask(b"/"))[1])  # type: ignore[index]
    assert b" 302 " in ask(b"/" + b"a" * (2047 - base - 1))
    assert ask(b"/" + b"a" * (2047 - base)).startswith(b"HTTP/1.1 414 ")


def test_a_target_over_8_kb_is_refused_as_such() -> None:
    with pytest.raises(Refusal) as refused:
        read_target(b"/" + b"a" * TARGET_MAX)
    assert refused.value.status == 414


@pytest.mark.parametrize("url", ["http://a.example/", "http://a.example/mirror/"])
def test_there_is_one_slash_between_a_site_and_a_path(url: str) -> None:
    site = worlds.site("jp-osaka", url=url)
    page = write_page(HOST, View.HTTP4, Why.NEAREST, (Choice("jp-osaka", ()),), 60, {"jp-osaka": site}, 1)
    assert page.start == f"HTTP/1.1 302 Found\r\nLocation: {url[:-1]}".encode()


def test_release_sets_are_compared_with_what_a_path_means() -> None:
    assert plain_path(b"/a%2Fb/%C3%A9%ff") == "/a/b/é\ufffd"
