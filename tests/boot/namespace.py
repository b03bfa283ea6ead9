"""A network of our own, in which every address is free and port 53 and 80 are ours: nothing leaves it.

Namespaces belong to threads (namespaces(7)), and what a thread starts inherits them. So the tests stay in pytest's process, and
whatever has to do with sockets runs in the one thread that is inside.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

RESOLVER = "198.18.0.53"
NETWORK = "198.18.0.0/15"  # for benchmarks, RFC 2544: on no real network, and not loopback, which QEMU's network can't reach

P = ParamSpec("P")
T = TypeVar("T")

_NEW_MOUNTS, _NEW_NETWORK = 0x00020000, 0x40000000  # sched.h


class Namespace:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="namespace")

    def __enter__(self) -> Self:
        self.run(_enter, self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Call it inside."""
        return self._thread.submit(function, *arguments, **named).result()


def _enter(folder: Path) -> None:
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_MOUNTS | _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "unshare")
    _do("mount", "--make-rprivate", "/")
    _do("ip", "link", "set", "lo", "up")
    _do("ip", "address", "add", NETWORK, "dev", "lo")  # on lo the whole network is local
    _replace(folder, Path("/etc/resolv.conf"), f"nameserver {RESOLVER}\n")


def _replace(folder: Path, path: Path, text: str) -> None:
    own = folder / path.name
    own.write_text(text)
    _do("mount", "--bind", str(own), str(path))


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{os.fspath(command[0])}: {done.stderr.strip()}")
