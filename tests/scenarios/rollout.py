"""A node before mirrors that hold a release each, and clients that look whether what they get fits together."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from gslb.runtime.demo.fleet import Fleet
from gslb.runtime.demo.releases import LOCK, Releases
from gslb.runtime.demo.sites import DemoSite, mirror_specs
from gslb.runtime.demo.tree import INDEX, KERNEL, KEXEC_PATH, MANIFEST, Recipe
from tests.ports import free_port
from tests.scenarios.node import HOST, RunningNode, document, site

SMALL = Recipe(positions=4, block_bytes=4096, kernel_bytes=4096, miniroot_bytes=4096)
QUICK = {"interval": "3s", "timeout": "2900ms", "fall": 6, "rise": 5, "slow_start": "1s"}
SET = "knoppix"
TOKEN = "0123456789abcdef" * 2
FILES = (INDEX, KERNEL, "miniroot.gz")
PATIENT_S = 40.0  # a round or five, and a machine that does other things


@dataclass
class Stage:
    node: RunningNode
    fleet: Fleet
    releases: Releases
    sites: list[str]
    crowd: Crowd
    trail: list[str] = field(default_factory=list)

    async def until(self, condition: Any, what: str, within_s: float = PATIENT_S) -> Any:
        return await asyncio.to_thread(self.node.wait_for, condition, within_s, what)

    def current(self, id: str, content: str = SET) -> bool:
        """Whether a site has the set in good order at what is served, as the metrics say."""
        found = self.node.metric("gslb_content_current")
        values = [value for labels, value in found.items() if f'site="{id}"' in labels and f'content="{content}"' in labels]
        return bool(values) and all(values)

    def served(self, content: str = SET) -> str:
        (found,) = [labels for labels in self.node.metric("gslb_content_served") if f'content="{content}"' in labels]
        return found.partition('generation="')[2].partition('"')[0]

    def holding_another(self, generation: str) -> float:
        """How many sites are known to hold one that is not this one."""
        found = self.node.metric("gslb_content_sites")
        return sum(count for labels, count in found.items() if f'generation="{generation}"' not in labels)

    def lag_s(self, id: str) -> float:
        """For how long the set has been newer than what a site has, as the API and the metrics say."""
        (found,) = [each for each in self.node.api("content") if each["content"] == SET]
        told = max(each["lag_s"] or 0.0 for each in found["places"] if each["site"] == id)
        metric = self.node.metric("gslb_content_lag_seconds")
        counted = max(value for labels, value in metric.items() if f'site="{id}"' in labels)
        assert bool(told) == bool(counted)
        return float(told)

    def pledges(self, event: str) -> float:
        return self.node.metric("gslb_http_pledges_total").get(f'event="{event}",service="{HOST}"', 0)

    async def another_world(self) -> None:
        """All that is known by now is served, by every worker: one that a busy machine lets wait would serve what was."""
        await asyncio.sleep(1.2)  # from one World to the next; there is none if nothing changed
        number = self.node.metric("gslb_world_number")[""]
        await self.until(lambda: min(self.node.metric("gslb_worker_world").values()) >= number, "every worker serves the World")

    def landings(self, path: str, count: int = 24) -> set[str]:
        """Where clients of as many networks are sent for a file, each on a connection of its own: so by either worker."""
        apart = {"Connection": "close"}
        found = (self.node.get(path, client, **apart).headers["Location"] for client in itertools.islice(strangers(), count))
        return {id for url in found for own, id in self.node.by_url.items() if url.startswith(own)}

    def look(self, id: str) -> None:
        """At its release sets, now."""
        response = httpx.post(f"{self.node.admin}/api/v1/sites/{id}/scan", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code == 202, response.text

    async def left(self, id: str, path: str | None = None) -> None:
        """Nobody new is sent to a site for a file, and who was has got it."""
        path = path or SMALL.prefix + KERNEL
        self.note(f"{id} is being changed")
        self.look(id)
        await self.until(lambda: not self.current(id), f"it is known that {id} is being changed")
        await self.another_world()
        await self.until(lambda: id not in self.landings(path), f"nobody is sent to {id}")
        self.note(f"nobody new is sent to {id}")
        await self.passed()
        self.note(f"nobody fetches from {id}")

    async def passed(self) -> None:
        """Whoever fetches something now has it: he may have been told before where, and not have read it yet."""
        begun = set(self.crowd.underway)
        await self.until(lambda: not begun & self.crowd.underway, "what is fetched now has come")

    def note(self, what: str) -> None:
        """For whoever has to find out why this failed."""
        self.trail.append(f"{time.time():.3f} {what}")


@asynccontextmanager
async def staged(folder: Path, sites: list[DemoSite], workers: int = 2, **changes: Any) -> AsyncIterator[Stage]:
    """Mirrors that are up, and all known to be at the first edition. `service` and keys of the root can be changed."""
    port = free_port(*(each.address for each in sites))
    releases = Releases(folder, replace(SMALL), [each.id for each in sites], change_s=0.2)
    await asyncio.to_thread(releases.build)
    content = {"name": SET, "prefix": SMALL.prefix, "manifest": MANIFEST, "sentinels": [KERNEL], "lock": LOCK}
    service = {"check": {"type": "http", "path": f"/{KEXEC_PATH}"}, "content": [content], **changes.pop("service", {})}
    operator = {"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}
    probes = changes.pop("probes", QUICK)
    configuration = document(
        [site(each, port) for each in sites],
        folder / "state",
        probes=probes,
        service=service,
        admin={"users": [operator]},
        **changes,
    )
    specs = [replace(spec, delay_ms=1.0, root=releases.root(spec.id)) for spec in mirror_specs(port, sites=sites)]
    async with Fleet(specs, folder) as fleet:
        node = RunningNode(configuration, folder, workers)
        stage = Stage(node, fleet, releases, [each.id for each in sites], Crowd(node))
        try:
            await asyncio.to_thread(node.start)
            await stage.until(lambda: all(map(stage.current, stage.sites)), "every site is known to be good")
            yield stage
        finally:
            await asyncio.to_thread(node.__exit__)


_numbers = itertools.count()
_fetches = itertools.count()


def strangers() -> Iterator[str]:
    """Clients of networks that have not been here: each of a /16 of its own."""
    for number in _numbers:
        high, low = divmod(number, 256)
        yield f"{11 + high % 80}.{low}.0.1"


class Mixed(AssertionError):
    """A client has files of two generations."""


@dataclass
class Crowd:
    """Clients that come, fetch a manifest and then what it lists, one file after another, and go."""

    node: RunningNode
    pause_s: float = 0.2  # between two files
    runs: Counter[str] = field(default_factory=Counter)  # that are done, by generation
    running: Counter[str] = field(default_factory=Counter)  # that are going on
    underway: set[int] = field(default_factory=set)  # fetches, from before they ask where to go
    faults: list[str] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)  # by client, of its last fetch

    async def come(self, clients: int, stop: asyncio.Event) -> None:
        """So many at a time, until it is enough."""
        await asyncio.gather(*(self._one_after_another(stop) for _ in range(clients)))

    async def _one_after_another(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.run(next(strangers()))
            except (Mixed, OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                self.faults.append(f"{type(error).__name__}: {error}")

    async def run(self, client: str) -> str:
        """One client from beginning to end: the generation that it got."""
        visit = await self.begin(client)
        await visit.rest(self.pause_s)
        return visit.generation

    async def begin(self, client: str) -> Visit:
        manifest = await self.fetch(client, MANIFEST)
        return Visit(self, client, hashlib.sha256(manifest).hexdigest(), sums(manifest))

    async def fetch(self, client: str, name: str) -> bytes:
        """Through the redirector, on connections of its own."""
        number = next(_fetches)
        self.underway.add(number)
        try:
            path = SMALL.prefix + name
            told, _ = await exchange(*self.node.http, path, f"Host: {HOST}", f"X-Forwarded-For: {client}")
            self.decided[client] = told.get("gslb-decision", "")
            url = told["location"]
            own, site = next((own, site) for own, site in self.node.by_url.items() if url.startswith(own))
            host, port = own.removeprefix("http://").strip("/").split(":")
            head, body = await exchange(host, int(port), path, f"Host: {host}:{port}")
        finally:
            self.underway.discard(number)
        if head["status"] != "200":
            raise Mixed(f"{client}: {name} is not at {site}: {head['status']} ({self.decided[client]})")
        return body


@dataclass
class Visit:
    crowd: Crowd
    client: str
    generation: str
    sums: dict[str, str]

    async def rest(self, pause_s: float) -> None:
        blocks = [name for name in self.sums if len(name) == 40]
        self.crowd.running[self.generation] += 1
        try:
            for name in (*FILES, *blocks[:2]):
                await asyncio.sleep(pause_s)
                await self.take(name)
        finally:
            self.crowd.running[self.generation] -= 1
        self.crowd.runs[self.generation] += 1

    async def take(self, name: str) -> None:
        found = hashlib.sha256(await self.crowd.fetch(self.client, name)).hexdigest()
        if found != self.sums[name]:
            why = self.crowd.decided[self.client]
            raise Mixed(f"{self.client}: {name} is not of generation {self.generation[:12]}, at {time.time():.3f} ({why})")


def sums(manifest: bytes) -> dict[str, str]:
    return {name: digest for digest, _, name in (line.partition("  ") for line in manifest.decode().splitlines())}


async def exchange(host: str, port: int, target: str, *fields: str) -> tuple[dict[str, str], bytes]:
    """GET on a connection of its own: the fields of the head, in lower case, with `status`; and the body."""
    async with asyncio.timeout(30):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write("\r\n".join((f"GET {target} HTTP/1.1", *fields, "Connection: close", "", "")).encode())
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")[:-4].split("\r\n")
            head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(head["content-length"]))
        finally:
            writer.close()
        return {**head, "status": first.split(" ")[1]}, body
