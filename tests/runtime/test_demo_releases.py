"""What the demo's mirrors hold: new editions arrive at them one by one, and files go wrong, each mirror for itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gslb.errors import UsageError
from gslb.runtime.demo.releases import LOCK, Releases
from gslb.runtime.demo.tree import KERNEL, MANIFEST, Recipe, block_names, verify

pytestmark = pytest.mark.anyio
SMALL = Recipe(positions=16, block_bytes=4096, kernel_bytes=4096, miniroot_bytes=4096)


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    made = Releases(tmp_path, SMALL, ("one", "two"), change_s=0.2)
    made.build()
    return made


def kernel(releases: Releases, site: str) -> bytes:
    return (releases.release(site) / KERNEL).read_bytes()


async def test_an_edition_arrives_at_one_mirror_and_all_its_hashes_are_right(releases):
    before, blocks = kernel(releases, "one"), set(block_names(releases.release("one")))
    times = {path.name: path.stat().st_mtime for path in releases.release("one").iterdir()}
    assert await releases.publish("one") == 2
    assert kernel(releases, "one") != before == kernel(releases, "two")
    assert verify(releases.release("one")) == verify(releases.release("two")) == ()
    assert blocks & set(block_names(releases.release("one"))), "most blocks are the same"
    assert (releases.release("one") / MANIFEST).stat().st_mtime > times[MANIFEST]
    assert not (releases.release("one") / LOCK).exists()


async def test_a_mirror_says_while_it_changes_and_never_has_half_a_file(releases):
    going = asyncio.create_task(releases.publish("one"))
    seen = []
    while not going.done():
        seen.append((releases.release("one") / LOCK).exists())
        assert len(kernel(releases, "one")) == 4096
        await asyncio.sleep(0.01)
    assert any(seen)
    assert await going == 2
    with pytest.raises(UsageError, match="is being changed already"):
        await asyncio.gather(releases.publish("two"), releases.publish("two"))


async def test_everywhere_brings_up_who_is_behind_before_there_is_something_new(releases):
    await releases.publish("two")
    assert await releases.publish_everywhere() == 2
    assert releases.editions == {"one": 2, "two": 2}
    assert await releases.publish_everywhere() == 3
    assert kernel(releases, "one") == kernel(releases, "two")


def test_one_bit_goes_wrong_at_one_mirror_alone_and_nothing_else_tells(releases):
    path = releases.release("one") / KERNEL
    before = path.stat()
    releases.flip("one")
    assert (path.stat().st_size, path.stat().st_mtime) == (before.st_size, before.st_mtime)
    (fault,) = verify(releases.release("one"))
    assert KERNEL in fault
    assert verify(releases.release("two")) == ()
    releases.repair("one")
    releases.repair("one")
    assert verify(releases.release("one")) == ()
    assert {path.name for path in releases.release("one").iterdir()} == {path.name for path in releases.release("two").iterdir()}


def test_what_is_not_there_can_not_go_wrong(releases):
    with pytest.raises(UsageError, match="'nobody' is none of the mirrors one, two"):
        releases.flip("nobody")
    with pytest.raises(UsageError, match=r"'\.\./kexec' is no file of the release"):
        releases.flip("one", "../kexec")


async def test_a_mirror_changes_nothing_before_it_is_noticed_that_it_will(releases):
    noticed, before = asyncio.Event(), kernel(releases, "one")

    async def wait(site: str) -> None:
        assert (releases.release(site) / LOCK).exists()
        await noticed.wait()

    releases.noticed = wait
    going = asyncio.create_task(releases.publish("one"))
    await asyncio.sleep(0.3)
    assert kernel(releases, "one") == before
    noticed.set()
    assert await going == 2
    assert kernel(releases, "one") != before
