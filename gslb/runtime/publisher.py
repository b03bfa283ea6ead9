"""From a World to the workers: classes, table, book and pages made once, in control, off the event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import structlog

from gslb.dns import Tree, build_book, build_tree
from gslb.dns.copies import copy_zone, steered_contents
from gslb.dns.keyring import Keyring
from gslb.dns.secure import Signs
from gslb.dns.zonecopy import TooLong, ZoneCopy
from gslb.geo import GeoIndex
from gslb.model import Configuration, World
from gslb.redirect import build_pages
from gslb.runtime.compacting import Compacting
from gslb.runtime.files import stamp
from gslb.runtime.learning import Classes, Example
from gslb.runtime.parcel import Packer
from gslb.runtime.snapshot import Snapshot
from gslb.steering import Memo, SteeringMap, compile_table

RELEARN_EVERY_S = 1.0  # new classes are compiled into the World at hand at most so often

Deliver = Callable[[Snapshot, bytes | None], Awaitable[None]]

_log = structlog.get_logger("gslb")


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    """What Worlds are made with besides themselves. Another ground is another object: the thread that makes one reads it once."""

    geo: GeoIndex
    serials: Mapping[str, int] = field(default_factory=dict)
    keyring: Keyring = field(default_factory=Keyring)
    signer: Signs | None = None


class Publisher:
    """`deliver` gets each Snapshot, and its parcel if there are `workers`. Of Worlds that come while one is made, the last is
    made next.

    `on_failure` is told of a World that could not be made, by a fault of ours: the one before stays.
    """

    def __init__(
        self, geo: GeoIndex, classes: Classes, deliver: Deliver, *, workers: int, on_failure: Callable[[str], None]
    ) -> None:
        self.classes = classes
        self.published: World | None = None
        self.signer: Signs | None = None  # of the World that is published
        self._rotated = ""
        self.failures = 0
        self.failing = False  # the last one could not be made: what the workers have is not the newest
        self.seconds = 0.0  # that the last one took to make
        self.octets = 0  # of the last one
        self._deliver, self._on_failure = deliver, on_failure
        self._workers = workers
        self._packer = Packer() if workers else None
        self._memo = Memo()
        self._ground = _Ground(geo)
        self._tree: tuple[_Ground, Configuration, Tree] | None = None
        self._copies: tuple[_Ground, Configuration, dict[str, str], Mapping[bytes, ZoneCopy]] | None = None
        self._steering: tuple[GeoIndex, object, SteeringMap] | None = None
        self._waiting: World | None = None
        self._examples: list[Example] = []
        self.compacting = Compacting()
        self._wake = asyncio.Event()

    def use(
        self,
        *,
        geo: GeoIndex | None = None,
        serials: Mapping[str, int] | None = None,
        keyring: Keyring | None = None,
        signer: Signs | None = None,
    ) -> None:
        """Other databases, serials, secrets or signatures, for every World from now on."""
        old = self._ground
        self._ground = _Ground(
            geo or old.geo,
            old.serials if serials is None else dict(serials),
            keyring or old.keyring,
            signer or old.signer,
        )

    def publish(self, world: World | None = None) -> None:
        """This World soon; None: the one at hand once more."""
        self._waiting = world or self._waiting or self.published
        self._wake.set()

    def rotate(self) -> None:
        """Has the workers begin their logs anew. No two orders are alike, those of another control neither."""
        self._rotated = secrets.token_hex(8)
        self.publish()

    def learn(self, examples: list[Example]) -> None:
        room = max(0, self.classes.room - len(self._examples))
        self.classes.refused += max(0, len(examples) - room)
        self._examples += examples[:room]
        if self._examples:
            self._wake.set()

    def deny(self, names: Iterable[bytes]) -> None:
        """Somebody asked for these, which are not there: those that may get a compact denial have it soon."""
        if self.compacting.ask(names):
            self._wake.set()

    async def run(self) -> None:
        """Makes what is asked for, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            learned = self._waiting is None
            world = self._waiting or self.published
            if world is None:
                continue
            self._waiting = None
            await self._publish(world)
            if learned:
                await asyncio.sleep(RELEARN_EVERY_S)

    async def _publish(self, world: World) -> None:
        loop = asyncio.get_running_loop()
        examples, self._examples = self._examples, []
        began, ground, denied = loop.time(), self._ground, self.compacting.taken()
        try:
            snapshot, parcel = await asyncio.to_thread(self._make, world, examples, denied, ground)
        except Exception as error:  # a fault of ours must not take the node down: the workers have a World
            if self.published is None:
                raise
            self.failures, self.failing = self.failures + 1, True
            _log.error("a World could not be made", kind="world-failed", world=world.number, exc_info=True)
            self._on_failure(f"World {world.number} could not be made, the one before stays: {type(error).__name__}: {error}")
            return
        self.seconds, self.octets = loop.time() - began, len(parcel or b"")
        self.published, self.signer, self.failing = world, ground.signer, False
        await self._deliver(snapshot, parcel)

    def _make(self, world: World, examples: list[Example], denied: list[bytes], ground: _Ground) -> tuple[Snapshot, bytes | None]:
        configuration = world.configuration
        steering = self._map(world, ground)
        self.classes.learn(examples, steering, ground.geo.lookup)
        numbered = self.classes.numbered()
        table = compile_table(world, numbered, self._memo)
        tree = self._static(configuration, ground)
        compact = self.compacting.denials(denied, tree, configuration, ground.signer)
        snapshot = Snapshot(
            world=world,
            lineage=self.classes.lineage,
            classes=numbered,
            table=table,
            book=replace(build_book(world, table, ground.serials, tree, ground.signer), compact=compact),
            pages=build_pages(world, table),
            geo=geo_stamp(ground.geo),
            tls=tls_stamp(configuration),
            workers=self._workers or 1,
            keyring=ground.keyring,
            rotated=self._rotated,
            copies=self._whole(world, ground),
        )
        return snapshot, self._packer.pack(snapshot) if self._packer is not None else None

    def _map(self, world: World, ground: _Ground) -> SteeringMap:
        made_for = (world.configuration.digest, world.today)
        if self._steering is None or self._steering[0] is not ground.geo or self._steering[1] != made_for:
            self._steering = ground.geo, made_for, SteeringMap(world.configuration, world.today)
            self.classes.reclassify(world.configuration, self._steering[2], ground.geo.lookup)
        return self._steering[2]

    def _static(self, configuration: Configuration, ground: _Ground) -> Tree:
        if self._tree is None or self._tree[0] is not ground or self._tree[1] is not configuration:
            self._tree = ground, configuration, build_tree(configuration, ground.serials, ground.signer)
        return self._tree[2]

    def _whole(self, world: World, ground: _Ground) -> Mapping[bytes, ZoneCopy]:
        """The same object as long as secondaries have nothing new to take."""
        configuration, contents = world.configuration, steered_contents(world)
        known = self._copies
        if known is None or known[0] is not ground or known[1] is not configuration or known[2] != contents:
            known = self._copies = ground, configuration, contents, dict(self._copied(world, ground))
        return known[3]

    def _copied(self, world: World, ground: _Ground) -> Iterator[tuple[bytes, ZoneCopy]]:
        for zone in world.configuration.zones:
            if zone.transfer is not None:
                try:
                    copy = copy_zone(world, zone, ground.serials.get(zone.name, 1), ground.signer)
                except TooLong as error:
                    _log.error(f"{zone.name} can't be transferred: {error}", kind="transfer-failed", zone=zone.name)
                else:
                    yield copy.apex, copy


def geo_stamp(index: GeoIndex) -> str:
    """Equal for equal databases in the same order; the overrides are part of the configuration."""
    return repr([source.sha256 for source in index.sources])


def tls_stamp(configuration: Configuration) -> str:
    """Another one when the certificate or its key was renewed."""
    tls = configuration.tls
    return "" if tls is None else stamp(tls.certificate) + stamp(tls.key)
