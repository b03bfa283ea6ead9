"""Programs that people download with, as Debian has them, through the redirector: what each makes of a second choice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.scenarios.downloads import OBJECT, URL_PATH, Scene, fail, needs, scene

pytestmark = pytest.mark.anyio

# It asks for a Metalink by Accept wherever it goes, unless it is told not to.
ARIA2 = ("aria2c", "--quiet", "--min-split-size=1M", "--split=3", "--max-tries=2", "--retry-wait=0", "--connect-timeout=5")
BY_LINKS = ("--header=Accept: */*", "--follow-metalink=false")
NAME = "disk image.iso"


def got(place: Scene, name: str = NAME) -> bytes:
    return (place.folder / name).read_bytes()


def gave(place: Scene) -> set[str]:
    """The mirrors that were asked for the object."""
    return {name for name, asked in place.asked().items() if asked}


@needs("aria2c")
@pytest.mark.parametrize("ending", ["", ".meta4", ".metalink"])
async def test_aria2_takes_a_metalink_from_several_mirrors_and_verifies(tmp_path: Path, ending: str) -> None:
    async with scene(tmp_path) as place:
        said = await place.run(*ARIA2[:1], *ARIA2[2:], f"{place.url}{URL_PATH}{ending}")
        assert got(place) == OBJECT
        assert len(gave(place)) > 1
    assert "Verification finished successfully" in said


@needs("aria2c")
async def test_aria2_takes_links_from_several_mirrors_and_verifies_by_the_digest(tmp_path: Path) -> None:
    async with scene(tmp_path) as place:
        said = await place.run(*ARIA2[:1], *ARIA2[2:], *BY_LINKS, f"{place.url}{URL_PATH}")
        assert got(place) == OBJECT
        assert len(gave(place)) > 1
    assert "Verification finished successfully" in said


@needs("aria2c")
@pytest.mark.parametrize("fault", ["refuse", "cut", "404"])
@pytest.mark.parametrize("options", [(), BY_LINKS], ids=["metalink", "links"])
async def test_aria2_recovers_from_a_first_mirror_that_is_dead(tmp_path: Path, options: tuple[str, ...], fault: str) -> None:
    async with scene(tmp_path) as place:
        first = await place.first()
        await fail(first, fault)
        await place.run(*ARIA2, *options, f"{place.url}{URL_PATH}")
        assert got(place) == OBJECT
        assert gave(place) - {first.settings.name}


@needs("aria2c")
@pytest.mark.parametrize("options", [(), BY_LINKS], ids=["metalink", "links"])
async def test_aria2_sees_wrong_bytes(tmp_path: Path, options: tuple[str, ...]) -> None:
    async with scene(tmp_path) as place:
        await fail(await place.first(), "wrong")
        said = await place.run(*ARIA2[:1], *ARIA2[2:], *options, f"{place.url}{URL_PATH}", fails=True)
    assert "hecksum" in said


@needs("wget2")
@pytest.mark.parametrize("known", ["all", "no size", "nothing"])
@pytest.mark.parametrize("options", [(), ("--chunk-size=1M",)], ids=["whole", "chunks"])
async def test_wget2_writes_the_objects_bytes_and_nothing_else(tmp_path: Path, options: tuple[str, ...], known: str) -> None:
    async with scene(tmp_path, manifest=known != "nothing", sizes=known == "all") as place:
        said = await place.run("wget2", "--tries=2", *options, f"{place.url}{URL_PATH}")
        assert got(place) == OBJECT
        assert [path.name for path in place.folder.iterdir() if path.stat().st_size > 100_000] == [NAME]
    assert ("Checksum OK" in said) is (known == "all")


@needs("wget2")
@needs("aria2c")
@pytest.mark.parametrize("command", [("wget2", "--tries=2"), ARIA2, (*ARIA2, *BY_LINKS)], ids=["wget2", "metalink", "links"])
async def test_a_name_beyond_ascii_is_no_hindrance(tmp_path: Path, command: tuple[str, ...]) -> None:
    async with scene(tmp_path, path="/v1/カ 100%.iso") as place:
        await place.run(*command, f"{place.url}/v1/%E3%82%AB%20100%25.iso")
        (written,) = [path for path in place.folder.iterdir() if path.suffix == ".iso"]
        assert written.read_bytes() == OBJECT


@needs("curl")
@needs("busybox")
@needs("wget")
@pytest.mark.parametrize(
    "command",
    [
        ("curl", "-sSfL", "--remote-name"),
        ("curl", "-sSfL", "-O", "--continue-at", "-"),
        ("busybox", "wget", "-q"),
        ("wget", "-q"),
        (sys.executable, "-c", "import sys, urllib.request as u; u.urlretrieve(sys.argv[1], 'disk%20image.iso')"),
    ],
    ids=["curl", "curl-resumed", "busybox", "wget", "urllib"],
)
async def test_others_follow_the_redirect(tmp_path: Path, command: tuple[str, ...]) -> None:
    async with scene(tmp_path) as place:
        if "--continue-at" in command:
            (place.folder / "disk%20image.iso").write_bytes(OBJECT[:1_000_000])
        await place.run(*command, f"{place.url}{URL_PATH}")
        (written,) = [path for path in place.folder.iterdir() if path.is_file()]
        assert written.read_bytes() == OBJECT
        assert gave(place) == {(await place.first()).settings.name}


@needs("curl")
async def test_a_line_of_sha256_checks_what_came(tmp_path: Path) -> None:
    async with scene(tmp_path) as place:
        await place.run("curl", "-sSfL", "-o", NAME, f"{place.url}{URL_PATH}")
        await place.run("curl", "-sSfL", "-o", "sums", f"{place.url}{URL_PATH}.sha256")
        assert await place.run("sha256sum", "-c", "sums") == f"{NAME}: OK\n"
