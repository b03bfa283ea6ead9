"""A redirector and three mirrors with a small release, near to far; and a BusyBox that runs what the redirector says."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path

import pytest

from gslb.model import (
    BootImage,
    ContentSet,
    Door,
    Edition,
    Endpoint,
    Hold,
    Holding,
    HoldingKey,
    Listen,
    Manifest,
    ManifestFile,
    SetKey,
    World,
)
from gslb.redirect.boot.measured import Measured
from gslb.runtime.demo.faults import parse_fault
from gslb.runtime.demo.serving import Mirror, MirrorSettings
from gslb.runtime.demo.tree import build_tree
from tests.redirect import doors
from tests.runtime.mirrors import RECIPE
from tests.steering import world as worlds

NEAR_TO_FAR = ("jp-tokyo-1", "us-fremont", "eu-frankfurt")
IMAGE = BootImage(
    "knoppix", f"{RECIPE.prefix}kernel", (f"{RECIPE.prefix}miniroot.gz",), RECIPE.prefix, "quiet lang=de", "knoppix-5.1.1"
)  # fmt: skip
GENERATION = "g1"

needs_busybox = pytest.mark.skipif(shutil.which("busybox") is None, reason="busybox is not installed")


def manifest_of(release: Path) -> Manifest:
    files = {
        path.name: ManifestFile(hashlib.sha256(path.read_bytes()).hexdigest(), None, path.stat().st_size)
        for path in release.iterdir()
    }
    return Manifest(GENERATION, files)


@dataclass
class Run:
    """What came of a script."""

    code: int
    said: str
    kexec: list[str]  # the arguments of each call, a line each
    files: Path

    def holds(self, name: str) -> bytes:
        return (self.files / name).read_bytes()


@dataclass
class Island:
    door: doors.Door
    mirrors: Mapping[str, Mirror]
    release: Path
    folder: Path
    reports: list[Measured]

    async def ill(self, site: str, fault: str) -> None:
        await self.mirrors[site].set_fault(parse_fault(fault))

    def url(self, site: str) -> str:
        return f"http://{self.mirrors[site].endpoints[0]}"

    async def script(self, name: str) -> str:
        answer = await self.door.get(f"/~boot/{name}")
        assert answer.status == 200, answer
        return answer.body.decode()

    async def run(self, script: str, kexec: str = "exit 0", shell: str = "ash", **variables: str) -> Run:
        """With the tools of BusyBox alone; `kexec` is what is in place of kexec, after it has noted its arguments."""
        programs, files, log = (self.folder / name for name in ("bin", "files", "kexec.log"))
        _install(programs)
        log.write_text("")
        (programs / "kexec").write_text(f'#!/bin/sh\necho "$*" >>{log}\n{kexec}\n')
        (programs / "kexec").chmod(0o755)
        environment = {"PATH": str(programs), "GSLB_DIR": str(files), "GSLB_MEASURE": "20", **_ONCE, **variables}
        program = shutil.which(shell, path=f"{programs}:{os.environ['PATH']}") or shell
        process = await asyncio.create_subprocess_exec(
            *("/usr/bin/env", "-i", *(f"{key}={value}" for key, value in environment.items()), program),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(script.encode()), 60)
        return Run(process.returncode or 0, said.decode(), log.read_text().splitlines(), files)


def _install(programs: Path) -> None:
    """Every applet by its name."""
    if not programs.exists():
        programs.mkdir()
        busybox = shutil.which("busybox") or "busybox"
        for name in ("ash", "sh", *_APPLETS):
            os.symlink(busybox, programs / name)


_ONCE = {"GSLB_ROUNDS": "1", "GSLB_PAUSE": "0"}
_APPLETS = ("cat", "head", "kill", "mkdir", "mv", "rm", "sha1sum", "sha256sum", "sleep", "wc", "wget")


def world(urls: Mapping[str, str], port: int = 80, manifest: Manifest | None = None, image: BootImage = IMAGE) -> World:
    """Three sites in three regions, each with the release."""
    sites = [
        worlds.site(name, url=f"{url}/", url_https=None, addresses=(ip_address("192.0.2.1"), ip_address("2001:db8::1")))
        for name, url in urls.items()
    ]
    content = ContentSet("knoppix-5.1.1", RECIPE.prefix, manifest="SHA256SUMS")
    service = replace(worlds.SERVICE, boot=(image,), content=(content,), http_hosts=("localhost",))
    settings = replace(worlds.configuration(sites, service), listen=Listen(http=(Endpoint("127.0.0.1", port),)))
    found = worlds.world(settings)
    if manifest is None:
        return found
    good = Holding(Hold.GOOD, manifest.generation)
    keys = [HoldingKey(worlds.HOST, content.name, Door.HTTP, name, family) for name in urls for family in (4, 6)]
    edition = {SetKey(worlds.HOST, content.name): Edition(manifest.generation)}
    return replace(
        found, holdings=dict.fromkeys(keys, good), editions=edition, manifests={manifest.generation: manifest}
    )  # fmt: skip


@contextlib.asynccontextmanager
async def island(
    folder: Path, *, checked: bool = True, delays_ms: Sequence[float] = (0, 0, 0), image: BootImage = IMAGE
) -> AsyncIterator[Island]:
    """`checked`: what the files have to be is known."""
    root = folder / "tree"
    release = build_tree(root, RECIPE)
    async with contextlib.AsyncExitStack() as stack:
        mirrors = {}
        for number, name in enumerate(NEAR_TO_FAR):
            mirror = Mirror(MirrorSettings(name, (Endpoint(f"127.83.9.{21 + number}", 0),), root, delays_ms[number]))
            await mirror.start()
            stack.push_async_callback(mirror.stop)
            mirrors[name] = mirror
        reports: list[Measured] = []
        urls = {name: f"http://{mirror.endpoints[0]}" for name, mirror in mirrors.items()}
        known = manifest_of(release) if checked else None

        def take(report: Measured) -> bool:
            reports.append(report)
            return True

        door = await stack.enter_async_context(doors.opened(doors.serving(world(urls, 80, known, image)), on_measured=take))
        door.redirector.swap(doors.serving(world(urls, door.port, known, image)))
        door.redirector.boot.secrets = (b"secret of a test",)
        yield Island(door, mirrors, release, folder, reports)
