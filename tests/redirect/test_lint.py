"""httplint, which is what REDbot judges messages by, has nothing to say against any public answer."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
from httplint import HttpResponseLinter
from httplint.note import levels

from gslb.model import World
from gslb.redirect import self_request
from tests.redirect import doors
from tests.redirect.boot import island
from tests.redirect.contents import released
from tests.redirect.doors import Door, opened, request, serving
from tests.redirect.test_redirect import closed_world
from tests.redirect.through.sites import GRUB, PATH, file, says, staged

pytestmark = pytest.mark.anyio

# What it warns of and is meant, and why.
MEANT = {
    "CC_CONFLICTING": "private stands beside no-store for caches that heed only the older of the two",
}
ASKED_FOR = {"FIELD_DEPRECATED": "the older Digest is for those who ask for that, and for wget2, which knows no other"}
TOLD = {"STATUS_URI_TOO_LONG": "what the answer itself says", "STATUS_BAD_REQUEST": "what the answer itself says"}


class Message(NamedTuple):
    target: str
    fields: tuple[str, ...] = ()
    method: str = "GET"
    host: str | None = doors.HOST


def complaints(octets: bytes, method: str = "GET", meant: dict[str, str] | None = None) -> list[str]:
    """Of one answer, which is all that came; but for what is meant."""
    head, _, body = octets.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    version, status, phrase = first.split(b" ", 2)
    linter = HttpResponseLinter()
    linter.is_head_response = method == "HEAD"
    linter.process_response_topline(version, status, phrase)
    linter.process_headers([(name, value) for name, _, value in (line.partition(b": ") for line in lines)])
    if method != "HEAD":
        linter.feed_content(body)
    linter.finish_content(True)
    allowed: dict[str, Any] = MEANT | (meant or {})
    notes = [note for note in linter.notes if note.level in (levels.WARN, levels.BAD)]
    return [f"{type(note).__name__}: {note.summary} ({note.subject})" for note in notes if type(note).__name__ not in allowed]


async def lint(door: Door, message: Message, meant: dict[str, str] | None = None) -> int:
    """The status of an answer that there is nothing to say against."""
    sent = request(message.target, *message.fields, "Connection: close", host=message.host, method=message.method)
    octets = await door.exchange(sent)
    assert complaints(octets, message.method, meant) == [], octets
    return int(octets.split(b" ", 2)[1])


def accept(media_type: str) -> tuple[str, ...]:
    return (f"Accept: {media_type}",)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (302, Message("/v1/kernel?x=1")),
        (302, Message("/@2/v2/kernel")),
        (302, Message("/v2/kernel", ("User-Agent: Mozilla/5.0",))),
        (200, Message("/?mirrorlist", accept("text/html"))),
        (200, Message("/?mirrorlist", accept("text/*"))),
        (200, Message("/?mirrorlist", accept("application/json"))),
        (200, Message("/v1/kernel.meta4")),
        (200, Message("/v1/kernel.metalink")),
        (200, Message("/v1/ker%22%E3%82%ABnel", accept("application/metalink4+xml"))),
        (200, Message("/v1/kernel.sha256")),
        (200, Message("/v1/kernel.sha1")),
        (404, Message("/v1/other.sha256")),
        (404, Message("/", host="other.example")),
    ],
)
async def test_answers_about_files(status: int, message: Message, method: str) -> None:
    async with opened(serving(released())) as door:
        assert await lint(door, message._replace(method=method)) == status


async def test_a_redirect_with_the_older_digest() -> None:
    async with opened(serving(released())) as door:
        assert await lint(door, Message("/v1/kernel", ("Want-Digest: SHA-256",)), ASKED_FOR) == 302


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (405, Message("/", method="POST")),
        (405, Message("/", method="DELETE")),
        (400, Message("/", host="a b")),
        (414, Message("/" + "a" * 2040)),
        (431, Message("/", ("A: " + "b" * 17_000,))),
    ],
)
async def test_refusals(status: int, message: Message) -> None:
    async with opened() as door:
        assert await lint(door, message, TOLD) == status


async def test_nothing_eligible() -> None:
    async with opened(serving(closed_world())) as door:
        for target in ("/v1/kernel", "/v1/kernel.meta4", "/?mirrorlist"):
            assert await lint(door, Message(target)) == (200 if "mirrorlist" in target else 503)


async def test_the_nodes_own_question() -> None:
    async with opened() as door:
        assert complaints(await door.exchange(self_request())) == []


@contextlib.asynccontextmanager
async def booting(found: World | None = None) -> AsyncIterator[Door]:
    urls = {name: f"http://{name}.example" for name in island.NEAR_TO_FAR}
    async with opened(serving(found or island.world(urls))) as door:
        yield door


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("ending", ["sh", "fastest.sh", "ipxe"])
async def test_boot_scripts(ending: str, method: str) -> None:
    async with booting() as door:
        assert await lint(door, Message(f"/~boot/{island.IMAGE.name}.{ending}", method=method)) == 200


@pytest.mark.parametrize("target", ["/~measured", "/~measured?token=x&a=1"])
async def test_reports_that_are_refused(target: str) -> None:
    async with booting() as door:
        assert await lint(door, Message(target), TOLD) in (400, 403)


OCTETS = bytes(range(256)) * 40


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("status", "fields"), [(200, ()), (206, ("Range: bytes=5-99",)), (416, ("Range: bytes=99999-",))])
async def test_what_is_served_through(status: int, fields: tuple[str, ...], method: str) -> None:
    mirrored = file(OCTETS, "Last-Modified: Tue, 01 Jan 2008 00:00:00 GMT", 'ETag: "1"', "Content-Type: application/octet-stream")
    async with staged(mirrored) as stage:
        found = await lint(stage.door, Message(PATH, (GRUB, *fields), method))
    assert found in (status, 200)


async def test_what_no_site_will_serve_through() -> None:
    refusing = says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    async with staged(refusing, refusing, refusing) as stage:
        assert await lint(stage.door, Message(PATH, (GRUB,))) in (404, 502, 503)


async def test_it_would_complain() -> None:
    bad = b"HTTP/1.1 302 Found\r\nLocation: http://a.example/\r\nDate: yesterday\r\nContent-Length: 0\r\n\r\n"
    assert complaints(bad)
