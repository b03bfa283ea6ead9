"""What the package promises to others: names, metrics, a book that travels, and a question to ask oneself."""

from __future__ import annotations

import pickle
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import dns.message
import pytest

import gslb.dns
from gslb.dns import METRICS, RateLimiter, Responder, build_book, cookie_to_ask_with, is_own_answer, self_query
from gslb.dns.keyring import Keyring
from gslb.model import RateLimit
from gslb.steering.table import Memo, compile_table
from tests.dns import worlds
from tests.dns.door import HOSTS, TRANSPORTS, Door, Transport
from tests.dns.worlds import HOST

SOURCES = sorted(Path(gslb.dns.__file__).parent.glob("*.py"))


def test_all_is_sorted_and_there() -> None:
    assert sorted(gslb.dns.__all__, key=lambda name: (not name.isupper(), name.islower(), name)) == gslb.dns.__all__
    assert all(hasattr(gslb.dns, name) for name in gslb.dns.__all__)


def test_every_counter_is_a_metric_with_as_many_labels(door: Door) -> None:
    for key in door.responder.counters:
        _, labels = METRICS[key[0]]
        assert len(key) == 1 + len(labels), key


def test_every_metric_is_counted_somewhere_and_named_as_prometheus_likes_it() -> None:
    text = "".join(path.read_text() for path in SOURCES if path.name != "metrics.py")
    assert set(re.findall(r"gslb_dns_\w+", text)) == set(METRICS)
    for name, (help_, labels) in METRICS.items():
        assert re.fullmatch(r"gslb_dns_[a-z_]+_total", name)
        assert help_.endswith(".")
        assert all(re.fullmatch(r"[a-z]+", label) for label in labels)


def test_a_book_travels_to_the_workers() -> None:
    serving = worlds.serving(known=("133.11.0.0/16",))
    book = pickle.loads(pickle.dumps(serving.book, pickle.HIGHEST_PROTOCOL))
    assert book == serving.book


def test_the_tree_is_written_once_for_worlds_of_one_configuration() -> None:
    world = worlds.world()
    table = compile_table(world, (), Memo())
    first = build_book(world, table, {worlds.ZONE: 7})
    assert build_book(worlds.world(number=2), table, {worlds.ZONE: 7}, first.tree).tree is first.tree


class TestSelfCheck:
    @pytest.mark.parametrize("transport", TRANSPORTS)
    def test_a_node_knows_its_own_answer(self, door: Door, transport: Transport) -> None:
        query = self_query(0x1234)
        assert is_own_answer(query, door.exchange(query, transport), "tokyo-1")

    def test_and_no_other(self, door: Door) -> None:
        query = self_query(0x1234)
        reply = door.exchange(query)
        assert not is_own_answer(query, reply, "tokyo-2")
        assert not is_own_answer(self_query(0x1235), reply, "tokyo-1")
        assert not is_own_answer(query, reply[:-1], "tokyo-1")
        assert not is_own_answer(query, query, "tokyo-1")
        assert not is_own_answer(query, b"", "tokyo-1")

    def test_is_answered_with_a_cookie_too(self, door: Door, transport: Transport) -> None:
        query = self_query(0x1234, b"ClientCk")
        assert is_own_answer(query, door.exchange(query, transport), "tokyo-1")

    def test_is_asked_again_with_the_cookie_that_a_limited_node_gives(self) -> None:
        responder = Responder(replace(worlds.serving(), keyring=Keyring((b"secret-of-16-oct",))), node="tokyo-1")
        responder.limiter = RateLimiter(RateLimit(1))
        query = self_query(0x1234, b"ClientCk")
        first, second = responder.respond(query, "127.0.0.1"), responder.respond(query, "127.0.0.1")
        assert first is not None
        assert second is not None
        assert is_own_answer(query, first, "tokyo-1")
        assert not cookie_to_ask_with(query, first)
        assert not is_own_answer(query, second, "tokyo-1")
        again = self_query(0x1234, cookie_to_ask_with(query, second))
        reply = responder.respond(again, "127.0.0.1")
        assert reply is not None
        assert is_own_answer(again, reply, "tokyo-1")
        assert not cookie_to_ask_with(self_query(0x1234, b"otherone"), second)
        assert not cookie_to_ask_with(query, b"")


@pytest.mark.skipif(shutil.which("kdig") is None, reason="kdig of knot-dnsutils is not installed")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_kdig_understands_it(door: Door, transport: Transport) -> None:
    arguments = ["+tcp"] if transport.startswith("tcp") else []
    shown = run("kdig", door, transport, "+subnet=133.11.0.0/16", "+nsid", "+retry=0", *arguments)
    assert "192.0.2.1" in shown
    assert "133.11.0.0/16/16" in shown
    assert "tokyo-1" in shown
    assert "WARNING" not in shown


@pytest.mark.skipif(shutil.which("dig") is None, reason="dig of bind9-dnsutils is not installed")
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_dig_understands_it(door: Door, transport: Transport) -> None:
    arguments = ["+tcp"] if transport.startswith("tcp") else []
    shown = run("dig", door, transport, "+subnet=18.0.0.0/16", "+nocookie", "+tries=1", *arguments)
    assert "192.0.2.2" in shown
    assert "CLIENT-SUBNET: 18.0.0.0/16/16" in shown
    assert "warning" not in shown.lower()


def run(program: str, door: Door, transport: Transport, *arguments: str) -> str:
    where = [f"@{HOSTS[transport[-1]]}", "-p", str(door.ports[transport])]
    done = subprocess.run(
        [program, *where, HOST, "A", "+norecurse", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return done.stdout


def test_a_wildcard_name_of_the_longest_kind_fits() -> None:
    label = "l" * 63
    name = f"{label}.{label}.{label}.{'m' * 38}.wild.{worlds.ZONE}"
    reply = Responder(worlds.serving(), node="x").respond(dns.message.make_query(name, "MX").to_wire(), "127.0.0.1")
    assert reply is not None
    assert str(dns.message.from_wire(reply).answer[0].name) == name + "."
