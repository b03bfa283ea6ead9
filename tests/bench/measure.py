"""Loads from dnsperf and wrk, bounded in time, and what they cost the server in CPU time (/proc/PID/stat)."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """`per_s` answers a second as the client saw them; `cpu_us` of the server for each; `lost` got none."""

    per_s: float
    cpu_us: float
    lost: int

    @classmethod
    def of(cls, answered: int, seconds: float, cpu_s: float, lost: int) -> Load:
        return cls(answered / seconds, cpu_s / max(answered, 1) * 1e6, lost)


def cpu_s(pids: list[int]) -> float:
    """User and system time of these processes and all their threads so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total * TICK_S


def dnsperf(port: int, queries: Path, pids: list[int], seconds: float, *, more: tuple[str, ...] = (), qps: int = 0) -> Load:
    """Four client sockets, 100 queries in flight; `qps` 0: as fast as it goes."""
    command = [
        "dnsperf",
        "-s",
        "127.0.0.1",
        "-p",
        str(port),
        "-d",
        str(queries),
        "-l",
        f"{seconds:g}",
        "-c",
        "4",
        "-q",
        "100",
        *more,
    ]
    if qps:
        command += ["-Q", str(qps)]
    before = cpu_s(pids)
    text = _run(command, seconds + 20)
    used = cpu_s(pids) - before
    lost = int(_number(r"Queries lost:\s+(\d+)", text))
    answered = int(_number(r"Queries completed:\s+(\d+)", text))
    return Load.of(answered, _number(r"Run time \(s\):\s+([\d.]+)", text), used, lost)


def wrk(url: str, host: str, pids: list[int], seconds: float, *, more: tuple[str, ...] = (), connections: int = 32) -> Load:
    """One client thread; its connections are kept alive."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-H", f"Host: {host}", *more, url]
    before = cpu_s(pids)
    text = _run(command, seconds + 20)
    used = cpu_s(pids) - before
    answered, span = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()  # type: ignore[union-attr]
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if refused is not None:
        raise RuntimeError(f"{refused[1]} of {answered} answers of {url} were refusals")
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    lost = sum(map(int, errors.groups())) if errors else 0
    return Load.of(int(answered), float(span), used, lost)


def _run(command: list[str], within_s: float) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=within_s, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"no {pattern!r} in what was printed:\n{text}")
    return float(found[1])
