"""Mirrors in process, on random ports, and how tests talk to them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from gslb.model import Endpoint
from gslb.runtime.demo.serving import Mirror, MirrorSettings
from gslb.runtime.demo.tree import Recipe

RECIPE = Recipe(positions=8, block_bytes=4096, kernel_bytes=100_000, miniroot_bytes=4096)
KERNEL = f"{RECIPE.prefix}kernel"


@contextlib.asynccontextmanager
async def running(root: Path, *hosts: str, address: str = "127.83.9.1", delay_ms: float = 0.0) -> AsyncIterator[Mirror]:
    mirror = Mirror(MirrorSettings("m1", (Endpoint(address, 0),), root, delay_ms, frozenset(hosts)))
    await mirror.start()
    try:
        yield mirror
    finally:
        await mirror.stop()


def client(mirror: Mirror, timeout_s: float = 10.0) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://{mirror.endpoints[0]}", trust_env=False, timeout=timeout_s)


async def get(mirror: Mirror, path: str = KERNEL, timeout_s: float = 10.0, **headers: str) -> httpx.Response:
    async with client(mirror, timeout_s) as session:
        return await session.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})


async def raw(mirror: Mirror, data: bytes) -> bytes:
    """Everything that comes back, until the mirror closes."""
    reader, writer = await asyncio.open_connection(*mirror.endpoints[0])
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
