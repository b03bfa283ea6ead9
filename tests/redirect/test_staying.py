"""One generation for one client, at the door: the mirrors change one after another while it downloads."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from gslb.model import ContentSet, Door, Edition, Hold, Holding, HoldingKey, Limits, Manifest, ManifestFile, SetKey, View, World
from gslb.redirect.pledges import Pledges
from gslb.redirect.staying import within_reach
from tests.redirect.doors import HOST, listening, opened, serving
from tests.redirect.doors import Door as Opened
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio

SET = ContentSet("v1", "/v1/", manifest="SHA256SUMS")
KEY = SetKey(HOST, "v1")
OLD, NEW = "a" * 64, "b" * 64
BLOCK = "f" * 40
TOKYO, OSAKA = "jp-tokyo-1", "jp-osaka"
PROXY = "X-Forwarded-For: "
JAPAN, BERLIN = PROXY + "133.11.0.1", PROXY + "141.20.0.1"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def held(served: str, **generations: str) -> World:
    """`served`, and by site (with _ for -) what it holds; every other site holds what is served."""
    configuration = replace(listening(worlds.with_service(content=(SET,)), "127.0.0.0/8"), limits=Limits(pledge_s=60.0))
    by_site = {name.replace("_", "-"): generation for name, generation in generations.items()}
    holdings = {
        HoldingKey(HOST, "v1", door, site.id, family): Holding(Hold.GOOD, by_site.get(site.id, served))
        for door in Door
        for site in configuration.sites
        for family in (4, 6)
    }
    manifests = {each: Manifest(each, {BLOCK: ManifestFile()}) for each in (OLD, NEW)}
    return worlds.world(configuration, holdings=holdings, editions={KEY: Edition(served)}, manifests=manifests)


BEFORE = held(OLD)
AFTER = held(NEW, jp_tokyo_1=OLD)


async def lands(door: Opened, path: str, *fields: str) -> str:
    return (await door.get(path, *fields)).site


def pledged(door: Opened, event: str) -> int:
    return door.counters.get(("gslb_http_pledges_total", HOST, event), 0)


async def test_a_client_in_the_middle_of_a_set_goes_on_where_that_generation_still_is() -> None:
    clock = Clock()
    async with opened(serving(BEFORE), clock=clock) as door:
        await lands(door, "/v1/kernel", JAPAN)
        door.redirector.swap(serving(AFTER))
        assert {await lands(door, f"/v1/{name}", JAPAN) for name in ("kernel", "miniroot.gz", "index.idx")} == {TOKYO}
        assert await lands(door, "/v1/kernel", BERLIN) != TOKYO, "who begins now gets what is served now"
        assert (pledged(door, "begun"), pledged(door, "kept")) == (2, 3)
        clock.now_s += 62
        assert await lands(door, "/v1/kernel", JAPAN) != TOKYO


async def test_other_paths_and_files_named_by_their_content_are_not_bound() -> None:
    async with opened(serving(held(OLD, jp_tokyo_1=NEW, jp_nagoya=NEW, jp_tsukuba=NEW))) as door:
        first = await lands(door, "/v1/kernel", JAPAN)
        door.redirector.swap(serving(AFTER))
        free = await lands(door, "/elsewhere", JAPAN)
        assert await lands(door, f"/v1/{BLOCK}", JAPAN) == free
        assert first != free
        assert pledged(door, "kept") == 0


async def test_when_the_only_site_with_its_generation_goes_down_a_client_goes_on_with_what_is_served() -> None:
    async with opened(serving(BEFORE)) as door:
        await lands(door, "/v1/kernel", JAPAN)
        door.redirector.swap(serving(worlds.down(AFTER, TOKYO)))
        assert await lands(door, "/v1/kernel", JAPAN) != TOKYO
        door.redirector.swap(serving(AFTER))
        assert await lands(door, "/v1/kernel", JAPAN) != TOKYO, "not back and forth"
        assert pledged(door, "ended") == 1


async def test_two_workers_that_share_a_table_are_of_one_mind() -> None:
    memory = array("Q", bytes(8 * 64))
    async with opened(serving(BEFORE)) as first, opened(serving(AFTER)) as second:
        first.redirector.staying.pledges, second.redirector.staying.pledges = Pledges(memory), Pledges(memory)
        await lands(first, "/v1/kernel", JAPAN)
        assert await lands(second, "/v1/miniroot.gz", JAPAN) == TOKYO


async def test_a_set_that_nobody_scans_begins_nothing() -> None:
    plain = worlds.with_service(content=(ContentSet("v1", "/v1/"),))
    async with opened(serving(worlds.world(plain))) as door:
        await lands(door, "/v1/kernel")
        assert door.redirector.staying.pledges is None


def test_what_is_within_reach_is_what_somebody_has_who_is_up() -> None:
    sites = AFTER.configuration.sites
    everyone = [site.id for site in sites]
    assert within_reach(AFTER, sites, KEY, View.HTTP4) == {OLD, NEW}
    assert within_reach(worlds.drained(AFTER, TOKYO), sites, KEY, View.HTTP4) == {NEW}
    assert within_reach(worlds.down(AFTER, TOKYO), sites, KEY, View.HTTP6) == {NEW}
    assert within_reach(worlds.down(AFTER, *everyone), sites, KEY, View.HTTP4) == {OLD, NEW}
