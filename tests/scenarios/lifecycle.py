"""Nodes that are killed, frozen, stopped and started again, and what has to be true of their processes meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message

from tests.scenarios.node import HOST, Document, RunningNode, document

SERVE = """
import sys
from gslb.runtime import logs, serve
logs.set_up(json=True)
serve.serve(sys.argv[1], int(sys.argv[2]), silent_after_s=float(sys.argv[3]))
"""
QUICK = {"interval": "500ms", "timeout": "400ms", "rise": 2, "slow_start": "1s"}
PLACES = {"us-1": ("us", [37.34, -121.89]), "eu-1": ("eu", [50.11, 8.68]), "jp-1": ("jp", [35.68, 139.77])}


def settings(folder: Path, **changes: Any) -> Document:
    """Three sites on documentation addresses; each is down while there is a file of its name in `folder`/down."""
    (folder / "down").mkdir(exist_ok=True)
    sites = [
        {"id": id, "region": region, "location": location, "addresses": [f"192.0.2.{n}"], "url": f"http://{id}.example/"}
        for n, (id, (region, location)) in enumerate(PLACES.items(), 1)
    ]
    check = {"type": "exec", "command": ["/bin/sh", "-c", f"test ! -e {folder}/down/$GSLB_SITE"]}
    changes = {"probes": QUICK, **changes, "service": {"check": check, **changes.get("service", {})}}
    return document(sites, changes.pop("state_dir", folder / "state"), **changes)


class Node(RunningNode):
    """`silent_after_s`: when a worker that says nothing is taken for frozen."""

    def __init__(self, folder: Path, workers: int = 2, silent_after_s: float = 15.0, **changes: Any) -> None:
        super().__init__(settings(folder, **changes), folder, workers)
        self.folder = folder
        self.silent_after_s = silent_after_s
        self._starts = 0
        self.state_dir = Path(self.configuration["state_dir"])
        self.prefix: list[str] = []

    def spawn(self) -> None:
        words = [sys.executable, "-c", SERVE, str(self.file), str(self.workers), str(self.silent_after_s)]
        with self.log.open("ab") as log:
            self._starts = len(self.told("start"))
            self.process = subprocess.Popen([*self.prefix, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self) -> None:
        self.spawn()
        self.wait_for(self._is_ready, 60, "the node is ready")

    def _is_ready(self) -> bool:
        """And has said so: its doors and its API are open a moment before."""
        return len(self.told("start")) > self._starts and super()._is_ready()

    def change(self, **changes: Any) -> None:
        """The file, as an editor writes it."""
        self.configuration = {**self.configuration, **changes}
        self.write(self.configuration)

    def restore(self, listen: Any, workers: int) -> None:
        """As it was, for the next test."""
        if self.configuration["listen"] == listen and self.workers == workers and self.process.poll() is None:
            return
        self.stop()
        self.workers = workers
        self.dns = ("127.0.0.1", int(listen["dns"][0].rpartition(":")[2]))
        self.change(listen=listen)
        self.start()

    def kill(self) -> None:
        """Control alone."""
        self.process.kill()
        self.process.wait()

    def worker_pids(self) -> dict[int, int]:
        """By index; of all that were ever started on this state directory and still live."""
        return dict(sorted(_workers(str(self.state_dir)).items()))

    def told(self, *kinds: str) -> list[dict[str, Any]]:
        """Lines of the log, of all processes."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("kind") in kinds]

    def world(self) -> int:
        """That the doors serve by."""
        return int(self.get().headers["GSLB-Decision"].partition("world=")[2].partition(";")[0])

    def end(self) -> None:
        with contextlib.suppress(Exception):
            self.process.send_signal(signal.SIGCONT)
            for pid in self.worker_pids().values():
                os.kill(pid, signal.SIGCONT)
            self.stop()
        for pid in self.worker_pids().values():
            os.kill(pid, signal.SIGKILL)
        self._session.close()


@contextlib.contextmanager
def started(folder: Path, **changes: Any) -> Iterator[Node]:
    node = Node(folder, **changes)
    try:
        node.start()
        yield node
    finally:
        node.end()


def wait_until(condition: Callable[[], Any], within_s: float, what: str) -> Any:
    until = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < until, f"not within {within_s} s: {what}"
        time.sleep(0.02)
    return found


def _workers(state_dir: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"gslb.runtime.worker" in words:
                order = json.loads(words[words.index(b"gslb.runtime.worker") + 1])
                if order["run_dir"].startswith(state_dir):
                    found[order["index"]] = int(entry.name)
    return found


class Burst:
    """Queries over UDP from as many sockets as there are, so that they are spread over all workers; sent now, counted later."""

    def __init__(self, node: Node, count: int) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        for number, sock in enumerate(self.sockets):
            sock.connect(node.dns)
            sock.send(dns.message.make_query(HOST, "A", use_edns=0, id=number).to_wire())

    def answered(self, within_s: float = 15.0) -> int:
        """How many got an answer of their own."""
        return len(self.answers(within_s))

    def answers(self, within_s: float = 15.0) -> list[dns.message.Message]:
        until, found = time.monotonic() + within_s, []
        for number, sock in enumerate(self.sockets):
            sock.settimeout(max(0.01, until - time.monotonic()))
            with contextlib.suppress(OSError):
                wire = sock.recv(2000)
                if int.from_bytes(wire[:2], "big") == number:
                    found.append(dns.message.from_wire(wire))
            sock.close()
        return found


class Requests:
    """The same over HTTP: each connected and sent, and not read yet."""

    def __init__(self, node: Node, count: int) -> None:
        self.sockets = [socket.create_connection(node.http, 5) for _ in range(count)]
        for sock in self.sockets:
            sock.sendall(f"GET /x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())

    def answered(self, within_s: float = 15.0) -> int:
        until, count = time.monotonic() + within_s, 0
        for sock in self.sockets:
            sock.settimeout(max(0.01, until - time.monotonic()))
            with contextlib.suppress(OSError):
                count += sock.recv(4000).startswith(b"HTTP/1.1 302 ")
            sock.close()
        return count
