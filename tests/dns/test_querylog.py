"""Lines of the query log."""

from __future__ import annotations

import json
from typing import Any

import dns.edns
import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder
from gslb.dns.discretion import Discretion
from gslb.dns.observer import Backlog, Exchange, Link, Observer, Sampled
from gslb.dns.querylog import LineWriter, presentation
from tests.dns import worlds

LINK = Link("tcp", ("192.0.2.53", 53), ("133.11.77.5", 4711))
RESPONDER = Responder(worlds.serving(known=tuple(worlds.PLACES)), node="tokyo-1")


def line(wire: bytes, link: Link = LINK, whole: bool = False) -> dict[str, Any]:
    log: Backlog[Sampled] = Backlog(1, lambda: None)
    clock = iter((1_700_000_000_123_456_789, 1_700_000_000_123_500_000))
    Observer(None, log, clock=lambda: next(clock)).respond(RESPONDER, wire, link)
    written = LineWriter("tokyo-1", None if whole else Discretion(worlds.configuration())).line(log.take(1)[0])
    assert written.isascii()
    assert written.count(b"\n") == 1
    found: dict[str, Any] = json.loads(written)
    return found


def query(name: str = worlds.HOST, kind: str = "A", subnet: str = "18.44.55.0", **more: Any) -> bytes:
    more.setdefault("options", [dns.edns.ECSOption(subnet, 24)])
    return dns.message.make_query(name, kind, use_edns=0, payload=1232, **more).to_wire()


def test_a_steered_answer_and_how_it_came_about() -> None:
    wire = query(want_dnssec=True)
    seen = line(wire)
    assert seen == {
        "time": "2023-11-14T22:13:20.123456Z",
        "node": "tokyo-1",
        "client": "133.11.0.0/16",
        "transport": "tcp",
        "name": "knoppix.inetboot.test.",
        "type": "A",
        "class": "IN",
        "edns_size": 1232,
        "do": True,
        "subnet": "18.44.0.0/16",
        "rcode": "NOERROR",
        "flags": ["AA", "RD"],
        "answers": 1,
        "size": seen["size"],
        "service": "knoppix.inetboot.test",
        "sites": ["us-1"],
        "why": "nearest",
        "scope": 16,
        "ttl": 50,
        "world": 1,
        "query_size": len(wire),
        "duration_us": 43,
    }
    assert seen["size"] > len(wire)


def test_a_static_answer_has_no_site() -> None:
    seen = line(query(f"go.{worlds.ZONE}"))
    assert (seen["rcode"], seen["service"], seen["sites"], seen["why"]) == ("NOERROR", None, [], None)


def test_whole_addresses_where_the_operator_asks_for_them() -> None:
    seen = line(query(), whole=True)
    assert (seen["client"], seen["subnet"]) == ("133.11.77.5", "18.44.55.0/24")
    six = LINK._replace(peer=("2002:850b:4d05::1", 4711, 0, 0))
    seen = line(query(subnet="2002:850b:4d05::"), six, whole=True)
    assert (seen["client"], seen["subnet"]) == ("2002:850b:4d05::1", "2002:8500::/24")
    assert line(query(), six)["client"] == "2002:850b::/32"


def test_an_extended_rcode_and_a_query_without_edns() -> None:
    bad = dns.message.make_query(worlds.HOST, "A", use_edns=1).to_wire()
    assert line(bad)["rcode"] == "BADVERS"
    plain = line(dns.message.make_query(worlds.HOST, "A", use_edns=False, flags=0).to_wire())
    assert (plain["edns_size"], plain["subnet"], plain["do"], plain["flags"]) == (None, None, False, ["AA"])


@pytest.mark.parametrize("wire", [b"", b"short", bytes(11)])
def test_what_is_no_message_has_a_line_without_an_answer(wire: bytes) -> None:
    seen = line(wire)
    assert (seen["name"], seen["rcode"], seen["size"], seen["query_size"]) == (None, None, 0, len(wire))


def test_what_is_malformed_is_told_as_far_as_it_can_be_read() -> None:
    seen = line(query()[:-3])
    assert (seen["name"], seen["type"], seen["subnet"], seen["rcode"]) == ("knoppix.inetboot.test.", "A", None, "FORMERR")


def test_types_and_classes_without_a_name() -> None:
    seen = line(dns.message.make_query(worlds.HOST, "TYPE65333", rdclass="CLASS77", use_edns=False).to_wire())
    assert (seen["type"], seen["class"], seen["rcode"]) == ("TYPE65333", "CLASS77", "REFUSED")


def test_names_are_written_as_in_a_zone_file() -> None:
    assert presentation(b"\0") == "."
    assert presentation(b'\x03w.w\x06\n"\\\xff\x01 \0') == r"w\.w.\010\"\\\255\001\032."


@given(st.lists(st.binary(min_size=1, max_size=63), min_size=1, max_size=3))
def test_a_name_of_any_octets_makes_one_line_and_can_be_read_back(labels: list[bytes]) -> None:
    name = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    wire = bytes.fromhex("0001 0000 0001 0000 0000 0000") + name + b"\0\1\0\1"
    seen = line(wire)
    assert dns.name.from_text(seen["name"]).labels == (*labels, b"")


@given(st.binary(max_size=120))
def test_any_octets_make_one_line_of_json(data: bytes) -> None:
    line(data)
    written = LineWriter("n", None).line(Sampled(Exchange(LINK, data, data, 1, 2), None, 1))
    assert json.loads(written)["query_size"] == len(data)


def test_a_clock_that_is_set_back_makes_no_negative_time() -> None:
    written = LineWriter("n", None).document(Sampled(Exchange(LINK, query(), None, 2_000_000, 1_000_000), None, 1))
    assert written["duration_us"] == 0
