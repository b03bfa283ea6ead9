"""apt, as Debian has it, with a repository of one package: through redirects, and by its own method for mirrors."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.scenarios.downloads import Scene, fail, needs, scene

pytestmark = [pytest.mark.anyio, needs("apt-get"), needs("dpkg-deb")]

PACKAGE = "gslb-greeting"
GREETING = "/usr/share/gslb-greeting/greeting"
CONTROL = f"""\
Package: {PACKAGE}
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.net>
Description: greets
"""


def build_repository(root: Path) -> None:
    """A flat one, unsigned."""
    source = root.parent / "source"
    for name, text in {"DEBIAN/control": CONTROL, GREETING[1:]: "hello\n"}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    for folder in (source, *source.rglob("*/")):
        folder.chmod(0o755)
    root.mkdir()
    archive = root / f"{PACKAGE}_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--build", "--root-owner-group", source, archive], check=True, capture_output=True)
    data = archive.read_bytes()
    listed = f"{CONTROL}Filename: ./{archive.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
    (root / "Packages").write_text(listed)
    sums = f"SHA256:\n {hashlib.sha256(listed.encode()).hexdigest()} {len(listed)} Packages\n"
    (root / "Release").write_text(f"Suite: test\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n{sums}")


class Apt:
    """With a root, lists and a cache of its own: the machine's are not touched."""

    def __init__(self, place: Scene, source: str) -> None:
        self.root = place.folder / "root"
        self._place = place
        for name in (
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "var/lib/apt/lists/partial",
            "var/lib/dpkg/updates",
            "var/log/apt",
        ):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "var/cache/apt/archives/partial").mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()
        (self.root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] {source} ./\n")
        settings = {
            "Dir": self.root,
            "Dir::State::status": self.root / "var/lib/dpkg/status",
            "Dir::Bin::methods": "/usr/lib/apt/methods/",
            "Dir::Bin::solvers::": "/usr/lib/apt/solvers",
            "APT::Sandbox::User": "",
            "APT::Architecture": "amd64",
            "Acquire::Languages": "none",
            "Acquire::http::Timeout": "10",
            "Acquire::Retries": "0",  # of the same mirror, with pauses
            "DPkg::Options::": f"--root={self.root}",
        }
        self._file = place.folder / "apt.conf"
        self._file.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))

    async def __call__(self, *words: str) -> str:
        """`env`, because these settings have to be read before those of the machine."""
        return await self._place.run("env", f"APT_CONFIG={self._file}", "apt-get", "-q", "--yes", *words)


METHODS = {"redirects": "{url}/v1/debian/", "mirrors": "mirror+{url}/v1/debian/?mirrorlist"}


@pytest.mark.parametrize("method", METHODS)
async def test_apt_downloads_a_package(tmp_path: Path, method: str) -> None:
    async with scene(tmp_path, manifest=False) as place:
        build_repository(tmp_path / "tree/v1/debian")
        apt = Apt(place, METHODS[method].format(url=place.url))
        await apt("update")
        await apt("download", PACKAGE)
        served = {name for name, asked in place.asked().items() if any(".deb" in request for request in asked)}
    (archive,) = place.folder.glob("*.deb")
    assert archive.read_bytes() == (tmp_path / "tree/v1/debian" / archive.name).read_bytes()
    assert len(served) == 1


@pytest.mark.needs_root
@pytest.mark.parametrize("method", METHODS)
async def test_apt_installs_a_package(tmp_path: Path, method: str) -> None:
    async with scene(tmp_path, manifest=False) as place:
        build_repository(tmp_path / "tree/v1/debian")
        apt = Apt(place, METHODS[method].format(url=place.url))
        await apt("update")
        await apt("install", PACKAGE)
    assert (apt.root / GREETING[1:]).read_text() == "hello\n"


async def test_apt_goes_on_to_the_next_mirror_where_the_first_is_dead(tmp_path: Path) -> None:
    async with scene(tmp_path, manifest=False) as place:
        build_repository(tmp_path / "tree/v1/debian")
        await fail(await place.first("/v1/debian/"), "refuse")
        apt = Apt(place, METHODS["mirrors"].format(url=place.url))
        await apt("update")
        await apt("download", PACKAGE)
    assert list(place.folder.glob("*.deb"))
