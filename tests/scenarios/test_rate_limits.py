"""A flood with forged addresses of one network, to a node of several workers: what goes back, and who is answered meanwhile."""

from __future__ import annotations

import re
import selectors
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from gslb.dns.codes import BADCOOKIE
from tests.scenarios.lifecycle import Node, started
from tests.scenarios.node import HOST
from tests.scenarios.peers.process import program

PER_S = 200
WORKERS = 4
FLOOD_PER_S = 10_000
FLOOD_S = 3.0
CLIENT = b"ClientCk"


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("limits")
    with started(folder, workers=WORKERS, rate_limit={"responses_per_s": PER_S, "slip": 10, "exempt": ["127.0.0.0/24"]}) as node:
        yield node


@dataclass
class Flood:
    """Queries from addresses of 127.7.7.0/24, each with a port of its own: the kernel spreads them over all workers."""

    node: Node
    seconds: float = 60.0
    ended: threading.Event = field(default_factory=threading.Event)
    sent: int = 0
    whole_s: list[float] = field(default_factory=list)  # when each answer came
    cut: int = 0
    first_s: float = 0.0

    def run(self) -> None:
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(100)]
        wire = dns.message.make_query(HOST, "A", use_edns=0).to_wire()
        with selectors.DefaultSelector() as waiting:
            for host, sock in enumerate(sockets, 1):
                sock.bind((f"127.7.7.{host}", 0))
                sock.connect(self.node.dns)
                sock.setblocking(False)
                waiting.register(sock, selectors.EVENT_READ)
            self._send(sockets, wire, waiting)
            while ready := waiting.select(0.5):
                self._read(ready)
        for sock in sockets:
            sock.close()

    def _send(self, sockets: list[socket.socket], wire: bytes, waiting: selectors.BaseSelector) -> None:
        self.first_s = time.monotonic()
        while (passed_s := time.monotonic() - self.first_s) < self.seconds and not self.ended.is_set():
            while self.sent < passed_s * FLOOD_PER_S:
                sockets[self.sent % len(sockets)].send(wire)
                self.sent += 1
            self._read(waiting.select(0.002))

    def _read(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        for key, _ in ready:
            reply = key.fileobj.recv(4096)  # type: ignore[union-attr]
            if reply[2] & 2:
                self.cut += 1
            else:
                self.whole_s.append(time.monotonic())


@contextmanager
def flooded(node: Node) -> Iterator[None]:
    """From when the flood is limited on, for as long as it takes."""
    flood = Flood(node)
    thread = threading.Thread(target=flood.run)
    thread.start()
    try:
        node.wait_for(lambda: len(flood.whole_s) >= PER_S / 2, 20, "the flood is limited")
        yield
    finally:
        flood.ended.set()
        thread.join()


def ask(node: Node, source: str, cookie: bytes | None, within_s: float = 3.0) -> dns.message.Message | None:
    """One try over UDP. None: no answer."""
    options: list[dns.edns.Option] = [] if cookie is None else [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)]
    query = dns.message.make_query(HOST, "A", use_edns=0, options=options)
    try:
        return dns.query.udp(query, node.dns[0], within_s, node.dns[1], source=source)
    except dns.exception.Timeout:
        return None


def heard(node: Node, source: str, cookie: bytes | None) -> dns.message.Message:
    """The first answer of five tries: a kernel that has no room for a query has not limited it."""
    found = (ask(node, source, cookie) for _ in range(5))
    return next(reply for reply in found if reply is not None)


def is_whole(reply: dns.message.Message) -> bool:
    return reply.rcode() == dns.rcode.NOERROR and bool(reply.answer) and not reply.flags & dns.flags.TC


def cookie_of(reply: dns.message.Message) -> bytes:
    (option,) = [option for option in reply.options if option.otype == dns.edns.OptionType.COOKIE]
    return bytes(option.to_wire() or b"")


def limited(node: Node) -> dict[str, float]:
    found = node.metric("gslb_dns_rate_limited_total")
    return {action: value for labels, value in found.items() for action in re.findall(r'action="([^"]+)"', labels)}


def test_ten_thousand_queries_a_second_from_one_24_get_what_is_configured_and_a_client_with_a_cookie_gets_all(node: Node) -> None:
    learned = ask(node, "127.7.7.200", CLIENT)
    assert learned is not None
    cookie = cookie_of(learned)
    time.sleep(2.1)  # what was answered does not count any more: the flood begins with nothing
    flood = Flood(node, FLOOD_S)
    thread = threading.Thread(target=flood.run)
    thread.start()
    asked, answered = 0, 0
    while thread.is_alive() and asked < 200:
        asked += 1
        answered += is_whole(heard(node, "127.7.7.200", cookie))
    thread.join()
    seconds = flood.whole_s[-1] - flood.first_s
    assert flood.sent > 5 * PER_S * FLOOD_S, "this machine is too slow for a flood"
    assert len(flood.whole_s) <= PER_S * max(1.0, seconds)
    assert len(flood.whole_s) >= 0.5 * PER_S * FLOOD_S
    assert flood.cut <= flood.sent / 10 + WORKERS
    assert answered == asked > 0
    wanted = 0.5 * (flood.sent - len(flood.whole_s))  # a kernel without room has dropped some of the flood
    node.wait_for(lambda: sum(limited(node).values()) >= wanted, 20, "what was limited is in the metrics")
    assert limited(node).keys() == {"dropped", "slipped"}


def test_who_lost_his_cookie_gets_another_while_his_network_is_limited(node: Node) -> None:
    with flooded(node):
        refused = [reply for _ in range(40) if (reply := ask(node, "127.7.7.201", CLIENT)) and reply.rcode() == BADCOOKIE]
        assert refused
        assert not refused[0].answer
        assert heard(node, "127.7.7.201", cookie_of(refused[0])).answer


def test_another_network_is_not_limited_nor_is_an_exempt_one(node: Node) -> None:
    with flooded(node):
        assert all(is_whole(heard(node, source, None)) for _ in range(30) for source in ("127.7.8.1", "127.0.0.1"))


def test_over_tcp_nobody_is_limited(node: Node) -> None:
    query = dns.message.make_query(HOST, "A")
    with flooded(node):
        for _ in range(20):
            assert dns.query.tcp(query, node.dns[0], 20, node.dns[1], source="127.7.7.202").answer


class TestOtherPrograms:
    """What BIND's and Knot's clients make of our cookies."""

    def test_dig_takes_the_cookie_for_good(self, node: Node) -> None:
        said = self.run("dig", f"@{node.dns[0]}", "-p", str(node.dns[1]), HOST, "+cookie", "+noall", "+comments")
        assert re.search(r"; COOKIE: [0-9a-f]{48} \(good\)", said), said

    def test_dig_asks_with_the_server_cookie_and_is_believed(self, node: Node) -> None:
        words = ["dig", f"@{node.dns[0]}", "-p", str(node.dns[1]), HOST, "+noall", "+comments"]
        first = re.search(r"COOKIE: ([0-9a-f]{48})", self.run(*words, "+cookie=0123456789abcdef"))
        assert first is not None
        good = node.metric("gslb_dns_cookies_total").get('result="good"', 0)
        said = self.run(*words, f"+cookie={first[1]}")
        assert f"COOKIE: {first[1]} (good)" in said
        node.wait_for(lambda: node.metric("gslb_dns_cookies_total").get('result="good"', 0) == good + 1, 20, "it is counted")

    def test_dig_gets_a_cookie_without_a_question_rfc_7873_section_5_4(self, node: Node) -> None:
        said = self.run("dig", f"@{node.dns[0]}", "-p", str(node.dns[1]), "+header-only", "+cookie", "+noall", "+comments")
        assert "status: NOERROR" in said
        assert re.search(r"QUERY: 0, ANSWER: 0", said), said
        assert re.search(r"; COOKIE: [0-9a-f]{48} \(good\)", said), said

    def test_dig_follows_badcookie(self, node: Node) -> None:
        """A flood of dig's own network; dig tries again with the cookie that it got, by itself."""
        words = ["dig", f"@{node.dns[0]}", "-p", str(node.dns[1]), "-b", "127.7.7.203", HOST, "+cookie", "+showbadcookie"]
        with flooded(node):
            said = [self.run(*words, "+tries=3", "+time=5") for _ in range(10)]
        followed = [each for each in said if "status: BADCOOKIE" in each]
        assert followed
        assert all("status: NOERROR" in each and "ANSWER: 1" in each for each in followed)

    def test_kdig_takes_the_cookie_too(self, node: Node) -> None:
        said = self.run("kdig", f"@{node.dns[0]}", "-p", str(node.dns[1]), HOST, "+cookie=0123456789abcdef", "+edns")
        assert re.search(r"COOKIE: 0123456789ABCDEF[0-9A-F]{32}\b", said, re.IGNORECASE), said
        assert "status: NOERROR" in said

    def run(self, name: str, *words: str) -> str:
        return subprocess.run([program(name), *words], capture_output=True, text=True, timeout=20, check=False).stdout
