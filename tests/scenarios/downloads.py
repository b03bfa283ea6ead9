"""Three mirrors with one tree, a redirector that knows what they hold, and programs that download through it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gslb.model import (
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
from gslb.runtime.demo import answers
from gslb.runtime.demo.faults import MirrorFault, parse_fault
from gslb.runtime.demo.requests import Refusal, Request
from gslb.runtime.demo.serving import Mirror, MirrorSettings
from tests.redirect import doors
from tests.steering import world as worlds
from tests.steering.world import HOST

NAMES = ("jp-tokyo-1", "jp-tsukuba", "jp-nagoya")
RELEASE = ContentSet("release", "/v1/", manifest="SHA256SUMS")
OBJECT = random.Random(2008).randbytes(3_000_000)
PATH = "/v1/disk image.iso"
URL_PATH = "/v1/disk%20image.iso"


class Noted(Mirror):
    """Notes what it is asked for."""

    def __init__(self, settings: MirrorSettings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []

    def _reply(self, request: Request | Refusal, fault: MirrorFault) -> answers.Answer:
        if not isinstance(request, Refusal):
            self.asked.append(f"{request.method} {request.target.decode()}")
        return super()._reply(request, fault)


@dataclass
class Scene:
    """`url` is the redirector's, by a name that leads there."""

    url: str
    folder: Path
    mirrors: Mapping[str, Noted]
    door: doors.Door

    async def first(self, path: str = URL_PATH) -> Noted:
        """The mirror to which a client of this machine is sent."""
        return self.mirrors[(await self.door.get(path)).site]

    def asked(self) -> dict[str, list[str]]:
        return {name: mirror.asked for name, mirror in self.mirrors.items()}

    async def run(self, *command: str | Path, within_s: float = 60, fails: bool = False) -> str:
        """What it writes. It knows of no proxy and of nobody's settings."""
        environment = {"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            cwd=self.folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            out, _ = await asyncio.wait_for(process.communicate(), within_s)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        said = out.decode(errors="replace")
        assert (process.returncode != 0) is fails, said
        return said


async def fail(mirror: Mirror, fault: str) -> None:
    await mirror.set_fault(parse_fault(fault))


@contextlib.asynccontextmanager
async def scene(folder: Path, *, sizes: bool = True, manifest: bool = True, path: str = PATH) -> AsyncIterator[Scene]:
    """`manifest`: whether a manifest of /v1/ is known, and `sizes`: whether that tells sizes. `path` is the object's."""
    tree, client = folder / "tree", folder / "client"
    (tree / "v1").mkdir(parents=True)
    client.mkdir()
    (tree / path[1:]).write_bytes(OBJECT)
    mirrors = {
        name: Noted(MirrorSettings(name, (Endpoint(f"127.0.0.{number}", 0),), tree)) for number, name in enumerate(NAMES, 21)
    }
    async with contextlib.AsyncExitStack() as stack:
        for mirror in mirrors.values():
            await mirror.start()
            stack.push_async_callback(mirror.stop)
        door = await stack.enter_async_context(doors.opened())
        now = _world(mirrors, door.port)
        door.redirector.swap(doors.serving(_held(now, path, sizes) if manifest else now))
        yield Scene(f"http://127.0.0.1:{door.port}", client, mirrors, door)


def _world(mirrors: Mapping[str, Noted], port: int) -> World:
    sites = [
        worlds.site(name, number, url=f"http://{mirror.endpoints[0]}/", url_https=None)
        for number, (name, mirror) in enumerate(mirrors.items(), 1)
    ]
    service = replace(worlds.SERVICE, content=(RELEASE,), http_hosts=("127.0.0.1",), regions=None)
    settings = replace(worlds.configuration(sites, service), listen=Listen(http=(Endpoint("127.0.0.1", port),)))
    return worlds.world(settings)


def _held(now: World, path: str, sizes: bool) -> World:
    listed = ManifestFile(hashlib.sha256(OBJECT).hexdigest(), None, len(OBJECT) if sizes else None)
    keys = [HoldingKey(HOST, RELEASE.name, Door.HTTP, name, 4) for name in NAMES]
    return replace(
        now,
        holdings=dict.fromkeys(keys, Holding(Hold.GOOD, "v1")),
        manifests={"v1": Manifest("v1", {path.removeprefix(RELEASE.prefix): listed})},
        editions={SetKey(HOST, RELEASE.name): Edition("v1")},
    )


def needs(program: str) -> pytest.MarkDecorator:
    found = any(os.access(Path(folder) / program, os.X_OK) for folder in os.environ["PATH"].split(":"))
    return pytest.mark.skipif(not found, reason=f"{program} is not installed")
