"""One mirror as a process of its own, so that it can be killed and frozen as a machine can.

    python -m gslb.runtime.demo.mirror --address 127.83.3.1 --port 8083 --root DIR --name jp-tokyo-1

When it listens it says so with one JSON line on standard output. Imports are few: the demo starts thirteen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gslb.errors import UsageError
from gslb.model import Endpoint
from gslb.runtime.demo.control import serve_control, status
from gslb.runtime.demo.faults import USAGE, MirrorFault, parse_fault
from gslb.runtime.demo.serving import Mirror, MirrorSettings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run(_run(_settings(options), options))
    except OSError as error:
        print(f"mirror {options.name}: {error}", file=sys.stderr)
        return 1


async def _run(settings: MirrorSettings, options: argparse.Namespace) -> int:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    mirror = Mirror(settings)
    await mirror.start()
    await mirror.set_fault(options.fault)
    control = await serve_control(options.control, mirror) if options.control else None
    print(json.dumps(asdict(status(mirror))), flush=True)
    if options.lifeline:
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), _read_lifeline, ended)
    await ended.wait()
    if control:
        control.close()
    await mirror.stop()
    return 0


def _read_lifeline(ended: asyncio.Event) -> None:
    """Nothing is ever written to it; the kernel closes it when the parent is gone, however it went."""
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        ended.set()


def _settings(options: argparse.Namespace) -> MirrorSettings:
    endpoints = tuple(_endpoint(text, options.port) for text in options.address)
    hosts = frozenset(host.lower() for host in options.host)
    return MirrorSettings(options.name, endpoints, options.root, options.delay_ms, hosts)


def _endpoint(text: str, port: int) -> Endpoint:
    """`127.83.1.1`, `::1`, or with a port of its own `[::1]:9001`."""
    if not text.startswith("["):
        return Endpoint(text, port)
    host, _, own = text[1:].partition("]")
    return Endpoint(host, int(own.removeprefix(":") or port))


def _fault(text: str) -> MirrorFault:
    try:
        return parse_fault(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mirror", description="One HTTP mirror of the demo.")
    parser.add_argument("--address", action="append", required=True, help="repeatable: ADDRESS or [ADDRESS]:PORT")
    parser.add_argument("--port", type=int, default=8083)
    parser.add_argument("--root", type=Path, required=True, help="what it serves")
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", action="append", default=[], help="repeatable: 404 for any other Host")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="before the first byte of each answer")
    parser.add_argument("--control", type=Path, help="Unix socket for commands")
    parser.add_argument("--fault", type=_fault, default="ok", help=USAGE)
    parser.add_argument("--lifeline", action="store_true", help="end when standard input does")
    return parser


if __name__ == "__main__":
    sys.exit(main())
