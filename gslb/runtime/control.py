"""The control process: owns configuration, probes, state and the admin side, and keeps the workers supplied.

Start, in this order: lock of the state directory, state, databases, sockets, fewer rights, workers, first World, probes,
admin side. Nothing that can be refused is left to after the rights are dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from gslb import admin, config
from gslb.admin.node import Reload
from gslb.errors import ConfigurationError, GeoError, GslbError, StoreError
from gslb.geo import GeoIndex
from gslb.model import Configuration, Endpoint, Severity, World
from gslb.runtime.dataplane import DataPlane
from gslb.runtime.files import WatchedFile
from gslb.runtime.journal import Journal
from gslb.runtime.learning import Classes, examples, loads
from gslb.runtime.lock import ControlLock, run_directory
from gslb.runtime.node import ControlNode
from gslb.runtime.notify import notify, reloading
from gslb.runtime.pool import Pool
from gslb.runtime.privileges import become, names
from gslb.runtime.publisher import Publisher
from gslb.runtime.selfcheck import ask_all
from gslb.runtime.serials import next_serials
from gslb.runtime.snapshot import Snapshot
from gslb.runtime.sockets import Listener, listeners, open_all, open_stream
from gslb.runtime.watching import Watch
from gslb.state.store import Store

DRAIN_WITHIN_S = 4.0  # of the 5 s in which the process is gone
LOOK_EVERY_S = 0.5
CLASSES = "examples"
SERIALS = "serials"

_log = structlog.get_logger("gslb")


class Control:
    """`workers` 0: everything in this process, for tests and debugging."""

    def __init__(self, configuration: Configuration, workers: int) -> None:
        self.configuration = configuration
        self._count = workers
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._plane: DataPlane | None = None
        self._pool: Pool | None = None
        self._server: admin.Server | None = None
        self._reload_wanted = asyncio.Event()
        self._first_world = asyncio.Event()
        self.failed: asyncio.Future[None] = self._loop.create_future()

    # ------------------------------------------------------------------------------------------ start

    async def start(self) -> None:
        """Serves when it returns. Raises GslbError, and has let go of everything then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        configuration = self.configuration
        run_dir = run_directory(configuration.state_dir)
        self._lock = ControlLock(run_dir)
        self._store = self._open_store()
        self._journal = Journal(self._store)
        self._geo = GeoIndex.open(configuration.geo)
        self._wanted = listeners(configuration.listen)
        adopted = await self._open_sockets(run_dir)
        self._admin_socket = open_stream(configuration.listen.admin) if configuration.listen.admin else None
        if configuration.user:
            become(configuration.user, (Path(configuration.state_dir), run_dir))
        self._watch = Watch(configuration, self._journal, self._store, self._on_world)
        self.node = ControlNode(configuration, self._geo, self._journal, self._store, self._watch)
        self._journal.add_listener(self.node.feed.publish)
        self._publisher = Publisher(self._geo, self._classes(), self._deliver, pickled=self._pool is not None)
        self._publisher.use_serials(self._serials())
        self.node.pool, self.node.publisher = self._pool, self._publisher
        if self._pool is not None:
            self._pool.start()
        for work in (self._publisher.run(), self._watch.run(), self._look_at_files(), self._beat(), self._check_self()):
            self._run(work)
        await self._first_world.wait()
        await self._start_admin()
        self._tell_started(adopted)

    def _open_store(self) -> Store | None:
        """Without a memory rather than not at all: a store that can't be used is told, and done without."""
        try:
            return Store(Path(self.configuration.state_dir) / "state.db", datetime.now(UTC))
        except StoreError as error:
            _log.error(str(error), kind="store-failed")
            return None

    async def _open_sockets(self, run_dir: Path) -> int:
        if self._count:
            self._pool = Pool(run_dir, self._wanted, self._count, self, {})
            return await self._pool.open()
        self._plane = DataPlane(self._loop)
        self._sockets = open_all(self._wanted, 1)[0]
        return 0

    def _classes(self) -> Classes:
        classes = Classes()
        blob = None
        with contextlib.suppress(StoreError):
            blob = self._store.load_classes(CLASSES) if self._store else None
        self._known = loads(blob, self._hosts())
        return classes

    def _hosts(self) -> frozenset[str]:
        return frozenset(service.host for service in self.configuration.services)

    def _serials(self) -> dict[str, int]:
        kept = None
        with contextlib.suppress(StoreError):
            kept = self._store.document(SERIALS) if self._store else None
        serials, keep = next_serials(self.configuration.zones, kept, int(time.time()))
        with contextlib.suppress(StoreError):
            if self._store and keep != kept:
                self._store.keep_document(SERIALS, keep)
        return serials

    async def _start_admin(self) -> None:
        if self._admin_socket is not None:
            self._server = await admin.serve(admin.create_app(self.node), self._admin_socket)

    def _tell_started(self, adopted: int) -> None:
        user, group = names()
        how = f"{self._count} workers" + (f", {adopted} of them adopted" if adopted else "") if self._count else "one process"
        where = ", ".join(f"{role} on {Endpoint(host, port)}" for role, host, port in self.addresses())
        message = f"{self.configuration.node} serves {where}, with {how}, as {user}:{group}"
        self._journal.tell("start", Severity.INFO, self.configuration.node, message)
        if self._store is not None and self._store.set_aside is not None:
            aside = f"the state file was broken: it is kept as {self._store.set_aside}, and a new one begun"
            self._journal.tell("state-set-aside", Severity.ERROR, self.configuration.node, aside)
        notify("READY=1")

    def addresses(self) -> list[tuple[str, str, int]]:
        """What is listened on, as it came to be: (role, host, port)."""
        sockets = self._pool.workers[0].sockets if self._pool is not None else self._sockets
        found = [(listener.role, *sock.getsockname()[:2]) for listener, sock in zip(self._wanted, sockets, strict=True)]
        if self._admin_socket is not None:
            found.append(("admin", *self._admin_socket.getsockname()[:2]))
        return found

    # ------------------------------------------------------------------------------------------ Worlds

    def _on_world(self, world: World) -> None:
        self.node.set_world(world)
        if self._known:
            self._publisher.learn(self._known)
            self._known = []
        self._publisher.publish(world)

    def _deliver(self, snapshot: Snapshot, blob: bytes | None) -> None:
        if self._pool is not None and blob is not None:
            self._pool.publish(blob)
        if self._plane is not None:
            first = self._plane.world == 0
            self._plane.swap(snapshot)
            if first:
                self._run(self._serve_here(self._plane))
                return
        self._first_world.set()

    async def _serve_here(self, plane: DataPlane) -> None:
        await plane.serve(self._wanted, self._sockets)
        self._first_world.set()

    async def _beat(self) -> None:
        """Tells the workers that what they have is the newest; takes the tally of our own process."""
        while True:
            await asyncio.sleep(0.5)
            if self._pool is not None:
                self._pool.beat()
            if self._plane is not None:
                self._plane.beat()
                self.worker_told(0, self._plane.tally())

    # ----------------------------------------------------------------------------------------- workers

    def worker_told(self, index: int, tally: dict[str, Any]) -> None:
        self.node.tallies.add(tally)
        self.node.stale[index] = tally.get("stale") is True
        told = examples(tally.get("classes"), self._hosts())
        if told:
            self._publisher.learn(told)

    def worker_event(self, kind: str, index: int, message: str) -> None:
        self._journal.tell(kind, Severity.ERROR, f"worker-{index}", f"worker {index} {message}")

    # ------------------------------------------------------------------------------------------ reload

    def reload(self) -> None:
        """Reads the configuration again, soon (SIGHUP)."""
        self._reload_wanted.set()

    async def _look_at_files(self) -> None:
        watched = WatchedFile(self.configuration.file)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._reload_wanted.wait(), LOOK_EVERY_S)
            if self._reload_wanted.is_set() or watched.changed():
                watched.seen()
                self._reload_wanted.clear()
                await self._read_again()
            if await asyncio.to_thread(self._geo.changed):
                await self._reopen_geo()

    async def _read_again(self) -> None:
        reloading()
        try:
            new = await asyncio.to_thread(config.load, self.configuration.file)
            geo = self._geo
            if new.geo != self.configuration.geo:
                geo = await asyncio.to_thread(GeoIndex.open, new.geo)
        except GslbError as error:
            self._refuse(error)
        else:
            self._take(new, geo)
        notify("READY=1")

    def _refuse(self, error: GslbError) -> None:
        faults = error.faults if isinstance(error, ConfigurationError) else ()
        now = datetime.now(UTC)
        self.node.reload = Reload(now, False, faults)
        lines = str(error).splitlines()
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        message = f"the configuration was refused, the old one keeps running: {lines[0]}{more}"
        self._journal.tell("reload-refused", Severity.ERROR, self.configuration.file, message)
        self.node.feed.changed()

    def _take(self, new: Configuration, geo: GeoIndex) -> None:
        old, self.configuration = self.configuration, new
        changes = config.describe_change(old, new)
        self._geo = geo
        self.node.configuration, self.node.index = new, geo
        self.node.reload = Reload(datetime.now(UTC), True, (), tuple(changes))
        self._publisher.use_serials(self._serials())
        self._publisher.use_geo(geo, again=False)
        self._watch.reconfigure(new)
        self._journal.tell(
            "reload", Severity.INFO, new.file, f"the configuration was read again: {'; '.join(changes) or 'no change'}"
        )

    async def _reopen_geo(self) -> None:
        try:
            index = await asyncio.to_thread(self._geo.reopen)
        except GeoError as error:
            self._journal.tell("geo-refused", Severity.ERROR, "geo", f"a new database was refused, the old one stays: {error}")
            return
        self._geo = self.node.index = index
        self._publisher.use_geo(index)
        self._journal.tell("geo-replaced", Severity.INFO, "geo", "the GeoIP databases were read again")

    # -------------------------------------------------------------------------------------- self check

    async def _check_self(self) -> None:
        await self._first_world.wait()
        while True:
            await asyncio.sleep(self.configuration.probes.interval_s)
            asked = [(listener, (host, port)) for listener, (_, host, port) in zip(self._wanted, self.addresses(), strict=False)]
            found = await ask_all(asked, self.configuration.node)
            for listener, fault in found.items():
                self._tell_deaf(listener, self.node.deaf.get(listener, ""), fault)
            self.node.deaf = found

    def _tell_deaf(self, listener: Listener, before: str, fault: str) -> None:
        if fault and not before:
            self._journal.tell(
                "listener-deaf", Severity.ERROR, str(listener), f"{listener} does not answer our own question: {fault}"
            )
        elif before and not fault:
            self._journal.tell("listener-answers", Severity.INFO, str(listener), f"{listener} answers again")

    # ------------------------------------------------------------------------------------------- stop

    async def stop(self) -> None:
        """Answers what has come in, and lets go of everything; also after a start that failed half-way."""
        notify("STOPPING=1")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pool is not None:
            await self._pool.drain(DRAIN_WITHIN_S)
        if self._plane is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_WITHIN_S):
                    await self._plane.drain()
        await self._let_go()

    async def _let_go(self) -> None:
        if self._server is not None:
            await self._server.stop()
        if hasattr(self, "_watch"):
            self._journal.tell("stop", Severity.INFO, self.configuration.node, f"{self.configuration.node} stops")
            await self._watch.save(closing=True)
            await self._journal.write()
            self._save_classes()
        for name in ("_admin_socket", "_store", "_lock"):
            held = getattr(self, name, None)
            if held is not None:
                held.close()
        for sock in getattr(self, "_sockets", ()):
            sock.close()

    def _save_classes(self) -> None:
        with contextlib.suppress(StoreError):
            if self._store is not None:
                self._store.save_classes(CLASSES, self._publisher.classes.dump())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that the node can't be without: if one fails, so does the node, and says by what."""
        task = self._loop.create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and not self.failed.done():
            self.failed.set_exception(task.exception() or RuntimeError)
