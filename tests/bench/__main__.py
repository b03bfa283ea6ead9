"""`make bench`: DNS against gdnsd and Knot, HTTP against nginx, on this machine, in one run; ratios and CPU time an answer.

    python -m tests.bench [--seconds 5] [--write docs/performance.md]

Every server has one thread or process, so that a ratio compares code and not cores. Client and server share the
machine: answers a second depend on both, CPU time of the server an answer hardly at all. Nothing here asserts.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import dashboard, peers, simulation, watchers
from tests.bench.measure import Load, dnsperf, wrk
from tests.bench.varied import varied
from tests.browser.chromium import missing

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PATH = "/archives/linux/oscircular/tcgeeks/v1.0/kernel"
# EDNS option 8 (RFC 7871): family 1, 16 bits of 133.11.0.0
SUBNET = ("-E", "8:00011000850b")
# EDNS option 10 (RFC 7873): a client cookie alone, as a resolver sends that knows none of ours yet
COOKIE = ("-E", "10:0011223344556677")
DO, TCP = ("-D",), ("-m", "tcp")
THROUGH = "HTTP served through, a file of 4 MB, 8 connections"

Row = tuple[str, str, Load]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gslb-bench-") as name:
        table = report(measure(Path(name), arguments.seconds), arguments.seconds)
    table += "\n" + simulation.report()
    if missing():
        print(f"The dashboard was not measured: it {missing()}.", file=sys.stderr)
    else:
        table += dashboard.report(dashboard.measure(4 * arguments.seconds))
    print(table)
    if arguments.write:
        mark = "<!-- measured -->\n"
        before = arguments.write.read_text().split(mark)[0]
        arguments.write.write_text(before + mark + table)


def measure(directory: Path, seconds: float) -> list[Row]:
    mixed, steered, static = (directory / name for name in ("mixed", "steered", "static"))
    mixed.write_text(f"{peers.HOST} A\ninfo.{peers.HOST} TXT\n{peers.HOST} AAAA\nnone.{peers.HOST} A\n")
    steered.write_text(f"{peers.HOST} A\n")
    static.write_text(f"info.{peers.HOST} TXT\nnone.{peers.HOST} A\n{peers.HOST} SOA\n")
    plain = (HERE / "bench.yaml").read_text()
    signed = plain.replace("    records:", "    dnssec: {keys: keys/}\n    records:")
    limited = f"rate_limit: {{responses_per_s: 1000000}}\n{plain}"
    rows: list[Row] = []
    with peers.gdnsd(directory) as (port, pids):
        rows += dns_rows("gdnsd", port, pids, mixed, steered, seconds)
    with peers.ours(directory, "gslb", plain) as (port, http, pids):
        rows += dns_rows("gslb", port, pids, mixed, steered, seconds)
        rows.append(("HTTP 302, kept alive", "gslb", wrk(f"http://127.0.0.1:{http}{PATH}", peers.HOST, pids, seconds)))
    with peers.nginx(directory) as (port, pids):
        rows.append(("HTTP 302, kept alive", "nginx", wrk(f"http://127.0.0.1:{port}{PATH}", peers.HOST, pids, seconds)))
    with peers.knot(directory) as (port, pids):
        rows += signed_rows("knot", port, pids, static, steered, seconds)
    with peers.ours(directory, "gslb-signed", signed) as (port, _, pids):
        rows += signed_rows("gslb", port, pids, static, steered, seconds)
    with peers.ours(directory, "gslb-limited", limited) as (port, _, pids):
        rows.append(("DNS, steered A, rate limiting on", "gslb", dnsperf(port, steered, pids, seconds)))
    rows += watchers.compare(directory, steered, seconds, plain)
    return rows + through_rows(directory, seconds)


def through_rows(directory: Path, seconds: float) -> list[Row]:
    """What it costs to serve a kernel through, and to redirect to a file of a release set."""
    files = {"kernel": random.Random(1).randbytes(4 << 20), "small": b"a small file"}
    rows: list[Row] = []
    with peers.origin(directory, files) as upstream:
        with peers.proxy(directory, upstream) as (port, pids):
            rows.append((THROUGH, "nginx", wrk(f"http://127.0.0.1:{port}/set/kernel", peers.HOST, pids, seconds, connections=8)))
        plain = (HERE / "through.yaml").read_text().replace("{origin}", str(upstream))
        with peers.ours(directory, "gslb-through", plain) as (_, http, pids):
            url = f"http://127.0.0.1:{http}/set"
            redirect = wrk(f"{url}/small", peers.HOST, pids, seconds)
            rows.append(("HTTP 302 to a file of a release set, kept alive", "gslb", redirect))
            agent = ("-H", "User-Agent: GRUB 2.06")
            rows.append((THROUGH, "gslb", wrk(f"{url}/kernel", peers.HOST, pids, seconds, more=agent, connections=8)))
    return rows


def dns_rows(name: str, port: int, pids: list[int], mixed: Path, steered: Path, seconds: float) -> list[Row]:
    return [
        ("DNS, steered A", name, dnsperf(port, steered, pids, seconds)),
        ("DNS, steered A with client subnet", name, dnsperf(port, steered, pids, seconds, more=SUBNET)),
        ("DNS, steered A with cookie", name, dnsperf(port, steered, pids, seconds, more=COOKIE)),
        ("DNS, steered A with client subnet and cookie", name, dnsperf(port, steered, pids, seconds, more=(*SUBNET, *COOKIE))),
        ("DNS, steered A, every client subnet once", name, varied(port, peers.HOST, pids, seconds)),
        ("DNS, A, AAAA, TXT and NXDOMAIN", name, dnsperf(port, mixed, pids, seconds)),
        ("DNS over TCP, steered A, 4 connections", name, dnsperf(port, steered, pids, seconds, more=TCP)),
    ]


def signed_rows(name: str, port: int, pids: list[int], static: Path, steered: Path, seconds: float) -> list[Row]:
    return [
        ("DNS, signed zone: TXT, NXDOMAIN and SOA, DO", name, dnsperf(port, static, pids, seconds, more=DO)),
        ("DNS, signed zone: TXT, NXDOMAIN and SOA, no DO", name, dnsperf(port, static, pids, seconds)),
        ("DNS, signed zone: A, DO", name, dnsperf(port, steered, pids, seconds, more=DO)),
        ("DNS, signed zone: A, DO, with client subnet", name, dnsperf(port, steered, pids, seconds, more=(*DO, *SUBNET))),
    ]


def report(rows: list[Row], seconds: float) -> str:
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with `python -m tests.bench --seconds {seconds:g}`: {os.cpu_count()} cores,",
        f"Linux {platform.release().split('-')[0]}, CPython {platform.python_version()}; one thread or worker a server.",
        "",
        "| load | server | answers/s | CPU µs an answer | lost | speed against peer | CPU against peer |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    peer = {load: measured for load, name, measured in rows if name != "gslb"}
    for load, name, measured in sorted(rows, key=lambda row: row[0]):
        speed, cost = "", ""
        if name == "gslb" and load in peer:
            speed = f"{measured.per_s / peer[load].per_s:.2f}"
            cost = f"{measured.cpu_us / peer[load].cpu_us:.1f}"
        lines.append(f"| {load} | {name} | {measured.per_s:,.0f} | {measured.cpu_us:.1f} | {measured.lost} | {speed} | {cost} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
