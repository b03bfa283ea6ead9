"""Paths that somebody could be tempted to interpret: passed on octet for octet, or refused, whatever is answered with."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.redirect.doors import HOST, Answer, parse, request
from tests.redirect.through.sites import Stage, exchange, file, staged

pytestmark = pytest.mark.anyio

KERNEL = b"kernel" * 1000
PASSED = (
    "/../../etc/passwd",
    "/v1/../../../etc/passwd",
    "/v1/%2e%2e/%2e%2e/etc/passwd",
    "/v1/..%2f..%2fetc/passwd",
    "/v1/%252e%252e%252fx",
    "//evil.example/kernel",
    "///v1//kernel",
    "/v1/./kernel",
    "/v1/kernel%00.txt",
    "/v1/a%20b%09c%0d%0aX:%20y",
    "/v1/caf%C3%A9/%E2%82%AC",
    "/v1/%ff%fe",
    "/v1/%zz%",
    "/v1/a%2Fb;c=d,e",
    "/v1/back\\slash",
    "/v1/<b>&'\"x",
    "/v1/kernel?next=../../x&z=%00&&",
    "/v1/http://evil.example/kernel",
    "/v1/" + "%C3%A9" * 300,
    "/v1/" + "x/" * 900 + "kernel",
)
REFUSED = {
    b"/v1/a b": 400,
    b"/v1/a\tb": 400,
    b"/v1/a\0b": 400,
    "/v1/café".encode(): 400,
    b"/v1/a#b": 400,
    b"v1/kernel": 400,
    b"..": 400,
    b"ftp://knoppix.inetboot.net/x": 400,
    b"/" + b"x" * 8192: 414,
}
NS4 = "{urn:ietf:params:xml:ns:metalink}"


async def plain(stage: Stage, target: str, *fields: str) -> Answer:
    async with await stage.door.connect() as talk:
        await talk.send(request(target, *fields))
        return await talk.answer()


@pytest.fixture
async def stage():
    async with staged(file(KERNEL), file(KERNEL)) as stage:
        yield stage


async def test_a_redirect_names_the_path_as_it_came(stage):
    for path in PASSED:
        answer = await plain(stage, path)
        site = stage.sites["jp-tokyo-1"]
        assert (answer.status, answer.location) == (302, f"http://jp-tokyo-1.example:{site.port}{path}"), path


async def test_a_site_is_asked_for_the_path_as_it_came_by_who_is_served_through(stage):
    asked = stage.sites["jp-tokyo-1"].asked
    for path in (*PASSED, "/" + "x" * 8000):
        answer = await exchange(stage, path)
        assert (answer.status, answer.body) == (200, KERNEL), path
        assert asked[-1].target == path


async def test_a_metalink_and_a_list_of_mirrors_name_the_path_as_it_came(stage):
    for path in PASSED:
        name, mark, query = path.partition("?")
        listed = json.loads((await plain(stage, path + ("&" if mark else "?") + "mirrorlist", "Accept: application/json")).body)
        assert [site["url"].partition(".example")[2].partition("/")[2] for site in listed["sites"]] == [path[1:]] * 2, path
        answer = await plain(stage, f"{name}.meta4{mark}{query}")
        (entry,) = ElementTree.fromstring(answer.body).findall(f"{NS4}file")
        urls = [str(url.text) for url in entry.findall(f"{NS4}url")]
        assert [url.partition(".example:")[2].partition("/")[2] for url in urls] == [path[1:]] * 2, path
        called = entry.get("name") or ""
        assert called.isprintable(), path
        assert called not in ("", ".", ".."), path
        assert not set(called) & {"/", "\\", "\0"}, "RFC 5854 section 4.1.2.1: nobody writes above his directory for us"


@pytest.mark.parametrize("agent", ["curl/7.88.1", "GRUB 2.06-13+deb12u2"])
async def test_what_is_no_path_is_refused_and_no_site_is_asked(stage, agent):
    for target, status in REFUSED.items():
        fields = f"Host: {HOST}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n".encode()
        octets = b"GET " + target + b" HTTP/1.1\r\n" + fields
        said = await stage.door.exchange(octets)
        assert parse(said.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").status == status, target[:40]
    assert not any(site.asked for site in stage.sites.values())


async def test_a_path_that_leaves_no_room_for_a_redirect_is_refused_and_served_through(stage):
    """A redirect is held to 2 KB, for the buffers of boot loaders; the one that can't follow it may ask for 8."""
    path = "/" + "x" * 4000
    assert (await plain(stage, path)).status == 414
    assert (await plain(stage, path + ".meta4")).status == 414
    assert (await exchange(stage, path)).status == 200
