"""The control process: owns configuration, probes, state and the admin side, and keeps the workers supplied.

Start, in this order: lock of the state directory, state, databases, sockets, fewer rights, workers, first World, probes,
admin side. Nothing that can be refused is left to after the rights are dropped, or to after the workers of an earlier
control were told to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from collections.abc import Coroutine
from enum import Enum
from pathlib import Path
from socket import socket
from typing import Any

from gslb import admin
from gslb.admin.node import Reload
from gslb.dns.copies import steered_contents
from gslb.dns.signing import Signer
from gslb.geo import GeoIndex
from gslb.model import Configuration, Endpoint, Severity, World
from gslb.runtime.compacting import denied_names
from gslb.runtime.cookiesecrets import OwnSecrets
from gslb.runtime.dataplane import DataPlane
from gslb.runtime.journal import Journal
from gslb.runtime.learning import Classes, examples
from gslb.runtime.lock import ControlLock
from gslb.runtime.materials import Materials, load_materials
from gslb.runtime.memory import Memory, open_store
from gslb.runtime.node import ControlNode
from gslb.runtime.notify import alive, notify
from gslb.runtime.notifying import Notifying
from gslb.runtime.pool import SILENT_AFTER_S, Pool
from gslb.runtime.privileges import become, known_user, names
from gslb.runtime.publisher import Publisher
from gslb.runtime.reloading import Reloading
from gslb.runtime.rundir import run_directory
from gslb.runtime.selfcheck import SelfCheck
from gslb.runtime.serials import Signed
from gslb.runtime.signing import Signing
from gslb.runtime.snapshot import Snapshot
from gslb.runtime.sockets import listeners, open_all, open_stream
from gslb.runtime.surveying import Surveying
from gslb.runtime.watching import Watch
from gslb.runtime.wellbeing import Wellbeing
from gslb.steering import Scopes

DRAIN_WITHIN_S = 4.0  # of the 5 s in which the process is gone
BEAT_EVERY_S = 0.5
SERVING_WITHIN_S = 10.0  # a node that starts goes on without a worker that does not


class Leave(Enum):
    """Which workers go on by themselves when control ends, for the next control to adopt."""

    NONE = "none"
    ADOPTED = "adopted"
    ALL = "all"


class Control:
    """`workers` 0: everything in this process, for tests and debugging. `outlive`: should control die, its workers serve on."""

    def __init__(
        self, configuration: Configuration, workers: int, *, silent_after_s: float = SILENT_AFTER_S, outlive: bool = True
    ) -> None:
        self.configuration = configuration
        self._count, self._silent_after_s, self._outlive = workers, silent_after_s, outlive
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._held = contextlib.ExitStack()
        self._plane: DataPlane | None = None
        self._pool: Pool | None = None
        self._reloading: Reloading | None = None
        self._server: admin.Server | None = None
        self._admin_socket: socket | None = None
        self._sockets: list[socket] = []
        self._watch: Watch | None = None
        # What the serials of the zones are for.
        self._numbered: tuple[Configuration, dict[str, str], dict[str, Signed]] | None = None
        self._notifying: Notifying | None = None
        self._signing: Signing | None = None
        self._served = asyncio.Event()  # the first World is; or nothing ever will be, and `failed` says why
        self.failed: asyncio.Future[None] = self._loop.create_future()

    # ------------------------------------------------------------------------------------------ start

    async def start(self) -> None:
        """Serves when it returns. Raises GslbError, and has let go of everything then but workers that ran before."""
        try:
            await self._start()
        except BaseException:
            await self.stop(Leave.ADOPTED)
            raise

    async def _start(self) -> None:
        configuration = self.configuration
        if configuration.user:
            known_user(configuration.user)
        self._materials = load_materials(configuration)
        directory = run_directory(configuration.state_dir)
        self._held.callback(ControlLock(directory.path, configuration.state_dir).close)
        store = open_store(configuration.state_dir)
        if store is not None:
            self._held.callback(store.close)
        self._journal = Journal(store)
        self._memory = Memory(store, self._journal)
        self._own_secrets = OwnSecrets(store, self._journal)
        geo = GeoIndex.open(configuration.geo)
        self._wanted = listeners(configuration.listen)
        adopted = await self._open_sockets(directory.path)
        if configuration.user:
            become(configuration.user, (Path(configuration.state_dir), directory.path))
        served = max((worker.world for worker in self._pool.workers), default=0) if self._pool is not None else 0
        self._watch = Watch(configuration, self._journal, store, self._on_world, served)
        self.node = ControlNode(configuration, geo, self._journal, store, self._watch)
        self._watch.on_result = self.node.history.observed
        self.node.oidc_secret = self._materials.oidc
        self.node.alerts.use(configuration, self._materials.alerts)
        self._journal.add_listener(self.node.feed.publish)
        if directory.fault:
            self._tell("state-unusable", directory.fault)
        if store is not None and store.set_aside is not None:
            self._tell("state-set-aside", f"the state file was broken: it is kept as {store.set_aside}, and a new one begun")
        await self._work(geo)
        self._tell_started(adopted)

    async def _open_sockets(self, run_dir: Path) -> int:
        """The admin side's first: it can be refused while the workers of an earlier control still run."""
        if self.configuration.listen.admin is not None:
            self._admin_socket = open_stream(self.configuration.listen.admin)
            self._held.callback(self._admin_socket.close)
        if self._count:
            self._pool = Pool(
                run_dir, self._wanted, self._count, self, silent_after_s=self._silent_after_s, outlive=self._outlive,
                pledged=self.configuration.limits.pledged_clients,
            )  # fmt: skip
            return await self._pool.open()
        self._plane = DataPlane(self._loop)
        self._sockets = open_all(self._wanted, 1)[0]
        for sock in self._sockets:
            self._held.callback(sock.close)
        return 0

    async def _work(self, geo: GeoIndex) -> None:
        """Returns when the first World is served."""
        configuration, watch = self.configuration, self.node.watch
        self._known = self._memory.clients(configuration)
        sources = [endpoint.host for endpoint in configuration.listen.dns]
        self._notifying = self.node.notifying = Notifying(self._journal, self._served_world, sources)
        self._publisher = Publisher(
            geo, Classes(), self._deliver, workers=self._count, on_failure=lambda why: self._tell("world-failed", why)
        )
        self._signing = self.node.signing = Signing(self._journal, self._sign_anew)
        signer = self._signing.use(configuration, self._materials.dnssec)
        self._publisher.use(keyring=self._own_secrets.added_to(self._materials.keyring), signer=signer)
        self._reloading = Reloading(
            configuration, geo, self._journal, self._materials.keyring,
            take=self._take, take_geo=self._take_geo, refused=self.node.reloaded, renewed=self._publisher.publish,
        )  # fmt: skip
        cache = Path(configuration.state_dir) / "geo"
        self._surveying = self.node.surveying = Surveying(cache, self._journal, self._widen)
        check = self._selfcheck()
        self.node.pool, self.node.publisher, self.node.selfcheck = self._pool, self._publisher, check
        if self._pool is not None:
            self._pool.start()
        self._run(self._publisher.run(), watch.run(), self._reloading.run(), self._signing.run(), self._beat())
        await self._served.wait()
        if self.failed.done():
            self.failed.result()
        if self._pool is not None:
            await self._pool.serving(SERVING_WITHIN_S)
        self._run(self._memory.save_often(self._publisher.classes), self._own_secrets.run(self._renew_cookies))
        self._run(self.node.flows.run(), self.node.history.run(), self.node.telemetry.run())
        self._run(self.node.acts.keep_trying(), self.node.tokens.write_often())
        self._run(self._surveying.run(), self.node.measuring.save_often(lambda: self.configuration))
        self._run(self.node.incidents.run(lambda: self.node.world), self.node.alerts.run())
        self._run(Wellbeing(self.node.simulating, self.node.incidents).run(lambda: self.node.world))
        self._run(check.run(lambda: configuration.node, lambda: self.configuration.probes.interval_s))
        if self._admin_socket is not None:
            app = admin.create_app(self.node)
            self.node.telemetry.families = app.state.registry.collect
            self._server = await admin.serve(app, self._admin_socket)

    def _selfcheck(self) -> SelfCheck:
        where = [(listener, (host, port)) for listener, (_, host, port) in zip(self._wanted, self.addresses(), strict=False)]
        return SelfCheck(where, self._journal)

    def _tell_started(self, adopted: int) -> None:
        user, group = names()
        how = f"{self._count} workers" + (f", {adopted} of them adopted" if adopted else "") if self._count else "one process"
        where = ", ".join(f"{role} on {Endpoint(host, port)}" for role, host, port in self.addresses())
        message = f"{self.configuration.node} serves {where}, with {how}, as {user}:{group}"
        self._journal.tell("start", Severity.INFO, self.configuration.node, message)
        notify("READY=1")

    def _tell(self, kind: str, message: str) -> None:
        self._journal.tell(kind, Severity.ERROR, self.configuration.node, message)

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
        self._number_zones(world)
        known, self._known = self._known, []
        self._publisher.learn(known)
        self._publisher.publish(world)

    def _number_zones(self, world: World) -> None:
        """With the World that changes what a zone holds comes its serial: no World is made with that of another."""
        contents = steered_contents(world)
        signed = {} if self._signing is None else self._signing.signed()
        if self._numbered is None or self._numbered[0] is not world.configuration or self._numbered[1:] != (contents, signed):
            self._numbered = world.configuration, contents, signed
            self._publisher.use(serials=self._memory.serials(world.configuration, contents, signed))

    def _sign_anew(self, signer: Signer) -> None:
        """A period or a step of a key has come: the World at hand once more, with other signatures and serials."""
        self._publisher.use(signer=signer)
        if self._numbered is not None:
            self._number_zones(self.node.world)
            self._publisher.publish()

    async def _deliver(self, snapshot: Snapshot, parcel: bytes | None) -> None:
        self._surveying.look(snapshot.world.configuration, snapshot.world.today, self.node.index)
        self.node.flows.published(snapshot)
        if self._pool is not None and parcel is not None:
            self._pool.publish(parcel)
        if self._plane is not None:
            first = self._plane.world == 0
            await self._plane.take(snapshot)
            if first:
                await self._plane.serve(self._wanted, self._sockets)
        if self._notifying is not None:
            self._notifying.published(snapshot.copies, snapshot.keyring, snapshot.world.number)
        self._served.set()

    def _widen(self, scopes: Scopes) -> None:
        """They go before a World, by themselves: Worlds come every second, and trees once for a map."""
        if self._pool is not None:
            self._pool.widen(pickle.dumps(scopes, pickle.HIGHEST_PROTOCOL))
        if self._plane is not None:
            self._plane.widen(scopes)
        self._publisher.publish()

    def _served_world(self) -> int:
        """That every worker has which serves."""
        if self._pool is None:
            return 0 if self._plane is None else self._plane.world
        return min((worker.world for worker in self._pool.workers if worker.serving), default=0)

    async def _beat(self) -> None:
        """Tells the workers that what they have is the newest, and systemd that we live; takes the tally of our own process."""
        while True:
            await asyncio.sleep(BEAT_EVERY_S)
            alive()
            if self._plane is not None and self._plane.world:
                self.worker_told(0, self._plane.tally())
            if self._publisher.failing:
                continue
            if self._pool is not None:
                self._pool.beat()
            if self._plane is not None:
                self._plane.beat()

    # ----------------------------------------------------------------------------------------- workers

    def worker_told(self, index: int, tally: dict[str, Any]) -> None:
        self.node.told(index, tally)
        hosts = frozenset(service.host for service in self.configuration.services)
        found = examples(tally.get("classes"), hosts)
        if found:
            self._publisher.learn(found)
        self.node.measuring.told(tally.get("measured"), self.configuration)
        self._publisher.deny(denied_names(tally.get("denied")))

    def worker_event(self, kind: str, index: int, message: str) -> None:
        self.node.stale.pop(index, None)
        self.node.through.pop(index, None)
        self.node.lookers.forget(index)
        self.node.worlds_failed += kind == "world-failed"
        self._journal.tell(kind, Severity.ERROR, f"worker-{index}", f"worker {index} {message}")

    # ------------------------------------------------------------------------------------------ reload

    def reload(self) -> None:
        """Reads the configuration again, soon, and begins logs anew (SIGHUP)."""
        if self._served.is_set():
            self._publisher.rotate()
        if self._reloading is not None:
            self._reloading.soon()

    def _take(self, new: Configuration, geo: GeoIndex, materials: Materials, reload: Reload) -> None:
        self._materials = materials
        self.configuration = self.node.configuration = new
        self.node.oidc_secret = materials.oidc
        self.node.alerts.use(new, materials.alerts)
        self.node.index = geo
        self.node.reloaded(reload)
        signer = None if self._signing is None else self._signing.use(new, materials.dnssec)
        self._publisher.use(geo=geo, keyring=self._own_secrets.added_to(materials.keyring), signer=signer)
        self.node.watch.reconfigure(new)

    def _renew_cookies(self) -> None:
        """A day has gone by: workers make cookies with another secret, and believe the one before."""
        self._publisher.use(keyring=self._own_secrets.added_to(self._materials.keyring))
        self._publisher.publish()

    def _take_geo(self, geo: GeoIndex) -> None:
        self.node.index = geo
        self._publisher.use(geo=geo)
        self._publisher.publish()

    # ------------------------------------------------------------------------------------------- stop

    async def stop(self, leave: Leave = Leave.NONE) -> None:
        """Answers what has come in, and lets go of everything; also after a start that failed half-way."""
        notify("STOPPING=1")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._notifying is not None:
            await self._notifying.stop()
        if self._pool is not None:
            kept = {Leave.NONE: lambda _: False, Leave.ADOPTED: lambda worker: worker.adopted, Leave.ALL: lambda _: True}
            await self._pool.drain(DRAIN_WITHIN_S, kept[leave])
        if self._plane is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_WITHIN_S):
                    await self._plane.drain()
        if self._server is not None:
            await self._server.stop()
        if self._watch is not None:
            await self._save(self._watch)
        self._held.close()

    async def _save(self, watch: Watch) -> None:
        self._journal.tell("stop", Severity.INFO, self.configuration.node, f"{self.configuration.node} stops")
        await watch.save(closing=True)
        await self._journal.write()
        self.node.tokens.close()
        await self.node.incidents.save()
        if self._served.is_set():
            await self._memory.save(self._publisher.classes)
            await self.node.measuring.save(self.configuration)

    def _run(self, *work: Coroutine[Any, Any, None]) -> None:
        """Tasks that the node can't be without: if one fails, so does the node, and says by what."""
        for each in work:
            task = self._loop.create_task(each)
            self._tasks.append(task)
            task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and not self.failed.done():
            self.failed.set_exception(task.exception() or RuntimeError)
            self._served.set()
