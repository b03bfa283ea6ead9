"""Sites that do not do, and sites that stop in the middle: the client never notices, or is cut off."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from tests.redirect import doors
from tests.redirect.through.sites import (
    CALM,
    DATED,
    GRUB,
    HASTY,
    OCTETS,
    PATH,
    TAGGED,
    Asked,
    Stage,
    exchange,
    file,
    head,
    says,
    silent,
    staged,
)
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio


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
    patience = HASTY if reason == "silent" else CALM
    async with staged(BAD[reason], file(OCTETS), patience=patience) as stage:
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


async def test_interim_answers_without_end_are_left_before_they_cost_anybody_time() -> None:
    async def handler(asked: Asked, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
            await writer.drain()

    async with staged(handler, file(OCTETS)) as stage:
        assert (await exchange(stage)).body == OCTETS
        assert stage.count("failovers") == {("jp-tokyo-1", "malformed"): 1}


async def test_a_stream_goes_on_though_its_service_is_taken_away() -> None:
    async def stops(asked: Asked, writer: asyncio.StreamWriter) -> None:
        service = replace(worlds.SERVICE, host="other.example", http_hosts=())
        stage.door.redirector.swap(doors.serving(worlds.world(worlds.configuration(service=service))))
        await file(OCTETS, DATED, stop_after=100_000)(asked, writer)

    stage: Stage
    async with staged(stops, file(OCTETS, DATED)) as stage:
        assert (await exchange(stage)).body == OCTETS


@pytest.mark.parametrize("then", ["close", "reset", "silent"])
@pytest.mark.parametrize("validator", [DATED, TAGGED])
async def test_the_rest_comes_from_the_next_site(then: str, validator: str) -> None:
    patience = HASTY if then == "silent" else CALM
    async with staged(
        file(OCTETS, validator, stop_after=300_001, then=then), file(OCTETS, validator), patience=patience
    ) as stage:
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

    async with staged(trickling, file(OCTETS, DATED), patience=HASTY) as stage:
        assert (await exchange(stage)).body == OCTETS
        assert stage.count("failovers") == {("jp-tokyo-1", "silent"): 1}
