"""BEHAVIOUR, HTTP 8: clients that follow no redirect get the bytes, and never notice that a site died."""

from __future__ import annotations

import asyncio
import random

import pytest

from gslb.model import Limits, ServeThrough
from tests.redirect import doors
from tests.redirect.through.sites import (
    GRUB,
    PATH,
    Asked,
    Stage,
    exchange,
    file,
    head,
    says,
    silent,
    staged,
    whole,
    world,
)  # fmt: skip

pytestmark = pytest.mark.anyio

OCTETS = random.Random(1).randbytes(700_000)
DATED = "Last-Modified: Tue, 01 Jan 2008 00:00:00 GMT"
TAGGED = 'ETag: "47798700-aae60"'


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


# Sites that do not do.


async def refusing(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


BAD = {
    "broke": refusing,
    "silent": silent,
    "status": says(head("503 Service Unavailable", 3, "Retry-After: 3") + b"no\n"),
    "redirect": says(head("302 Found", 0, "Location: http://127.0.0.1/")),
    "length": says(head("200 OK", None, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n"),
    "encoded": says(head("200 OK", 20, "Content-Encoding: gzip") + b"x" * 20),
    "malformed": says(b"HTTP/9 hello\r\n\r\n"),
    "missing": says(head("404 Not Found", 0)),
}


@pytest.mark.parametrize("reason", BAD)
async def test_a_site_that_does_not_do_is_left_for_the_next(reason: str) -> None:
    async with staged(BAD[reason], file(OCTETS)) as stage:
        answer = await exchange(stage)
        assert (answer.body, answer.site) == (OCTETS, "us-chicago")
        assert stage.count("failovers") == {("jp-tokyo-1", reason): 1}


@pytest.mark.parametrize("handler", [
    says(head("206 Partial Content", 5, "Content-Range: bytes 0-4/700000") + b"01234"),  # nobody asked for that part
    says(head("206 Partial Content", 5, "Content-Range: bytes 5-14/700000") + b"01234"),  # a length that lies
    says(head("200 OK", 5) + b"01234"),  # GRUB would take the beginning for the part
])  # fmt: skip
async def test_a_part_that_is_another_one_is_not_passed_on(handler: object) -> None:
    async with staged(handler, file(OCTETS)) as stage:  # type: ignore[arg-type]
        assert (await exchange(stage, PATH, "Range: bytes=5-14")).body == OCTETS[5:15]
        assert stage.count("failovers") == {("jp-tokyo-1", "range"): 1}


async def test_what_no_site_has_is_404() -> None:
    async with staged(BAD["missing"], BAD["missing"]) as stage:
        assert (await exchange(stage)).status == 404
        assert stage.count("requests") == {("unserved",): 1}


async def test_what_no_site_gives_is_502_with_a_sentence() -> None:
    async with staged(BAD["missing"], BAD["length"]) as stage:
        answer = await exchange(stage)
        assert answer.status == 502
        assert b"told how long it is" in answer.body
        assert int(answer.fields["Retry-After"]) > 0


async def test_a_compressed_file_that_a_site_calls_encoded_is_that_file() -> None:
    async with staged(file(OCTETS, "Content-Encoding: x-gzip")) as stage:
        answer = await exchange(stage, "/boot/miniroot.gz")
        assert answer.body == OCTETS
        assert "Content-Encoding" not in answer.fields


@pytest.mark.parametrize("endless", [b"X: y\r\n" * 100, b"x" * 1000], ids=["fields", "line"])
async def test_an_endless_head_is_left(endless: bytes) -> None:
    async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(endless)
            await writer.drain()

    async with staged(handler, file(OCTETS)) as stage:
        assert (await exchange(stage)).body == OCTETS


# Sites that stop in the middle.


@pytest.mark.parametrize("then", ["close", "reset", "silent"])
@pytest.mark.parametrize("validator", [DATED, TAGGED])
async def test_the_rest_comes_from_the_next_site(then: str, validator: str) -> None:
    async with staged(file(OCTETS, validator, stop_after=300_001, then=then), file(OCTETS, validator)) as stage:
        assert (await exchange(stage)).body == OCTETS
        first, second = (site.asked for site in stage.sites.values())
        assert first[0].field("Range") is None
        rest = second[0].field("Range")
        assert rest is not None  # a reset may take octets along that had been sent
        assert rest == "bytes=300001-699999" or then == "reset"


async def test_of_a_part_too() -> None:
    async with staged(file(OCTETS, DATED, stop_after=100_000), file(OCTETS, DATED)) as stage:
        answer = await exchange(stage, PATH, "Range: bytes=1000-600000")
        assert answer.body == OCTETS[1000:600_001]
        assert stage.sites["us-chicago"].asked[0].field("Range") == "bytes=101000-600000"


async def test_every_site_may_stop_while_one_is_left() -> None:
    stopping = file(OCTETS, DATED, stop_after=90_000)
    async with staged(stopping, stopping, file(OCTETS, DATED)) as stage:
        assert (await exchange(stage)).body == OCTETS
        assert [len(site.asked) for site in stage.sites.values()] == [1, 1, 1]


async def test_a_single_site_is_asked_again() -> None:
    async def once(asked: Asked, writer: asyncio.StreamWriter) -> None:
        stop = 50_000 if not asked.field("Range") else None
        await file(OCTETS, TAGGED, stop_after=stop)(asked, writer)

    async with staged(once) as stage:
        assert (await exchange(stage)).body == OCTETS
        assert stage.sites["jp-tokyo-1"].asked[1].field("Range") == "bytes=50000-699999"


OTHER = random.Random(2).randbytes(700_000)


@pytest.mark.parametrize(
    "fields",
    [
        (DATED, DATED.replace("2008", "2009")),
        (TAGGED, TAGGED.replace("47", "48")),
        (TAGGED, f"{TAGGED[:6]}W/{TAGGED[6:]}"),
        ("X: none", "X: none"),
        (TAGGED, DATED),
    ],
)
async def test_other_octets_are_never_put_behind(fields: tuple[str, str]) -> None:
    """The validators tell that it is, or may be, another file: then no octet of it is sent, and the connection is cut."""
    async with staged(file(OCTETS, fields[0], stop_after=300_000), file(OTHER, fields[1])) as stage:
        with pytest.raises(asyncio.IncompleteReadError) as cut:
            await exchange(stage)
        assert OCTETS.startswith(cut.value.partial)
        assert ("us-chicago", "changed") in stage.count("failovers")
        assert stage.count("requests") == {("broken",): 1}


async def test_nor_octets_of_another_length() -> None:
    async with staged(file(OCTETS, DATED, stop_after=300_000), file(OCTETS + b"!", DATED)) as stage:
        with pytest.raises(asyncio.IncompleteReadError):
            await exchange(stage)
        assert ("us-chicago", "changed") in stage.count("failovers")


async def test_nor_the_whole_in_place_of_the_rest() -> None:
    whole = says(head("200 OK", len(OCTETS), DATED) + OCTETS)
    async with staged(file(OCTETS, DATED, stop_after=300_000), whole) as stage:
        with pytest.raises(asyncio.IncompleteReadError):
            await exchange(stage)
        assert ("us-chicago", "range") in stage.count("failovers")


async def test_two_etags_that_differ_outweigh_a_date() -> None:
    async with staged(
        file(OCTETS, DATED, TAGGED, stop_after=300_000), file(OTHER, DATED, TAGGED.replace("47", "48"))
    ) as stage:  # fmt: skip
        with pytest.raises(asyncio.IncompleteReadError):
            await exchange(stage)


async def test_more_than_was_told_is_not_passed_on() -> None:
    async with staged(says(head("200 OK", 5) + b"01234567")) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB, "Connection: close"))
        octets = await talk.rest()
        assert octets.endswith(b"\r\n\r\n01234")


async def test_a_site_that_trickles_is_as_good_as_dead() -> None:
    async def trickling(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer := head("200 OK", len(OCTETS), DATED))
        assert answer
        for octet in OCTETS:
            writer.write(bytes((octet,)))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with staged(trickling, file(OCTETS, DATED)) as stage:
        assert (await exchange(stage)).body == OCTETS
        assert stage.count("failovers") == {("jp-tokyo-1", "silent"): 1}


# Bounds.


async def test_more_streams_than_there_may_be_are_told_to_come_again() -> None:
    limits = Limits(through_streams=2)
    async with staged(file(OCTETS, stop_after=1, then="silent"), limits=limits) as stage:
        talks = [await stage.door.connect() for _ in range(2)]
        for talk in talks:
            await talk.send(doors.request(PATH, GRUB))
            await talk.reader.readuntil(b"\r\n\r\n")
        answer = await exchange(stage)
        assert (answer.status, int(answer.fields["Retry-After"]) > 0) == (503, True)
        assert b"As many files" in answer.body
        assert stage.count("refused") == {("streams",): 1}
        for talk in talks:
            talk.writer.close()


async def test_one_client_has_fewer() -> None:
    async with staged(file(OCTETS, stop_after=1, then="silent"), limits=Limits(through_streams_per_client=1)) as stage:
        talk = await stage.door.connect()
        await talk.send(doors.request(PATH, GRUB))
        await talk.reader.readuntil(b"\r\n\r\n")
        assert (await exchange(stage)).status == 503
        assert stage.count("refused") == {("client",): 1}
        talk.writer.close()


async def test_a_client_that_goes_gives_its_place_back() -> None:
    async with staged(file(OCTETS * 20, stop_after=1), limits=Limits(through_streams=1)) as stage:
        for _ in range(3):
            async with await stage.door.connect() as talk:
                await talk.send(doors.request(PATH, GRUB))
                await talk.reader.readuntil(b"\r\n\r\n")
            await emptied(stage)


async def emptied(stage: Stage) -> None:
    async with asyncio.timeout(20):
        while stage.through.streams.open:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_all_streams_together_keep_to_the_rate() -> None:
    """400 KB at 200 KB a second can't come in less than 1.6 s, and two at a time get the same."""
    limits = Limits(through_rate=200_000)
    octets = OCTETS[:200_000]
    loop = asyncio.get_running_loop()
    ends: list[float] = []

    async def one() -> None:
        assert (await exchange(stage)).body == octets
        ends.append(loop.time())

    async with staged(file(octets), limits=limits) as stage:
        began = loop.time()
        await asyncio.gather(one(), one())
        assert ends[0] - began > 1.4
        assert ends[1] - began > 1.6


async def test_a_rate_that_can_not_be_met_is_told() -> None:
    async with staged(file(OCTETS[:5000]), limits=Limits(through_rate=1024)) as stage:
        talks = [await stage.door.connect() for _ in range(2)]
        for talk in talks:
            await talk.send(doors.request(PATH, GRUB))
            await talk.reader.readuntil(b"\r\n\r\n")
        answer = await exchange(stage)
        assert (answer.status, stage.count("refused")) == (503, {("rate",): 1})
        for talk in talks:
            talk.writer.close()


async def test_a_draining_server_ends_streams_after_its_time() -> None:
    async with staged(file(OCTETS, stop_after=1, then="silent")) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB))
        await talk.reader.readuntil(b"\r\n\r\n")
        await stage.door.server.drain(0.1, 0.1)
        assert stage.door.server.connections == 0
        assert len(await talk.rest()) <= 1


async def test_a_stream_that_ends_while_it_drains_is_whole() -> None:
    limits = Limits(through_rate=400_000)
    async with staged(file(OCTETS[:300_000]), limits=limits) as stage, await stage.door.connect() as talk:
        await talk.send(doors.request(PATH, GRUB))
        await talk.reader.readuntil(b"\r\n\r\n")
        drain = asyncio.create_task(stage.door.server.drain(0.1, 10.0))
        body = await talk.rest()
        await drain
    assert body == OCTETS[:300_000]
