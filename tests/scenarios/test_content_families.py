"""A site that is broken over one family is used over the other: it keeps its A and loses its AAAA, and the other way round.

Loopback has one address of IPv6, so sites share it and differ by port; who is meant by an AAAA is told by what was counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gslb.model import Endpoint
from gslb.runtime.demo.serving import Mirror, MirrorSettings
from tests.ports import free_ports
from tests.scenarios.node import HOST, RunningNode, document

pytestmark = pytest.mark.anyio

SITES = ("well", "dead-4", "dead-6", "spoilt-4", "spoilt-6")
OVER = {4: {"well", "dead-6", "spoilt-6"}, 6: {"well", "dead-4", "spoilt-4"}}
KERNEL = b"a kernel\n" * 100
MANIFEST = f"{hashlib.sha256(KERNEL).hexdigest()}  kernel\n".encode()
PROBES = {"interval": "1500ms", "timeout": "1400ms", "fall": 2, "rise": 2}


@dataclass
class Side:
    """One family of one site: a mirror of its own, with files of its own."""

    mirror: Mirror
    root: Path

    def spoil(self) -> None:
        (self.root / "v1/kernel").write_bytes(KERNEL[:-2] + b"X\n")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[tuple[RunningNode, dict[tuple[str, int], Side]]]:
    sites, sides = [], dict[tuple[str, int], Side]()
    async with contextlib.AsyncExitStack() as stack:
        for number, (id, port) in enumerate(zip(SITES, free_ports(len(SITES)), strict=True), 1):
            addresses = {4: f"127.84.3.{number}", 6: "::1"}
            for family, address in addresses.items():
                side = sides[id, family] = made(tmp_path / id / str(family), Endpoint(address, port))
                await side.mirror.start()
                stack.push_async_callback(side.mirror.stop)
            place = {"region": "jp", "location": [35.6, 139.7]}
            sites.append({"id": id, **place, "addresses": list(addresses.values()), "url": f"http://{addresses[4]}:{port}/"})
        service = {
            "check": {"type": "http", "path": "/ok", "contains": "well"},
            "content": [{"name": "v1", "prefix": "/v1/", "manifest": "SHA256SUMS", "sentinels": ["kernel"]}],
        }
        node = RunningNode(document(sites, tmp_path / "state", probes=PROBES, service=service), tmp_path)
        stack.push_async_callback(asyncio.to_thread, node.__exit__)
        await asyncio.to_thread(node.start)
        yield node, sides


def made(root: Path, endpoint: Endpoint) -> Side:
    for name, octets in {"ok": b"well\n", "v1/kernel": KERNEL, "v1/SHA256SUMS": MANIFEST}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(octets)
    return Side(Mirror(MirrorSettings("side", (endpoint,), root)), root)


def explained(node: RunningNode, via: str, family: int) -> set[str]:
    """The sites that are kept."""
    told = node.api("explain", address="133.11.0.1", via=via, family=family, path="/v1/kernel")
    return {each["site"] for each in told["sites"] if each["rank"] is not None}


def redirected(node: RunningNode, family: int) -> set[str]:
    """Where clients of many networks of that family are sent."""
    clients = [f"133.{number}.0.1" if family == 4 else f"2001:{number + 0x200:x}::1" for number in range(60)]
    urls = (node.get("/v1/kernel", client).headers["Location"] for client in clients)
    return {node.by_url[url.removesuffix("v1/kernel")] for url in urls}


def resolved(node: RunningNode, family: int) -> set[str]:
    """Whose addresses are answered, as the node counts."""
    before = node.metric("gslb_dns_steered_total")
    for number in range(60):
        (rrset,) = node.ask(f"133.{number}.0.0/16", "A" if family == 4 else "AAAA").answer
        assert len(rrset) == 1
    counted = node.wait_for(lambda: more(before, node.metric("gslb_dns_steered_total"), 60), 20, "all are counted")
    return {site for site in SITES for labels in counted if f'site="{site}"' in labels}


def more(before: dict[str, float], now: dict[str, float], number: int) -> dict[str, float]:
    found = {labels: count - before.get(labels, 0) for labels, count in now.items() if count > before.get(labels, 0)}
    return found if sum(found.values()) >= number else {}


async def test_a_site_that_is_dead_or_has_wrong_files_over_one_family_is_used_over_the_other(world):
    node, sides = world
    for family in (4, 6):
        await asyncio.to_thread(node.wait_for, lambda f=family: explained(node, "dns", f) == set(SITES), 30, "all are good")
    for family in (4, 6):
        await sides[f"dead-{family}", family].mirror.stop()
        sides[f"spoilt-{family}", family].spoil()
    for family, left in OVER.items():
        for via in ("dns", "http"):
            await asyncio.to_thread(
                node.wait_for, lambda v=via, f=family, e=left: explained(node, v, f) == e, 40, f"{via} over IPv{family}"
            )
    for family, left in OVER.items():
        await asyncio.to_thread(node.wait_for, lambda f=family, e=left: redirected(node, f) == e, 20, f"HTTP over IPv{family}")
        await asyncio.to_thread(node.wait_for, lambda f=family, e=left: resolved(node, f) == e, 20, f"DNS over IPv{family}")
    assert {str(rrset[0]) for rrset in node.ask("133.11.0.0/16", "AAAA").answer} == {"::1"}
    assert HOST in node.ask("133.11.0.0/16", "AAAA").answer[0].to_text()
