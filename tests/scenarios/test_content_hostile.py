"""Mirrors that mean harm, before a real node: each is down, or has the set not, for a reason that is told; and memory stays."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gslb.model import Endpoint
from gslb.runtime.demo import serving
from tests.ports import free_port
from tests.scenarios.node import HOST, RunningNode, document

pytestmark = pytest.mark.anyio

Say = Callable[[asyncio.StreamWriter], Any]
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwell\n"
BOMB = gzip.compress(bytes(30_000_000))
KERNEL = b"a kernel\n"
MANIFEST = f"{hashlib.sha256(KERNEL).hexdigest()}  kernel\n".encode()
CLIENT = "133.11.0.1"
MOST_KB = 40_000  # of growth: a tenth of what one bomb would take, if it were let go off twice a round


def says(octets: bytes) -> Say:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()

    return say


def for_ever(head: bytes, part: bytes, pause_s: float = 0.0) -> Say:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return say


def to(url: str) -> Say:
    return says(f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode())


def kinds(node: str, own: str) -> dict[str, Say]:
    head = b"HTTP/1.1 200 OK\r\n"
    return {
        "to-us": to(f"http://{node}/v1/SHA256SUMS"),
        "to-our-name": to(f"http://{HOST}/v1/SHA256SUMS"),
        "to-itself": to(f"http://{own}/v1/SHA256SUMS"),
        "to-localhost": to("http://localhost/v1/SHA256SUMS"),
        "endless-body": for_ever(head + b"\r\n", b"x" * 65536, 0.01),
        "endless-header": for_ever(head, b"X-More: " + b"x" * 8000 + b"\r\n", 0.01),
        "less-than-said": says(head + b"Content-Length: 1000000000000\r\n\r\nshort"),
        "no-number": says(head + b"Content-Length: -1\r\nContent-Length: 5\r\n\r\nxxxxxxxx"),
        "bomb": says(head + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(BOMB), BOMB)),
        "trickle": for_ever(b"H", b"T", 1.0),
        "no-http": says(b"\x00\xff" * 5000),
    }


@dataclass
class Mirror:
    """`well`: its health check is answered as it should be, and everything else is not."""

    id: str
    address: str
    say: Say
    well: bool

    async def serve(self, port: int, stack: contextlib.AsyncExitStack) -> None:
        """Until the stack ends, and all conversations with it."""
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await self.converse(reader, writer)
            except asyncio.CancelledError:
                pass
            finally:
                tasks.discard(task)
                writer.transport.abort()

        async def end() -> None:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        server = await asyncio.start_server(connected, self.address, port)
        stack.push_async_callback(end)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            asked = await reader.readuntil(b"\r\n\r\n")
            await (says(GOOD) if self.well and b" /ok " in asked else self.say)(writer)
            writer.write_eof()
            await reader.read()


async def good(root: Path, address: str, port: int, stack: contextlib.AsyncExitStack) -> None:
    for name, octets in {"ok": b"well\n", "v1/kernel": KERNEL, "v1/SHA256SUMS": MANIFEST}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(octets)
    mirror = serving.Mirror(serving.MirrorSettings("good", (Endpoint(address, port),), root))
    await mirror.start()
    stack.push_async_callback(mirror.stop)


@asynccontextmanager
async def surrounded(folder: Path) -> AsyncIterator[tuple[RunningNode, dict[str, Mirror]]]:
    """By mirrors of each kind: one that is bad in everything, and one that is in all but its check; and one good mirror."""
    own = [f"127.84.{group}.{number}" for group in (1, 2) for number in range(1, 13)]
    port, http = free_port(*own), free_port("127.0.0.1")
    mirrors = [Mirror("good", own[0], says(b""), True)]
    for number, kind in enumerate(kinds("", "")):
        for group, well in ((1, False), (2, True)):
            address = f"127.84.{group}.{number + 2 if group == 1 else number + 1}"
            say = kinds(f"127.0.0.1:{http}", f"{address}:{port}")[kind]
            mirrors.append(Mirror(f"{kind}-{'half' if well else 'all'}", address, say, well))
    sites = [
        {
            "id": one.id,
            "region": "jp",
            "location": [35.6, 139.7],
            "addresses": [one.address],
            "url": f"http://{one.address}:{port}/",
        }
        for one in mirrors
    ]
    service = {
        "check": {"type": "http", "path": "/ok", "contains": "well"},
        "content": [{"name": "v1", "prefix": "/v1/", "manifest": "SHA256SUMS", "sentinels": ["kernel"]}],
    }
    probes = {"interval": "2s", "timeout": "1900ms", "fall": 2, "rise": 2}
    limits = {"manifest_octets": 65536}
    async with contextlib.AsyncExitStack() as stack:
        await good(folder / "tree", own[0], port, stack)
        for one in mirrors[1:]:
            await one.serve(port, stack)
        settings = document(sites, folder / "state", probes=probes, service=service, limits=limits)
        settings["listen"]["http"] = [f"127.0.0.1:{http}"]
        node = RunningNode(settings, folder)
        stack.push_async_callback(asyncio.to_thread, node.__exit__)
        await asyncio.to_thread(node.start)
        yield node, {one.id: one for one in mirrors}


def resident_kb(node: RunningNode) -> dict[str, int]:
    """Of control and its children, by process. One that works out what an incident means may come and go beside the worker."""
    children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().split()
    found = {}
    for pid in (str(node.process.pid), *children):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            found[pid] = sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return found


async def through(node: RunningNode, site: str, others: list[str], path: str = "/free") -> bytes:
    """What a boot loader gets of a file from that site, up to 4 MB of it or 25 s."""
    others = [other for other in others if other != site]
    reader, writer = await asyncio.open_connection(*node.http)
    avoid = "&".join(f"avoid={other}" for other in others)
    writer.write(f"GET {path}?{avoid} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: GRUB 2.06\r\nConnection: close\r\n\r\n".encode())
    got = b""
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(25):
            while len(got) < 4_000_000 and (part := await reader.read(65536)):
                got += part
    writer.close()
    return got


WHY = {
    "to-us": ("this load balancer: clients would go in a circle",) * 2,
    "to-our-name": ("this load balancer: clients would go in a circle",) * 2,
    "to-itself": ("answered 302, a redirect to http://127.84.",) * 2,
    "to-localhost": ("answered 302, a redirect to http://localhost/",) * 2,
    "endless-body": ("'well' is not in the first 4096 bytes", "has more than 65536 octets"),
    "endless-header": ("Receive buffer too long",) * 2,
    "less-than-said": ("the answer broke off", "has more than 65536 octets"),
    "no-number": ("bad Content-Length",) * 2,
    "bomb": ("'well' is not in the first 4096 bytes", "Content-Encoding gzip, though identity was asked for"),
    "trickle": ("no answer within",) * 2,
    "no-http": ("the answer is not HTTP",) * 2,
}


@pytest.mark.timeout(240)
async def test_mirrors_that_mean_harm_are_left_for_a_reason_and_cost_no_memory(tmp_path):
    async with surrounded(tmp_path) as (node, mirrors):
        for what, condition in {
            "whoever is bad in all is down": lambda: all(told(node, f"{kind}-all", why[0]) for kind, why in WHY.items()),
            "whoever has a bad set is told": lambda: all(lacks(node, f"{kind}-half", why[1]) for kind, why in WHY.items()),
            "the good one is known": lambda: holds(node, "good"),
        }.items():
            await asyncio.to_thread(node.wait_for, condition, 60, what)
        await asyncio.to_thread(node.wait_for, lambda: landings(node) == {"good"}, 20, "all are sent to the good one")
        before = resident_kb(node)
        for kind in WHY:
            only = [other for other in mirrors if other != f"{kind}-half"]
            got = await asyncio.gather(*(through(node, f"{kind}-half", only) for _ in range(3)))
            assert all(b" 502 Bad Gateway" in each or each.endswith(b"\r\n\r\nshort") for each in got), (kind, got)
        assert (await through(node, "good", list(mirrors), "/v1/kernel")).endswith(KERNEL)
        await asyncio.sleep(4)  # two rounds of everything
        after = resident_kb(node)
        assert sum(after[pid] - was for pid, was in before.items() if pid in after) < MOST_KB, (before, after)


def landings(node: RunningNode) -> set[str]:
    urls = (node.get("/v1/kernel", f"133.{number}.0.1").headers["Location"] for number in range(20))
    return {node.by_url[url.removesuffix("v1/kernel")] for url in urls}


def told(node: RunningNode, site: str, reason: str) -> bool:
    found = node.site(site)
    return found["condition"] in ("down", "wrong") and reason in found["reason"]


def lacks(node: RunningNode, site: str, reason: str) -> bool:
    """It is up, and not used for the set."""
    found = content(node, site)
    return node.condition(site) == "up" and all(hold != "good" and reason in why for hold, why in found)


def holds(node: RunningNode, site: str) -> bool:
    return all(hold == "good" for hold, _ in content(node, site))


def content(node: RunningNode, site: str) -> list[tuple[str, str]]:
    (found,) = node.api("content")
    return [(each["hold"], each["reason"]) for each in found["places"] if each["site"] == site]
