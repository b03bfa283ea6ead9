"""BEHAVIOUR, HTTP 8: clients that follow no redirect get the bytes."""

from __future__ import annotations

import pytest

from gslb.model import ServeThrough
from tests.redirect import doors
from tests.redirect.through.sites import (
    DATED,
    GRUB,
    OCTETS,
    PATH,
    TAGGED,
    exchange,
    file,
    head,
    says,
    staged,
    whole,
    world,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("agent", ["GRUB 2.06-13+deb12u2", "UefiHttpBoot/1.0", "rpiboot/1.0 (d03114; version:507b2360)"])
async def test_boot_loaders_get_the_bytes(agent: str) -> None:
    async with staged(file(OCTETS, DATED, TAGGED, "Content-Type: application/octet-stream")) as stage:
        async with await stage.door.connect() as talk:
            await talk.send(doors.request(PATH, f"User-Agent: {agent}"))
            answer = await whole(talk)
        assert (answer.status, answer.body) == (200, OCTETS)
        assert answer.fields["Content-Type"] == "application/octet-stream"
        assert f"ETag: {answer.fields['ETag']}" == TAGGED
        assert f"Last-Modified: {answer.fields['Last-Modified']}" == DATED
        assert answer.fields["GSLB-Decision"] == '"jp-tokyo-1";why=nearest;world=1;through'
        assert "Location" not in answer.fields
        assert all(answer.fields.values())
        asked = stage.sites["jp-tokyo-1"].asked[0]
        assert asked.field("Host") == f"jp-tokyo-1.example:{stage.sites['jp-tokyo-1'].port}"
        assert asked.field("Accept-Encoding") == "identity"
        assert stage.count("octets") == {("jp-tokyo-1",): len(OCTETS)}
        assert stage.count("requests") == {("whole",): 1}
        assert stage.through.streams.open == 0
        assert stage.door.counters["gslb_http_responses_total", "200"] == 1


async def test_everybody_else_is_redirected() -> None:
    async with staged(file(OCTETS)) as stage:
        for fields in ((), ("User-Agent: curl/7.88.1",), ("User-Agent: Mozilla GRUB",)):
            assert (await stage.door.get(PATH, *fields)).status == 302


async def test_with_no_agents_everybody_is() -> None:
    async with staged(file(OCTETS), source=lambda ports: world(ports, serve_through=ServeThrough(()))) as stage:
        assert (await stage.door.get(PATH, GRUB)).status == 302


async def test_path_and_query_reach_the_site_as_they_came() -> None:
    async with staged(file(OCTETS)) as stage:
        await exchange(stage, "/a%2Fb//../c?x=%20&avoid=us-chicago&y")
        assert stage.sites["jp-tokyo-1"].asked[0].target == "/a%2Fb//../c?x=%20&y"


async def test_head_tells_the_length_and_no_more() -> None:
    async with staged(file(OCTETS, DATED)) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB, method="HEAD") + doors.request("/x", method="HEAD"))
        answer = await whole(talk, "HEAD")
        assert (answer.status, answer.fields["Content-Length"]) == (200, str(len(OCTETS)))
        assert (await whole(talk, "HEAD")).status == 302
        assert stage.sites["jp-tokyo-1"].asked[0].method == "HEAD"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=100-", 100, 699_999), ("bytes=5-14", 5, 14), ("bytes=-10", 699_990, 699_999), ("bytes=699990-", 699_990, 699_999)],
)
async def test_a_part(asked: str, first: int, last: int) -> None:
    async with staged(file(OCTETS)) as stage:
        answer = await exchange(stage, PATH, f"Range: {asked}")
        assert (answer.status, answer.body) == (206, OCTETS[first : last + 1])
        assert answer.fields["Content-Range"] == f"bytes {first}-{last}/{len(OCTETS)}"


async def test_a_part_beyond_the_end_is_416() -> None:
    async with staged(file(OCTETS)) as stage:
        answer = await exchange(stage, PATH, "Range: bytes=700000-")
        assert (answer.status, answer.body) == (416, b"")
        assert answer.fields["Content-Range"] == f"bytes */{len(OCTETS)}"


async def test_several_parts_come_as_the_site_puts_them_together() -> None:
    body = b"--x\r\nContent-Range: bytes 0-0/9\r\n\r\na\r\n--x\r\nContent-Range: bytes 8-8/9\r\n\r\ni\r\n--x--\r\n"
    octets = head("206 Partial Content", len(body), "Content-Type: multipart/byteranges; boundary=x") + body
    async with staged(says(octets)) as stage:
        answer = await exchange(stage, PATH, "Range: bytes=0-0, -1")
        assert (answer.status, answer.body) == (206, body)
        assert answer.fields["Content-Type"] == "multipart/byteranges; boundary=x"
        assert stage.sites["jp-tokyo-1"].asked[0].field("Range") == "bytes=0-0,-1"


async def test_if_range_is_the_sites_to_judge() -> None:
    async with staged(file(OCTETS)) as stage:
        await exchange(stage, PATH, "Range: bytes=1-", 'If-Range: "x"')
        assert stage.sites["jp-tokyo-1"].asked[0].field("If-Range") == '"x"'


@pytest.mark.parametrize("told", ["x" * 499 + " " + "x" * 99, 'W/"x"', "\xe9"])
async def test_an_if_range_that_can_not_hold_makes_it_the_whole(told: str) -> None:
    async with staged(file(OCTETS)) as stage:
        answer = await exchange(stage, PATH, "Range: bytes=1-", f"If-Range: {told}")
        assert (answer.status, answer.body) == (200, OCTETS)


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
async def test_http_1_0(connection: str) -> None:
    async with staged(file(OCTETS)) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB, f"Connection: {connection}", version="1.0"))
        answer = await whole(talk)
        assert (answer.body, answer.fields["Connection"]) == (OCTETS, connection)
        if connection == "close":
            assert await talk.rest() == b""
        else:
            await talk.send(doors.request(PATH, GRUB))
            assert (await whole(talk)).body == OCTETS


async def test_requests_behind_a_stream_wait_for_it() -> None:
    async with staged(file(OCTETS)) as stage, await stage.door.connect() as talk:
        batch = doors.request("/a") + doors.request(PATH, GRUB) + doors.request("/b")
        await talk.send(batch * 3 + doors.request("/c", "Connection: close"))
        for _ in range(3):
            assert (await whole(talk)).location.endswith("/a")
            assert (await whole(talk)).body == OCTETS
            assert (await whole(talk)).location.endswith("/b")
        assert (await whole(talk)).location.endswith("/c")
        assert await talk.rest() == b""


async def test_an_empty_file() -> None:
    async with staged(file(b"")) as stage:
        assert (await exchange(stage)).body == b""
        assert (await exchange(stage, PATH, "Range: bytes=0-")).status == 416
