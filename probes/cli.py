"""`gslb-probe`: a vantage point on its own."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from probes.config import VantageConfig, load
from probes.located import ConfigError
from probes.model import Result
from probes.schedule import Scheduler
from probes.setting import VERSION, Setting, trusting
from probes.wire import to_json

OK, FAILED, WRONG = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command. 0: done, or every site passed; 1: it ran and failed; 2: wrong usage or file."""
    options = _parser().parse_args(argv)
    try:
        config = load(options.config)
    except ConfigError as error:
        return _say(WRONG, *error.faults)
    except OSError as error:
        return _say(WRONG, f"{options.config}: {error.strerror}")
    if not config.targets:
        return _say(WRONG, f"{options.config}:1: targets: missing: this version cannot get them from a node")
    if config.node_urls:
        _say(
            OK,
            "node_urls: reporting to nodes is not available in this version; results are printed here only",
        )
    try:
        return asyncio.run(_run(config, once=options.once, as_json=options.json))
    except BrokenPipeError:  # whoever read us has gone; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gslb-probe", description="Probe sites from this vantage point.")
    parser.add_argument("--config", metavar="FILE", type=Path, required=True, help="the file of this vantage point")
    parser.add_argument("--once", action="store_true", help="one round; exit 0 if every site passed, else 1")
    parser.add_argument("--json", action="store_true", help="with --once one JSON list, else one object a line")
    parser.add_argument("--version", action="version", version=f"gslb-probe {VERSION}")
    return parser


def _say(status: int, *lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)
    return status


async def _run(config: VantageConfig, once: bool, as_json: bool) -> int:
    """Probe until the first round is in, or for ever until SIGINT or SIGTERM."""
    done = asyncio.Event()
    results: list[Result] = []
    broken: list[BrokenPipeError] = []

    def take(result: Result, is_recheck: bool) -> None:
        if once:
            results.append(result)
        if once and as_json:
            return
        try:
            print(json.dumps(to_json(result)) if as_json else line_of(result, is_recheck), flush=True)
        except BrokenPipeError as error:
            broken.append(error)
            done.set()

    scheduler = _scheduler(config, take, done.set if once else _nothing, once)
    await _until(done, scheduler)
    if broken:
        raise broken[0]
    if once and as_json:
        print(json.dumps([to_json(result) for result in results], indent=2))
    whole = scheduler.round_complete or not once
    return OK if whole and all(result.ok for result in results) else FAILED


def _nothing() -> None:
    """For ever."""


def _scheduler(
    config: VantageConfig, take: Callable[[Result, bool], None], on_round: Callable[[], None], once: bool
) -> Scheduler:
    tls = trusting(str(config.ca_file)) if config.ca_file else None
    phase_s = min(2.0, config.timeout_s)
    setting = Setting(config.timeout_s, phase_s, contact=config.contact, own=config.own, tls=tls)
    return Scheduler(
        config.targets,
        setting,
        take,
        on_round_complete=on_round,
        is_down=lambda key: once,  # one round is one look each
        interval_s=config.interval_s,
    )


async def _until(done: asyncio.Event, scheduler: Scheduler) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, done.set)
    scheduler.start()
    try:
        await done.wait()
    finally:
        await scheduler.stop()


def line_of(result: Result, is_recheck: bool) -> str:
    """A result as one line for a person."""
    when = result.at_utc.isoformat(timespec="seconds")
    took = f"{result.timings.total_ms or 0:.1f} ms"
    again = " (looked again)" if is_recheck else ""
    word = result.verdict.value
    return f"{when} {result.site} {result.address} {word} {took}{again}: {result.reason}".replace("\n", " ")
