"""Loads that run while something happens to a node, and what the clients have to say of it afterwards."""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import dns.edns
import dns.message

from tests.scenarios.node import HOST, RunningNode, networks


@dataclass(frozen=True, slots=True)
class Heard:
    """`lost` of `sent` got no answer, within 5 s over UDP; `errors` are connections that broke."""

    sent: int
    lost: int
    per_s: float
    errors: int = 0


def queries(folder: Path) -> Path:
    """Of clients all over the world."""
    path = folder / "queries"
    path.write_text(f"{HOST} A\n{HOST} AAAA\n" * 50 + f"ns1.{HOST} A\n")
    return path


class Dnsperf:
    """Four sockets; as fast as it goes, or at `qps`."""

    def __init__(self, node: RunningNode, folder: Path, seconds: float, qps: int = 0) -> None:
        words = ["dnsperf", "-s", node.dns[0], "-p", str(node.dns[1]), "-d", str(queries(folder)), "-l", str(seconds)]
        words += ["-c", "4", "-q", "100", *(["-Q", str(qps)] if qps else [])]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def heard(self) -> Heard:
        text, _ = self._process.communicate(timeout=120)
        sent, done, lost = (int(_number(f"Queries {what}:", text)) for what in ("sent", "completed", "lost"))
        assert done + lost == sent, text
        return Heard(sent, lost, _number("Queries per second:", text))


class Wrk:
    """`connections` that are kept alive, each with one request at a time."""

    def __init__(self, node: RunningNode, seconds: float, connections: int) -> None:
        url = f"http://{node.http[0]}:{node.http[1]}/archives/linux/x"
        words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "5s", "-H", f"Host: {HOST}", url]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def heard(self) -> Heard:
        text, _ = self._process.communicate(timeout=120)
        broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        errors = sum(map(int, broken.groups())) if broken else 0
        assert "Non-2xx or 3xx" not in text, text
        return Heard(int(_number(r"\n *", text, r" requests in")), 0, _number("Requests/sec:", text), errors)


class Paced:
    """Queries at a pace from a thread of ours, that notes of each when it was sent and whether it was answered."""

    def __init__(self, node: RunningNode, qps: int, sockets: int = 16) -> None:
        self._sent_s: list[float] = []
        self._answered: set[int] = set()
        self._pause_s = 1 / qps
        self._stop = threading.Event()
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sockets)]
        for sock in self._sockets:
            sock.connect(node.dns)
            sock.setblocking(False)
        asked = list(networks(sockets))
        self._wires = [_query(network) for network in asked]
        self._threads = [threading.Thread(target=self._send), threading.Thread(target=self._receive)]
        for thread in self._threads:
            thread.start()

    def end(self, last_words_s: float = 2.0) -> None:
        """Sends no more, and waits for the last answers."""
        self._stop.set()
        self._threads[0].join()
        time.sleep(last_words_s)
        self._stop.clear()
        self._threads[1].join()
        for sock in self._sockets:
            sock.close()

    def sent_until(self, moment_s: float) -> tuple[int, int]:
        """How many queries were sent before, and how many of those were answered."""
        before = [number for number, sent_s in enumerate(self._sent_s) if sent_s < moment_s]
        return len(before), sum(number in self._answered for number in before)

    def _send(self) -> None:
        """At most 65,536: a query is known again by its ID."""
        next_s = time.monotonic()
        while not self._stop.is_set() and len(self._sent_s) < 65536:
            next_s += self._pause_s
            time.sleep(max(0.0, next_s - time.monotonic()))
            number = len(self._sent_s)
            which = number % len(self._sockets)
            self._sent_s.append(time.monotonic())
            try:
                self._sockets[which].send(number.to_bytes(2, "big") + self._wires[which])
            except OSError:
                self._sent_s[-1] = float("inf")  # refused: nobody is there

    def _receive(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for sock in self._sockets:
                waiting.register(sock, selectors.EVENT_READ)
            while self._threads[0].is_alive() or self._stop.is_set():
                for key, _ in waiting.select(0.1):
                    self._read(key.fileobj)  # type: ignore[arg-type]

    def _read(self, sock: socket.socket) -> None:
        while True:
            try:
                self._answered.add(int.from_bytes(sock.recv(4096)[:2], "big"))
            except BlockingIOError:
                return
            except OSError:
                continue


def _query(network: str) -> bytes:
    address, _, length = network.partition("/")
    options: list[dns.edns.Option] = [dns.edns.ECSOption(address, int(length))]
    return dns.message.make_query(HOST, "A", use_edns=0, options=options, flags=0).to_wire()[2:]


def _number(before: str, text: str, after: str = "") -> float:
    found = re.search(rf"{before}\s*([\d.]+){after}", text)
    assert found is not None, text
    return float(found[1])
