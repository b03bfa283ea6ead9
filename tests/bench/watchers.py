"""Twenty browsers look at a node: what a DNS query then costs a worker, against what it costs without them.

python -m tests.bench.watchers ADMIN_URL COUNT     the browsers: each reads the stream, and asks what the page asks
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.bench import peers
from tests.bench.measure import Load, dnsperf

BROWSERS = 20
ROUNDS = 3
# What the first view asks for, and how often.
_ASKED = {"history?range=1h": 30.0, "content": 30.0, "flows": 5.0}


def compare(directory: Path, queries: Path, seconds: float, configuration: str) -> list[tuple[str, str, Load]]:
    """In turns, so that what else the machine does touches both alike; the best of each counts."""
    name = "gslb-watched"
    found: dict[str, list[Load]] = {"nobody looks": [], f"{BROWSERS} browsers look": []}
    with peers.ours(directory, name, configuration) as (port, _, pids):
        admin = re.search(r'admin: "(\S+?)"', (directory / f"of-{name}" / "gslb.yaml").read_text())
        assert admin is not None
        for _ in range(ROUNDS):
            found["nobody looks"].append(dnsperf(port, queries, pids, seconds))
            with browsers(f"http://{admin[1]}"):
                found[f"{BROWSERS} browsers look"].append(dnsperf(port, queries, pids, seconds))
    return [(f"DNS, steered A, {who}", "gslb", min(loads, key=lambda load: load.cpu_us)) for who, loads in found.items()]


@contextmanager
def browsers(url: str) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.bench.watchers", url, str(BROWSERS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "all look\n":
            raise RuntimeError("the browsers could not look")
        try:
            yield
        finally:
            process.terminate()


async def look(url: str, count: int) -> None:
    """Each from an address of its own, as a node bounds what one peer may hold."""
    looking = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(_browser(url, f"127.0.1.{number + 1}", looking)) for number in range(count)]
    for _ in range(count):
        await looking.acquire()
    print("all look", flush=True)
    await asyncio.gather(*tasks)


async def _browser(url: str, address: str, looking: asyncio.Semaphore) -> None:
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=None, transport=transport) as client,
        client.stream("GET", f"{url}/api/v1/stream") as answer,
    ):
        if answer.status_code != 200:
            raise RuntimeError(f"the stream answers {answer.status_code}")
        looking.release()
        due = dict.fromkeys(_ASKED, 0.0)
        async for _ in answer.aiter_bytes():
            for path, every_s in _ASKED.items():
                if time.monotonic() >= due[path]:
                    due[path] = time.monotonic() + every_s
                    await client.get(f"{url}/api/v1/{path}")


if __name__ == "__main__":
    asyncio.run(look(sys.argv[1], int(sys.argv[2])))
