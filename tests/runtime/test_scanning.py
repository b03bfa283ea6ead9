"""A node that looks at real mirrors: who holds what, a roll-out, a flipped byte, a scan on demand, a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gslb.model import Door, Hold, HoldingKey, SetKey
from gslb.runtime.control import Control
from tests.probes.content.mirror import PREFIX, Mirror, mirroring
from tests.runtime import nodes
from tests.runtime.nodes import HOST, get, until

pytestmark = pytest.mark.anyio

KEY = SetKey(HOST, "knoppix")
BLOCK = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"  # SHA-256 of "0"
OLD = {"kernel": b"an old kernel", "miniroot": b"an old miniroot", BLOCK: b"0"}
NEW = {"kernel": b"a new kernel", "miniroot": b"a new miniroot", BLOCK: b"0", "more": b"and more"}
NAMES = ("us-1", "us-2", "us-3")


@dataclass
class Fleet:
    """Three mirrors, and the node that looks at them."""

    mirrors: dict[str, Mirror]
    folder: Path

    def document(self, **changes: Any) -> dict[str, Any]:
        sites = [
            nodes.site(name, "us", [37.3, -121.9], mirror.address) | {"url": f"http://{name}.example:{mirror.port}/"}
            for name, mirror in self.mirrors.items()
        ]
        content = {"name": "knoppix", "prefix": PREFIX, "manifest": "SHA256SUMS", "sentinels": ["kernel"]}
        service = {"host": HOST, "check": {"type": "exec", "command": ["/bin/true"]}, "content": [content | changes]}
        return {"sites": sites, "services": [service], "probes": {"interval": "500ms", "timeout": "450ms"}}

    def put(self, name: str, files: dict[str, bytes]) -> None:
        mirror = self.mirrors[name]
        mirror.files = dict(files)
        mirror.modified = dict.fromkeys([*files, "SHA256SUMS"], 1_000_000 if files is NEW else 0)
        mirror.write_manifest()

    @asynccontextmanager
    async def node(self, workers: int = 0, **changes: Any) -> AsyncIterator[Control]:
        async with nodes.running(nodes.configuration(self.folder, **self.document(**changes)), workers) as control:
            await until(lambda: all(holds(control, name) is not Hold.UNKNOWN for name in self.mirrors))
            await until(lambda: control.node.world.editions[KEY].served != "")
            yield control


@asynccontextmanager
async def fleet(folder: Path) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        mirrors = {
            name: await stack.enter_async_context(mirroring(OLD, f"127.84.0.{number}")) for number, name in enumerate(NAMES, 1)
        }
        yield Fleet(mirrors, folder)


def holds(control: Control, name: str, door: Door = Door.HTTP) -> Hold:
    return control.node.world.holdings[HoldingKey(HOST, "knoppix", door, name, 4)].hold


def served(control: Control) -> str:
    return control.node.world.editions[KEY].served


def kinds(control: Control) -> list[str]:
    return [event.kind for event in control.node.journal.recent if event.kind.startswith("content")]


async def test_a_roll_out_and_a_flipped_byte_are_seen_and_steered_by(tmp_path):
    async with fleet(tmp_path) as mirrors, mirrors.node(workers=1) as control:
        old = served(control)
        assert {holds(control, name, door) for name in NAMES for door in Door} == {Hold.GOOD}
        assert control.node.world.manifests[old].files[BLOCK].sha256 == BLOCK
        mirrors.put("us-1", NEW)
        await until(lambda: "content-rollout" in kinds(control))
        assert served(control) == old
        mirrors.put("us-2", NEW)
        await until(lambda: served(control) != old)
        mirrors.put("us-3", NEW)
        await until(lambda: kinds(control)[-1] == "content-rollout-complete")
        new = served(control)
        assert control.node.world.manifests[new].files["more"].sha256 is not None
        mirrors.mirrors["us-2"].files["kernel"] = b"a new kernem"
        await until(lambda: holds(control, "us-2") is Hold.WRONG)
        assert served(control) == new
        world = control.node.world.number
        pool = control._pool
        assert pool is not None
        await until(lambda: control.node.status().workers == 1 and pool.workers[0].world >= world)
        assert "http://us-2.example" not in "".join([await get(control, PREFIX + "kernel") for _ in range(3)])
        mirrors.put("us-2", NEW)
        await until(lambda: holds(control, "us-2") is Hold.GOOD)
        wrong = next(event for event in control.node.journal.recent if event.kind == "content-wrong")
        assert wrong.subject == "us-2"
        assert "kernel" in wrong.message


async def test_a_release_is_read_once_when_a_node_starts(tmp_path):
    """Rounds that end before the first scan does ask for no second one, but a scan that was cut short is made again."""
    many = OLD | {f"file {number}": b"x" for number in range(12)}
    async with fleet(tmp_path) as mirrors:
        for name in mirrors.mirrors:
            mirrors.put(name, many)
        async with mirrors.node(sample=0) as control:
            await until(lambda: all(holds(control, name, door) is Hold.GOOD for name in NAMES for door in Door), 90.0)
            looks = control.node.watch.scanning.counters()
    whole = ("scan", "good")
    made = {name: count for name, count in looks.items() if name[0] == "gslb_content_looks_total" and name[4:] == whole}
    assert sum(made.values()) == len(NAMES) * len(Door), looks


async def test_a_file_that_only_a_scan_can_see_is_found_on_demand(tmp_path):
    async with fleet(tmp_path) as mirrors, mirrors.node(sample=0) as control:
        del mirrors.mirrors["us-3"].files["miniroot"]
        begun, wanted = control.node.scan("us-3")
        assert begun == wanted == 2
        await until(lambda: holds(control, "us-3") is Hold.ABSENT)
        (report,) = control.node.content()
        place = next(place for place in report.places if place.site == "us-3")
        assert "miniroot" in place.reason
        assert place.curl.startswith("curl ")
        counted = control.node.counters()
        assert sum(n for key, n in counted.items() if key[0] == "gslb_content_looks_total" and key[-2:] == ("scan", "absent")) > 0
        gauges = control.node.gauges()
        assert gauges["gslb_content_current", HOST, "knoppix", "http", "4", "us-1"] == 1
        assert gauges["gslb_content_current", HOST, "knoppix", "http", "4", "us-3"] == 0
        assert gauges["gslb_content_sites", HOST, "knoppix", served(control)[:12]] == 2
        assert set(control.node.metrics) >= {key[0] for key in (*counted, *gauges)}
        mirrors.put("us-3", OLD)
        control.node.scan("us-3")
        await until(lambda: holds(control, "us-3") is Hold.GOOD)


async def test_what_is_served_goes_on_after_a_restart(tmp_path):
    async with fleet(tmp_path) as mirrors:
        for name in NAMES:
            mirrors.put(name, NEW)
        async with mirrors.node() as control:
            new = served(control)
        for name in ("us-1", "us-2"):
            mirrors.put(name, OLD)
        async with mirrors.node() as control:
            assert served(control) == new
            key = HoldingKey(HOST, "knoppix", Door.HTTP, "us-1", 4)
            await until(lambda: control.node.world.holdings[key].generation != new)
            assert served(control) == new
            assert "content-served" not in kinds(control)[1:]


async def test_a_reload_takes_sets_up_and_lets_go_of_them(tmp_path):
    async with fleet(tmp_path) as mirrors, mirrors.node() as control:
        plain = mirrors.document()
        plain["services"][0]["content"] = []
        nodes.configuration(tmp_path, **plain)
        control.reload()
        await until(lambda: control.node.world.holdings == {})
        assert control.node.content() == ()
        nodes.configuration(tmp_path, **mirrors.document())
        control.reload()
        await until(lambda: KEY in control.node.world.editions and served(control) != "")
        await until(lambda: all(holds(control, name) is Hold.GOOD for name in NAMES))
