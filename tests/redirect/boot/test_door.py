"""Which paths are answered here, with what, and for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gslb.model import BootImage, Edition, Hold, Holding, Manifest, ManifestFile, Service, SetKey, World
from tests.redirect import doors
from tests.redirect.boot.island import GENERATION, IMAGE, NEAR_TO_FAR, world
from tests.runtime.mirrors import RECIPE
from tests.steering import world as worlds

pytestmark = pytest.mark.anyio

NEAR, MIDDLE, FAR = NEAR_TO_FAR
URLS = {name: f"http://{name}.example" for name in NEAR_TO_FAR}
MANIFEST = Manifest(GENERATION, {"kernel": ManifestFile("ab" * 32, "cd" * 20, 100_000), "miniroot.gz": ManifestFile(size=7)})


def with_service(found: World, **changes: object) -> World:
    (service,) = found.configuration.services
    changed: Service = replace(service, **changes)  # type: ignore[arg-type]
    return replace(found, configuration=replace(found.configuration, services=(changed,)))


async def get(found: World, target: str, *fields: str, method: str = "GET") -> doors.Answer:
    async with doors.opened(doors.serving(found)) as door:
        return await door.get(target, *fields, method=method)


def sites_of(script: bytes) -> list[str]:
    """In the order in which they are tried."""
    return [line.split("'")[1] for line in script.decode().splitlines() if ") site='" in line]


@pytest.mark.parametrize("target", ["/~boot/knoppix.sh", "/~boot/knoppix.fastest.sh", "/~boot/knoppix.ipxe"])
async def test_a_script_is_plain_text_that_nobody_keeps(target: str) -> None:
    answer = await get(world(URLS), target)
    assert answer.status == 200
    assert answer.fields["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.fields["Cache-Control"] == "private, no-store"
    assert answer.site == NEAR
    head = await get(world(URLS), target, method="HEAD")
    assert (head.status, head.fields["Content-Length"], head.body) == (200, answer.fields["Content-Length"], b"")


@pytest.mark.parametrize(
    "target",
    ["/~boot/other.sh", "/~boot/knoppix", "/~boot/", "/~boot/knoppix.sh/", "/~measured/", "/%7Eboot/knoppix.sh", "/~user/", "/~"],
)
async def test_every_other_path_is_a_mirrors(target: str) -> None:
    answer = await get(world(URLS), target)
    assert (answer.status, answer.location) == (302, f"{URLS[NEAR]}{target}")


async def test_what_a_client_got_here_is_counted_by_what_it_was() -> None:
    async with doors.opened(doors.serving(world(URLS))) as door:
        for target in ("/~boot/knoppix.ipxe", "/~boot/nothing", "/~measured?token=1"):
            await door.get(target, "User-Agent: iPXE/1.21")
        counted = {key[2:]: count for key, count in door.counters.items() if key[0] == "gslb_http_clients_total"}
    assert counted == {("ipxe", "script"): 1, ("ipxe", "redirected"): 1, ("ipxe", "refused"): 1}


async def test_a_service_that_boots_nothing_keeps_all_its_paths() -> None:
    answer = await get(with_service(world(URLS), boot=()), "/~measured?token=1")
    assert answer.location == f"{URLS[NEAR]}/~measured?token=1"


async def test_nothing_of_the_request_is_in_a_script() -> None:
    async with doors.opened(doors.serving(world(URLS))) as door:
        plain = (await door.get("/~boot/knoppix.sh")).body
        strange = await door.get("/~boot/knoppix.sh?$(reboot)&avoid=$(reboot)", host=f"{worlds.HOST.upper()}:4711")
    assert strange.body == plain


async def test_another_site_comes_first_where_one_asks_for_it() -> None:
    assert sites_of((await get(world(URLS), f"/~boot/knoppix.sh?avoid={NEAR}")).body) == [MIDDLE, FAR]
    assert sites_of((await get(world(URLS), "/@2/~boot/knoppix.sh")).body) == [MIDDLE, NEAR, FAR]


async def test_a_site_that_is_down_is_in_no_script() -> None:
    assert sites_of((await get(worlds.down(world(URLS), NEAR), "/~boot/knoppix.sh")).body) == [MIDDLE, FAR]


@pytest.mark.parametrize("target", ["/~boot/knoppix.sh", "/~boot/knoppix.ipxe"])
async def test_without_any_site_it_is_said_when_to_ask_again(target: str) -> None:
    answer = await get(worlds.drained(world(URLS), *NEAR_TO_FAR), target)
    assert (answer.status, answer.fields["Retry-After"]) == (503, "15")
    assert answer.body == b"No mirror is up. Please try again in a while.\n"


async def test_more_sites_than_the_bound_are_left_out() -> None:
    found = world(URLS)
    limits = replace(found.configuration.limits, boot_candidates=2)
    found = replace(found, configuration=replace(found.configuration, limits=limits))
    assert sites_of((await get(found, "/~boot/knoppix.sh")).body) == [NEAR, MIDDLE]


async def test_what_measures_begins_with_the_best_of_each_region() -> None:
    sites = worlds.SITES
    found = worlds.world(worlds.configuration(sites, replace(worlds.SERVICE, boot=(replace(IMAGE, content=None),))))
    script = (await get(found, "/~boot/knoppix.fastest.sh")).body
    assert [name[:2] for name in sites_of(script)] == ["jp", "us", "eu", "jp", "jp"]


async def test_files_are_known_by_the_manifest_of_the_generation_that_is_served() -> None:
    script = (await get(world(URLS, manifest=MANIFEST), "/~boot/knoppix.sh")).body.decode()
    assert f"file 'kernel' '{RECIPE.prefix}kernel' '100000' '{'ab' * 32}' '{'cd' * 20}' &&" in script
    assert f"file 'initrd.1' '{RECIPE.prefix}miniroot.gz' '7' '' ''\n" in script


async def test_all_sites_of_a_script_are_at_one_generation() -> None:
    found = world(URLS, manifest=MANIFEST)
    holdings = {key: Holding(Hold.GOOD, "g0" if key.site in (NEAR, FAR) else GENERATION) for key in found.holdings}
    key = SetKey(worlds.HOST, "knoppix-5.1.1")
    for served, expected in ((GENERATION, [MIDDLE]), ("g0", [NEAR, FAR])):
        other = replace(found, holdings=holdings, editions={key: Edition(served)})
        assert sites_of((await get(other, "/~boot/knoppix.sh")).body) == expected


async def test_a_site_with_wrong_files_is_in_no_script() -> None:
    found = world(URLS, manifest=MANIFEST)
    spoilt = {
        key: Holding(Hold.WRONG, "", "kernel: other bytes") if key.site == NEAR else holding
        for key, holding in found.holdings.items()
    }
    assert sites_of((await get(replace(found, holdings=spoilt), "/~boot/knoppix.sh")).body) == [MIDDLE, FAR]


async def test_who_came_by_https_is_sent_to_https_alone() -> None:
    found = world(URLS)
    sites = tuple(
        replace(site, url_https=f"https://{site.id}.example/" if site.id != NEAR else None) for site in found.configuration.sites
    )
    settings = replace(found.configuration, sites=sites)
    proxied = replace(found, configuration=doors.listening(settings, "127.0.0.0/8"))
    script = (await get(proxied, "/~boot/knoppix.sh", "X-Forwarded-Proto: https")).body
    assert sites_of(script) == [MIDDLE, FAR]
    assert b"http://" not in script


async def test_a_script_for_ipxe_goes_from_site_to_site() -> None:
    async with doors.opened(doors.serving(world(URLS))) as door:
        lines = (await door.get("/~boot/knoppix.ipxe")).body.decode().splitlines()
    assert lines[0] == "#!ipxe"
    assert lines[-2:] == ["echo No site could boot this.", "exit 1"]
    for number, site in enumerate(NEAR_TO_FAR, 1):
        at = lines.index(f":site{number}")
        url, otherwise = URLS[site], f"|| goto after{number}"
        kernel, initrd, boot, after, free = lines[at + 2 : at + 7]
        begin = f"kernel --name kernel --timeout 15000 {url}{RECIPE.prefix}kernel initrd=initrd.1 quiet lang=de"
        assert kernel.startswith(f"{begin} httpfuse={url}{RECIPE.prefix} httpfuse_next=http")
        assert kernel.endswith(f" {otherwise}")
        assert initrd == f"initrd --name initrd.1 --timeout 15000 {url}{RECIPE.prefix}miniroot.gz {otherwise}"
        assert (boot, after, free) == (f"boot {otherwise}", f":after{number}", "imgfree")


async def test_scripts_are_counted() -> None:
    async with doors.opened(doors.serving(world(URLS))) as door:
        await door.get("/~boot/knoppix.sh")
        await door.get("/~boot/knoppix.ipxe")
        assert door.counters["gslb_http_boot_scripts_total", worlds.HOST, "knoppix", "sh"] == 1
        assert door.counters["gslb_http_boot_scripts_total", worlds.HOST, "knoppix", "ipxe"] == 1


async def test_urls_that_no_loader_can_hold_are_in_no_script() -> None:
    long = BootImage("knoppix", "/" + "k" * 1023)
    urls = {name: f"http://{name}.example/{'u' * 1010}" for name in NEAR_TO_FAR}
    answer = await get(world(urls, image=long), "/~boot/knoppix.sh")
    assert (answer.status, answer.body) == (414, b"The URLs of this image would be longer than 2 KB.\n")
