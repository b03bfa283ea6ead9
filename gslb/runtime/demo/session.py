"""A demo from start to stop: its directory, its mirrors, and a whole node that steers clients to them."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from gslb import config
from gslb.errors import BusyError, UsageError
from gslb.model import Configuration, Endpoint, Hold, Listen
from gslb.runtime.control import Control
from gslb.runtime.demo.fleet import Fleet
from gslb.runtime.demo.releases import Releases
from gslb.runtime.demo.setting import DemoSetting, configuration_text
from gslb.runtime.demo.sites import PORT, PORTS_TRIED, SITES, free_port, mirror_specs
from gslb.runtime.demo.tree import Recipe
from gslb.runtime.node import ControlNode
from gslb.runtime.sockets import listeners, open_all, open_stream

_NOTICED_WITHIN_S = 15.0  # a round, and a World
_LOOK_EVERY_S = 0.2


class DemoSession:
    """`fleet` are the mirrors, `node` is what the admin side sees of the node."""

    def __init__(self, dns: Endpoint, http: Endpoint, admin: Endpoint, workers: int) -> None:
        self._listen = Listen(dns=(dns,), http=(http,), admin=admin)
        self._workers = workers
        self._held = AsyncExitStack()
        self.token = secrets.token_hex(16)
        self.recipe = Recipe()
        self.configuration: Configuration
        self.releases: Releases
        self.fleet: Fleet
        self._publishing: asyncio.Task[int] | None = None
        self.control: Control

    @property
    def node(self) -> ControlNode:
        return self.control.node

    async def __aenter__(self) -> Self:
        """Up and ready when it returns: the first round of probes is in. Raises GslbError, and has let go of all."""
        try:
            await self._start()
        except BaseException:
            await self._held.aclose()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._held.aclose()

    def publish_everywhere(self, between_s: float) -> None:
        """In a while: one mirror after another. UsageError while that goes on already."""
        if self._publishing is not None and not self._publishing.done():
            raise UsageError("a new edition is on its way to the mirrors already")
        self._publishing = asyncio.create_task(self.releases.publish_everywhere(between_s))

    async def _noticed(self, site: str) -> None:
        """The node has looked, or will not: there is nothing to wait for where it is down."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_NOTICED_WITHIN_S):
                while any(key.site == site and held.hold is Hold.GOOD for key, held in self.node.world.holdings.items()):  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_EVERY_S)

    async def _end_publishing(self) -> None:
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.wait([self._publishing])
        await self.releases.settle()

    async def _start(self) -> None:
        _refuse_taken(self._listen)
        folder = Path(tempfile.mkdtemp(prefix="gslb-demo-"))
        self._held.push_async_callback(asyncio.to_thread, shutil.rmtree, folder, ignore_errors=True)
        self.releases = Releases(folder, self.recipe, (site.id for site in SITES), noticed=self._noticed)
        release = await asyncio.to_thread(self.releases.build)
        self.fleet, port = await self._mirrors(folder)
        self.configuration = self._configured(folder, release, port)
        self.control = Control(self.configuration, self._workers, outlive=False)
        await self.control.start()
        self._held.push_async_callback(self.control.stop)
        self._held.push_async_callback(self._end_publishing)
        await self._ready()

    async def _mirrors(self, root: Path) -> tuple[Fleet, int]:
        """On the first port that is free for all of them. Another demo may take it between the look and the start."""
        port = PORT
        while True:
            port = free_port((site.address for site in SITES), port)
            try:
                specs = [replace(spec, root=self.releases.root(spec.id)) for spec in mirror_specs(port)]
                return await self._held.enter_async_context(Fleet(specs, root)), port
            except BusyError:
                port += 1
                if port >= PORT + PORTS_TRIED:
                    raise

    def _configured(self, folder: Path, release: Path, port: int) -> Configuration:
        dns, http, admin = self._listen.dns[0], self._listen.http[0], self._listen.admin
        assert admin is not None  # noqa: S101 - __init__ gave it
        setting = DemoSetting(dns, http, admin, port, self.token, folder / "state")
        file = folder / "demo.yaml"
        file.write_text(configuration_text(setting, release, self.recipe))
        return config.load(file)

    async def _ready(self) -> None:
        """The World in which that is so comes up to a second after the round."""
        with self.node.feed.subscribe() as watching:
            watching.nudge()
            async for _ in watching:
                if self.node.world.ready:
                    return


def _refuse_taken(listen: Listen) -> None:
    """Before thirteen processes are started for nothing. Raises as the node itself would."""
    for sockets in open_all(listeners(listen), 1):
        for sock in sockets:
            sock.close()
    if listen.admin is not None:
        open_stream(listen.admin).close()
