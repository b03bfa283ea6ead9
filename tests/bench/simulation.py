"""How many decisions a minute `gslb simulate` makes: every client another /24 of IPv4, drawn at random, before and after a drain.

    python -m tests.bench.simulation [--clients 500000]

Nothing is asked twice but the two Worlds of one client, so no cache of ours helps more than in life.
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from gslb import config
from gslb.geo.special import special_prefix
from gslb.model import Configuration, GeoSettings, Location, View, World
from gslb.runtime.simulator import Order, carried_out
from gslb.steering.simulation import Crowd, Out, Question, settled, tried, under

ROOT = Path(__file__).parent.parent.parent
CLIENTS = 500_000  # each is decided twice
MANY_SITES = 300


def strangers(count: int) -> Crowd:
    """Public /24s, none twice."""
    units = random.Random(1).sample(range(1 << 16, 224 << 16), count + count // 10)
    public = [unit << 8 for unit in units if special_prefix(4, unit << 8) is None][:count]
    return Crowd.of("networks", "made up", ((4, address, 24, 1.0) for address in public))


def fleet(reference: Configuration) -> Configuration:
    """Three hundred sites all over the world."""
    draw = random.Random(2)
    sites = [
        replace(
            reference.sites[number % len(reference.sites)],
            id=f"site-{number}",
            location=Location(round(draw.uniform(-50, 65), 2), round(draw.uniform(-180, 180), 2)),
        )
        for number in range(MANY_SITES)
    ]
    return replace(reference, sites=tuple(sites))


def rows(clients: int) -> Iterator[tuple[str, int, float, int]]:
    """What was simulated, decisions, seconds, processes."""
    reference = replace(config.load(ROOT / "config" / "inetboot.yaml"), geo=GeoSettings())
    crowd, processes = strangers(clients), len(os.sched_getaffinity(0))
    for configuration in (reference, fleet(reference)):
        before = under(settled(World(1, configuration, {}, date(2026, 11, 28))), configuration)
        after = tried(before, [Out(configuration.sites[0].id)])
        question = Question(before, after, configuration.services[0].host, View.DNS4, crowd)
        for count in sorted({1, processes}):
            answer = carried_out(Order(question, configuration.geo, processes=count))
            yield f"{len(configuration.sites)} sites", 2 * clients, answer.seconds, count


def report(clients: int = CLIENTS) -> str:
    lines = [
        f"`gslb simulate`, {clients:,} clients, each of another /24 of IPv4, before and after a drain:",
        "",
        "| what | processes | decisions | seconds | decisions a minute |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for what, decisions, seconds, processes in rows(clients):
        lines.append(f"| {what} | {processes} | {decisions:,} | {seconds:.1f} | {decisions / seconds * 60:,.0f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    print(report(parser.parse_args().clients))
