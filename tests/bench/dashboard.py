"""The dashboard of a node with 300 sites and 20 services on a bad day: how smooth the page is, and what the stream brings.

The admin side is the real one, in a process of its own, and so are tracker, boards and stream; what sites do is made up:
two of them change their state every second, and every result that comes makes the feed say so.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from gslb.admin import create_app, serve
from gslb.admin.principal import LOOPBACK
from gslb.config import parse
from gslb.model import Configuration, Endpoint, Listen, State
from gslb.state import SiteReport
from tests.admin.bench import Bench, listening
from tests.browser.chromium import Browser, chromium

SITES, SERVICES = 300, 20
_PLACES = {"us": ("US", 30, -120), "eu": ("DE", 40, 0), "jp": ("JP", 31, 130)}

# Before anything of the page runs: how long each turn of its loop was that took more than 50 ms.
_WATCH = """
window.longTasks = [];
const took = (list) => longTasks.push(...list.getEntries().map((each) => each.duration));
new PerformanceObserver(took).observe({type: "longtask", buffered: true});
"""


@dataclass(frozen=True, slots=True)
class Smoothness:
    """Milliseconds of the longest task while the page loads, and afterwards; octets of the stream a second, afterwards.

    `cpu_ms` are the same two in CPU time: other programs of the machine lengthen a task by the clock.
    """

    cpu_ms: tuple[float, float]
    loading_ms: float
    longest_ms: float
    turns: int
    stream_per_s: float


def configuration(sites: int = SITES, services: int = SERVICES) -> Configuration:
    regions = "{us: [us, eu, jp], eu: [eu, us, jp], jp: [jp, us, eu], default: [us, eu, jp]}"
    hosts = (f"  - {{host: s{n}.example.net, regions: {regions}, check: {{type: http, path: /}}}}\n" for n in range(services))
    return parse(
        "node: bench\nstate_dir: state\nlisten: {dns: ['127.0.0.1:53'], admin: '127.0.0.1:8053'}\nzones:\n"
        "  - {name: example.net, nameservers: {ns1.example.net: [192.0.2.53]}, contact: hostmaster@example.net}\n"
        f"services:\n{''.join(hosts)}sites:\n{''.join(_site(n) for n in range(sites))}",
        "bench.yaml",
    )


def _site(number: int) -> str:
    region = list(_PLACES)[number % 3]
    country, latitude, longitude = _PLACES[region]
    location = [latitude + number * 7 % 14, longitude + number * 13 % 14]
    return (
        f"  - {{id: {region}-site-{number}, region: {region}, country: {country}, location: {location},"
        f" addresses: [198.18.{number // 250}.{number % 250 + 1}], url: 'http://198.18.{number // 250}.{number % 250 + 1}/'}}\n"
    )


class Weather(Bench):
    """All is well but for the sites that are ill now."""

    def __init__(self, known: Configuration) -> None:
        super().__init__(known, datetime.now(UTC) - timedelta(minutes=5))
        self.ill: dict[str, int] = {}  # site -> how often it changed
        self._known: dict[str, tuple[int, SiteReport]] = {}

    def change(self, site: str) -> None:
        self.ill[site] = self.ill.get(site, 0) + 1

    def stamps(self) -> Any:
        return {site: (*stamp, self.ill.get(site, 0)) for site, stamp in super().stamps().items()}

    def report(self, site: str) -> SiteReport:
        times, found = self.ill.get(site, 0), super().report(site)
        state = State.DOWN if times % 2 else State.UP
        reason = "connection refused (3 failures in a row)" if times % 2 else "answered 200"
        targets = tuple(replace(each, state=state, reason=reason) for each in found.targets)
        return replace(found, state=state, reason=reason, targets=targets)


def _serve(port: Any) -> None:
    asyncio.run(_weather(port))


async def _weather(port: Any) -> None:
    node = Weather(configuration())
    sock = listening()
    node.configuration = replace(node.configuration, listen=Listen(admin=Endpoint("127.0.0.1", sock.getsockname()[1])))
    app = create_app(node, lambda: datetime.now(UTC))
    app.state.boards.now(LOOPBACK)
    server = await serve(app, sock)
    port.send(sock.getsockname()[1])
    ids, chance = [site.id for site in node.configuration.sites], random.Random(5)
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            for site in chance.sample(ids, 2):
                node.change(site)
            for _ in range(20):  # results that change nothing
                node.feed.changed()
                await asyncio.sleep(0.05)
    await server.stop()


@contextlib.contextmanager
def weather() -> Iterator[str]:
    """The address of such a node."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        if not here.poll(120):
            raise TimeoutError("the node of the dashboard did not start")
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join(10)


def measure(seconds: float) -> Smoothness:
    with weather() as url:
        return asyncio.run(_measured(url, seconds))


async def _measured(url: str, seconds: float) -> Smoothness:
    async with chromium() as browser:
        await browser.open(url, script=_WATCH)
        await browser.until(f"document.querySelectorAll('[data-site]').length === {SITES}")
        await asyncio.sleep(3)
        loading = await browser.evaluate("Math.max(0, ...longTasks.splice(0))")
        before = await _of_stream(browser)
        await asyncio.sleep(seconds)
        turns = await browser.evaluate("longTasks")
        stream = (await _of_stream(browser) - before) / seconds
        first, then = await browser.do("heaviest", url=url, settle=5000, rest=int(1000 * seconds))
        return Smoothness((first, then), loading, max([0.0, *turns]), len(turns), stream)


async def _of_stream(browser: Browser) -> int:
    return int((await browser.do("received")).get("/api/v1/stream", 0))


def report(found: Smoothness) -> str:
    cpu = f"{found.cpu_ms[0]:.0f} ms and {found.cpu_ms[1]:.0f} ms"
    return (
        f"\nDashboard with {SITES} sites and {SERVICES} services, two sites changing a second: the longest task takes {cpu}\n"
        f"of CPU time while the page loads and afterwards, by the clock {found.loading_ms:.0f} ms and {found.longest_ms:.0f} ms\n"
        f"({found.turns} of more than 50 ms afterwards); the stream brings {found.stream_per_s / 1000:.1f} kB a second.\n"
    )


if __name__ == "__main__":
    print(report(measure(20.0)))
