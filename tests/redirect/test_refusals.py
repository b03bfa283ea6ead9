"""BEHAVIOUR, HTTP 11: bad input, on a real socket; and that a refusal arrives, and ends what has to end."""

from __future__ import annotations

import pytest

from tests.redirect.doors import HOST, Answer, opened, parse, request

pytestmark = pytest.mark.anyio


def responses(octets: bytes) -> list[Answer]:
    """All responses in the octets; fails where they are anything else."""
    found = []
    while octets:
        head, mark, octets = octets.partition(b"\r\n\r\n")
        answer = parse(head + mark)
        found.append(answer)
        octets = octets[int(answer.fields["Content-Length"]) :]
    return found


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (request("/", host=None), 400),
        (request("/", f"Host: {HOST}"), 400),  # two, even if they are equal: RFC 9112 section 3.2
        (request("/", host="a b"), 400),
        (request("*"), 400),
        (request("host:443"), 400),
        (request("http://a@b/"), 400),
        (request("/", "Content-Length: 5", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
        (request("/" + "a" * 8192), 414),
        (request("/" + "a" * 2040), 414),
        (request("/", "A: " + "b" * 17000), 431),
        (request("/", version="2.0"), 505),
        (request("host:443", method="CONNECT"), 405),
        (request("/", "Transfer-Encoding: chunked", method="POST") + b"5\r\nabcde\r\n0\r\n\r\n", 405),
        (request("/", "Content-Length: 100000", method="POST") + b"a" * 100000, 405),
        (request("/", "Expect: 100-continue", "Content-Length: 5", method="PUT"), 405),
        (request("/", method="BREW"), 405),
    ],
)
async def test_a_refusal_arrives_and_the_connection_ends(octets: bytes, status: int) -> None:
    async with opened() as door:
        (answer,) = responses(await door.exchange(octets + request("/smuggled")))
    assert answer.status == status
    assert answer.fields["Connection"] == "close"
    assert all(answer.fields.values())
    assert door.counters["gslb_http_responses_total", str(status)] == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_other_methods_are_405_and_the_connection_stays(method: str) -> None:
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/", "Content-Length: 5", method=method) + b"abcde" + request("/next"))
        refused, answer = await talk.answer(), await talk.answer()
    assert (refused.status, refused.fields["Allow"]) == (405, "GET, HEAD")
    assert answer.location.endswith(".example/next")


async def test_options_of_the_server_itself_is_405() -> None:
    async with opened() as door:
        assert (await door.get("*", method="OPTIONS")).status == 405


async def test_an_unknown_host_is_404_and_the_connection_stays() -> None:
    async with opened() as door, await door.connect() as talk:
        await talk.send(request("/", host="127.0.0.1:80") + request("/"))
        assert [(await talk.answer()).status, (await talk.answer()).status] == [404, 302]


async def test_a_refusal_says_what_is_wrong_in_a_sentence() -> None:
    async with opened() as door:
        (answer,) = responses(await door.exchange(request("/", host=None)))
        assert answer.fields["Content-Type"] == "text/plain; charset=utf-8"
        body = (await door.get("/", host=None)).body
    assert body == b"A request of HTTP/1.1 needs a Host header.\n"


@pytest.mark.parametrize(
    "octets",
    [
        request("/", "Content-Length: 6", "Transfer-Encoding : chunked") + b"0\r\n\r\nG",
        request("/", "Transfer-Encoding: xchunked") + b"0\r\n\r\n",
        request("/", "Transfer-Encoding: chunked", "Transfer-Encoding: identity") + b"0\r\n\r\n",
        request("/", "Content-Length: 0", "Content-Length: 44"),
        request("/", "Content-Length: +1") + b"a",
        request("/", "X: y\rContent-Length: 44"),
        request("/", "X: y\nContent-Length: 44"),
        request("/", "Transfer-Encoding: chunked") + b"1;\nab\r\n0\r\n\r\n",
    ],
)
async def test_nothing_is_smuggled(octets: bytes) -> None:
    """RFC 9112 section 11.2: whatever another server would make of it, the request behind is never answered."""
    async with opened() as door:
        answers = responses(await door.exchange(octets + request("/smuggled")))
    assert len(answers) == 1
    assert answers[0].fields["Connection"] == "close"
    assert b"smuggled" not in answers[0].head
