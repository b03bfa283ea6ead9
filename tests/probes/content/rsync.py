"""Debian's rsync as a daemon."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port


@contextmanager
def rsync_daemon(root: Path, address: str = "127.0.0.1") -> Iterator[str]:
    """Serves a directory as the module `pub`; gives its URL, which ends with a slash."""
    port = free_port(address)
    config = root.parent / f"{root.name}.rsyncd.conf"
    config.write_text(f"use chroot = no\nuid = {os.geteuid()}\ngid = {os.getegid()}\n[pub]\npath = {root}\nread only = yes\n")
    words = ["rsync", "--daemon", "--no-detach", f"--config={config}", f"--port={port}", f"--address={address}"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
    try:
        await_listener(address, port)
        yield f"rsync://{address}:{port}/pub/"
    finally:
        process.terminate()
        process.wait()


def await_listener(address: str, port: int) -> None:
    """Raises ConnectionRefusedError when nobody listens after 20 s."""
    until = time.monotonic() + 20.0
    while True:
        try:
            socket.create_connection((address, port), timeout=20.0).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
