"""Snapshots as control makes them, without a control."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from gslb.dns import build_book, build_tree
from gslb.geo import GeoIndex
from gslb.model import State, World
from gslb.redirect import build_pages
from gslb.runtime.learning import Classes, Example
from gslb.runtime.publisher import geo_stamp
from gslb.runtime.snapshot import Snapshot
from gslb.state.tracker import Tracker
from gslb.steering import Memo, SteeringMap, compile_table
from tests.runtime.nodes import HOST, configuration


class Maker:
    """Snapshots of one control, one after the other."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.configuration = configuration(folder, **changes)
        self.geo = GeoIndex.open(self.configuration.geo)
        self.classes = Classes()
        self.tree = build_tree(self.configuration, {})
        found = Tracker(self.configuration, now_s=0.0, utc=datetime.now(UTC)).next_world(0.0, datetime.now(UTC))
        assert found is not None
        self.world: World = found
        self.learn(0x850B0000)

    def learn(self, address: int) -> None:
        steering = SteeringMap(self.configuration, date(2026, 11, 23))
        self.classes.learn([Example(HOST, 4, address, 24)], steering, self.geo.lookup)

    def snapshot(self, world: World | None = None) -> Snapshot:
        world = world or self.world
        numbered = self.classes.numbered()
        table = compile_table(world, numbered, Memo())
        book, pages = build_book(world, table, {}, self.tree), build_pages(world, table)
        return Snapshot(world, self.classes.lineage, numbered, table, book, pages, geo_stamp(self.geo), "tls")

    def with_a_site_down(self) -> World:
        standings = dict(self.world.standings)
        key = next(iter(standings))
        standings[key] = replace(standings[key], state=State.DOWN)
        return replace(self.world, number=self.world.number + 1, standings=standings)
