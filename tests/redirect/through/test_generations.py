"""Release sets: the rest of a file only from a site at a generation that has the same file, and held to its hash."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from gslb.model import ContentSet, Door, Edition, Hold, Holding, HoldingKey, Manifest, ManifestFile, SetKey, World
from tests.redirect.through import sites
from tests.redirect.through.sites import DATED, IN_ORDER, Asked, exchange, file, staged
from tests.steering.world import HOST

pytestmark = pytest.mark.anyio

OCTETS = random.Random(4).randbytes(300_000)
FLIPPED = OCTETS[:200_000] + bytes((OCTETS[200_000] ^ 1,)) + OCTETS[200_001:]
SHA256 = hashlib.sha256(OCTETS).hexdigest()
RELEASE = ContentSet("release", "/v1/", manifest="SHA256SUMS")
KERNEL, BLOCK = "/v1/kernel", f"/v1/blocks/{hashlib.sha1(b'block').hexdigest()}"


def release(*generations: str, hold: Hold = Hold.GOOD, **files: ManifestFile) -> Callable[[dict[str, int]], World]:
    """Sites in order, each at its generation. `files` says by generation what its kernel is; without, as OCTETS."""
    manifests = {
        name: Manifest(name, {"kernel": files.get(name, ManifestFile(SHA256, size=len(OCTETS)))}) for name in set(generations)
    }
    holdings = {
        HoldingKey(HOST, "release", Door.HTTP, site, 4): Holding(hold, generation)
        for site, generation in zip(IN_ORDER, generations, strict=False)
    }
    edition = {SetKey(HOST, "release"): Edition(generations[0])}

    def made(ports: dict[str, int]) -> World:
        world = sites.world(ports, content=(RELEASE,))
        return replace(world, holdings=holdings, editions=edition, manifests=manifests)

    return made


async def test_at_one_generation_validators_may_differ() -> None:
    stops = file(OCTETS, 'ETag: "apache"', stop_after=100_000)
    async with staged(stops, file(OCTETS, 'ETag: "nginx"'), source=release("one", "one")) as stage:
        assert (await exchange(stage, KERNEL)).body == OCTETS


async def test_a_site_that_has_moved_on_is_passed_over() -> None:
    """Though it would say that its file is the same: a mirror that is being changed says many things."""
    stops = file(OCTETS, 'ETag: "x"', stop_after=100_000)
    other = file(FLIPPED, 'ETag: "x"')
    new = ManifestFile(hashlib.sha256(FLIPPED).hexdigest())
    async with staged(stops, other, file(OCTETS), source=release("one", "two", "one", two=new)) as stage:
        assert (await exchange(stage, KERNEL)).body == OCTETS
        assert not stage.sites["us-chicago"].asked


async def test_a_file_that_both_generations_have_is_the_same() -> None:
    everything_moved = release("one", "two")

    def after(ports: dict[str, int]) -> World:
        """Nobody is at what is served any more: sites of all generations are used, rather than none."""
        world = everything_moved(ports)
        return replace(world, editions={SetKey(HOST, "release"): Edition("three")})

    async with staged(file(OCTETS, stop_after=100_000), file(OCTETS), source=after) as stage:
        assert (await exchange(stage, KERNEL)).body == OCTETS


async def test_a_file_that_differs_between_generations_is_never_mixed() -> None:
    moved = release("one", "two", two=ManifestFile(hashlib.sha256(FLIPPED).hexdigest()))

    def after(ports: dict[str, int]) -> World:
        return replace(moved(ports), editions={SetKey(HOST, "release"): Edition("three")})

    async with staged(file(OCTETS, stop_after=100_000), file(FLIPPED), source=after) as stage:
        with pytest.raises(asyncio.IncompleteReadError) as cut:
            await exchange(stage, KERNEL)
        assert OCTETS.startswith(cut.value.partial)
        assert stage.count("failovers")["us-chicago", "generation"] >= 1


async def test_blocks_named_by_their_content_come_from_any_site() -> None:
    block = OCTETS[:200_000]
    async with staged(file(block, stop_after=100_000), file(block), source=release("one", "two")) as stage:
        assert (await exchange(stage, BLOCK)).body == block


@pytest.mark.parametrize("known", [ManifestFile(SHA256), ManifestFile(sha1=hashlib.sha1(OCTETS).hexdigest().upper())])
async def test_one_wrong_octet_and_the_last_piece_never_comes(known: ManifestFile) -> None:
    async with staged(file(FLIPPED), file(OCTETS), source=release("one", "one", one=known)) as stage:
        with pytest.raises(asyncio.IncompleteReadError) as cut:
            await exchange(stage, KERNEL)
        assert FLIPPED.startswith(cut.value.partial)
        assert len(cut.value.partial) < len(FLIPPED)
        assert stage.count("mismatches") == {("jp-tokyo-1",): 1}
        assert stage.count("requests") == {("broken",): 1}


async def test_both_sites_that_gave_of_a_wrong_file_are_told() -> None:
    async with staged(file(OCTETS, stop_after=100_000), file(FLIPPED), source=release("one", "one")) as stage:
        with pytest.raises(asyncio.IncompleteReadError):
            await exchange(stage, KERNEL)
        assert stage.count("mismatches") == {("jp-tokyo-1",): 1, ("us-chicago",): 1}


async def test_a_file_of_another_size_than_its_manifest_says_is_not_begun() -> None:
    async with staged(file(OCTETS[:-1]), file(OCTETS), source=release("one", "one")) as stage:
        answer = await exchange(stage, KERNEL)
        assert (answer.body, answer.site) == (OCTETS, "us-chicago")
        assert stage.count("mismatches") == {("jp-tokyo-1",): 1}
        assert stage.count("failovers") == {("jp-tokyo-1", "size"): 1}


async def test_a_part_can_not_be_held_to_the_hash() -> None:
    async with staged(file(FLIPPED), source=release("one")) as stage:
        assert (await exchange(stage, KERNEL, "Range: bytes=199990-200010")).body == FLIPPED[199_990:200_011]
        assert not stage.count("mismatches")


async def test_an_empty_file_in_place_of_another_is_not_begun() -> None:
    """Manifests tell hashes, and seldom sizes."""
    known = ManifestFile(SHA256)
    async with staged(file(b""), file(OCTETS), source=release("one", "one", one=known)) as stage:
        assert (await exchange(stage, KERNEL)).body == OCTETS
        assert stage.count("mismatches") == {("jp-tokyo-1",): 1}


async def test_nor_that_there_is_no_such_part_where_the_manifest_knows_better() -> None:
    async with staged(file(OCTETS[:1000]), file(OCTETS), source=release("one", "one")) as stage:
        assert (await exchange(stage, KERNEL, "Range: bytes=5000-")).body == OCTETS[5000:]
        assert stage.count("mismatches") == {("jp-tokyo-1",): 1}
        assert (await exchange(stage, KERNEL, f"Range: bytes={len(OCTETS)}-")).status == 416


async def test_a_site_that_changes_its_file_in_the_middle_is_not_believed_again() -> None:
    """It holds the generation still, as far as anybody knows; and of a part there is no hash."""
    new = file(FLIPPED, "Last-Modified: Wed, 02 Jan 2008 00:00:00 GMT", 'ETag: "new"')

    async def updated(asked: Asked, writer: asyncio.StreamWriter) -> None:
        old = file(OCTETS, DATED, 'ETag: "old"', stop_after=100_000)
        await (old if asked.first == 1000 else new)(asked, writer)

    async with staged(updated, source=release("one")) as stage:
        with pytest.raises(asyncio.IncompleteReadError) as cut:
            await exchange(stage, KERNEL, "Range: bytes=1000-")
        assert OCTETS[1000:].startswith(cut.value.partial)
        assert stage.count("failovers")["jp-tokyo-1", "changed"] == 1


async def test_a_site_that_nobody_could_look_at_lately_is_held_to_what_it_had() -> None:
    known = ManifestFile(SHA256)
    async with staged(file(FLIPPED), source=release("one", hold=Hold.UNKNOWN, one=known)) as stage:
        with pytest.raises(asyncio.IncompleteReadError):
            await exchange(stage, KERNEL)
        assert stage.count("mismatches") == {("jp-tokyo-1",): 1}


async def test_and_is_not_put_together_with_another_for_that() -> None:
    stops = file(OCTETS, 'ETag: "a"', stop_after=100_000)
    async with staged(stops, file(OCTETS, 'ETag: "b"'), source=release("one", "one", hold=Hold.UNKNOWN)) as stage:
        with pytest.raises(asyncio.IncompleteReadError):
            await exchange(stage, KERNEL)
        assert stage.count("failovers")["us-chicago", "changed"] >= 1


@pytest.mark.parametrize("asked", ["Range: bytes=1000-", "X: the whole"])
async def test_of_a_part_two_sites_have_to_agree_on_the_date(asked: str) -> None:
    """One of them may have moved on since it was looked at. The whole is held to its hash, at the end."""
    other = file(OCTETS, "Last-Modified: Wed, 02 Jan 2008 00:00:00 GMT", 'ETag: "b"')
    same = file(OCTETS, DATED, 'ETag: "c"')
    stops = file(OCTETS, DATED, 'ETag: "a"', stop_after=100_000)
    async with staged(stops, other, same, source=release("one", "one", "one")) as stage:
        part = asked.startswith("Range")
        assert (await exchange(stage, KERNEL, asked)).body == OCTETS[1000 if part else 0 :]
        assert (("us-chicago", "changed") in stage.count("failovers")) is part
