"""A server of somebody else as a process: started, waited for, and always ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

LOOPBACK = "127.0.0.1"
PATIENCE_S = 60.0
Endpoint = tuple[str, int]


def program(name: str) -> str:
    """Its path. scripts/debian-packages installs it; who can't has these tests skipped."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@contextlib.contextmanager
def serving(command: Sequence[str], log: Path, endpoint: Endpoint) -> Iterator[subprocess.Popen[bytes]]:
    """The process, from its first answer over DNS on. The kernel ends it when the test process goes without a word."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait_for_dns(endpoint, process, log)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_dns(endpoint: Endpoint, process: subprocess.Popen[bytes], log: Path) -> None:
    """Any answer will do, over TCP as well."""
    query = dns.message.make_query("id.server", "TXT", "CH")
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            dns.query.udp(query, endpoint[0], 0.2, endpoint[1])
            socket.create_connection(endpoint, 1).close()
            return
        except (dns.exception.Timeout, OSError):
            assert process.poll() is None, f"{process.args!r} ended\n{log.read_text()[-3000:]}"
            assert time.monotonic() < until, f"{process.args!r} does not answer\n{log.read_text()[-3000:]}"
            time.sleep(0.02)
