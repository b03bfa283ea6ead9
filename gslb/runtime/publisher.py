"""From a World to the workers: classes, table, book and pages made once, in control, off the event loop."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping

from gslb.dns import Tree, build_book, build_tree
from gslb.geo import GeoIndex
from gslb.model import Configuration, World
from gslb.redirect import build_pages
from gslb.runtime.learning import Classes, Example
from gslb.runtime.snapshot import Snapshot
from gslb.steering import Memo, SteeringMap, compile_table

RELEARN_EVERY_S = 1.0  # new classes are compiled into the World at hand at most so often

Deliver = Callable[[Snapshot, bytes | None], None]


class Publisher:
    """`deliver` gets each Snapshot, and its pickle if `pickled`. Of Worlds that come while one is made, the last is made next."""

    def __init__(self, geo: GeoIndex, classes: Classes, deliver: Deliver, *, pickled: bool) -> None:
        self.classes = classes
        self.published: World | None = None
        self.seconds = 0.0  # that the last one took to make
        self.octets = 0  # of the last one
        self._geo, self._deliver, self._pickled = geo, deliver, pickled
        self._memo = Memo()
        self._serials: Mapping[str, int] = {}
        self._tree: Tree | None = None
        self._steering: SteeringMap | None = None
        self._steered: tuple[str, object] | None = None
        self._waiting: World | None = None
        self._examples: list[Example] = []
        self._wake = asyncio.Event()

    def use_geo(self, geo: GeoIndex, *, again: bool = True) -> None:
        """Other databases: every class is found anew; `again` makes the World at hand once more."""
        self._geo, self._steered = geo, None
        if again and self._waiting is None:
            self._waiting = self.published
        self._wake.set()

    def use_serials(self, serials: Mapping[str, int]) -> None:
        self._serials, self._tree = dict(serials), None

    def publish(self, world: World) -> None:
        self._waiting = world
        self._wake.set()

    def learn(self, examples: list[Example]) -> None:
        self._examples += examples[: self.classes.room]
        if self._examples:
            self._wake.set()

    async def run(self) -> None:
        """Makes what is asked for, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            learned = self._waiting is None
            world = self._waiting or self.published
            if world is None:
                continue
            self._waiting = None
            examples, self._examples = self._examples, []
            began = loop.time()
            snapshot, blob = await asyncio.to_thread(self._make, world, examples)
            self.seconds, self.octets, self.published = loop.time() - began, len(blob or b""), world
            self._deliver(snapshot, blob)
            if learned:
                await asyncio.sleep(RELEARN_EVERY_S)

    def _make(self, world: World, examples: list[Example]) -> tuple[Snapshot, bytes | None]:
        configuration = world.configuration
        steering = self._map(configuration, world)
        self.classes.learn(examples, steering, self._geo.lookup)
        numbered = self.classes.numbered()
        table = compile_table(world, numbered, self._memo)
        if self._tree is None:
            self._tree = build_tree(configuration.zones, configuration.services, self._serials)
        book = build_book(world, table, self._serials, self._tree)
        snapshot = Snapshot(world, numbered, table, book, build_pages(world, table), geo_stamp(self._geo))
        return snapshot, pickle.dumps(snapshot, pickle.HIGHEST_PROTOCOL) if self._pickled else None

    def _map(self, configuration: Configuration, world: World) -> SteeringMap:
        stamp = (configuration.digest, world.today)
        if self._steering is None or self._steered != stamp:
            self._steering, self._steered = SteeringMap(configuration, world.today), stamp
            self.classes.reclassify(configuration, self._steering, self._geo.lookup)
        return self._steering


def geo_stamp(index: GeoIndex) -> str:
    """Equal for equal databases and overrides in the same order."""
    return repr([source.sha256 for source in index.sources])
