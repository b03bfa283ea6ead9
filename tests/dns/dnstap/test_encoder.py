"""An exchange as dnstap messages, read back by other code."""

from __future__ import annotations

from ipaddress import ip_address

import dns.edns
import dns.message
import pytest

from gslb.dns import Responder
from gslb.dns.discretion import Discretion
from gslb.dns.dnstap import Encoder
from gslb.dns.names import wire_name
from gslb.dns.observer import Backlog, Exchange, Link, Observer
from tests.dns import worlds
from tests.dns.dnstap.taps import tap

CONFIGURATION = worlds.configuration()
WHOLE = Encoder(CONFIGURATION, "gslb 1.2", None)
CUT = Encoder(CONFIGURATION, "gslb 1.2", Discretion(CONFIGURATION))
LINK = Link("udp", ("192.0.2.53", 53), ("133.11.77.5", 4711))
SUBNET = dns.edns.ECSOption("18.44.55.0", 24)


def query(name: str = worlds.HOST) -> bytes:
    return dns.message.make_query(name, "A", use_edns=0, options=[SUBNET]).to_wire()


def exchange(wire: bytes, link: Link = LINK) -> Exchange:
    """As the responder answers it, at times that are easy to see."""
    tap: Backlog[Exchange] = Backlog(1, lambda: None)
    clock = iter((1_700_000_000_000_000_042, 1_700_000_001_000_000_007))
    responder = Responder(worlds.serving(known=tuple(worlds.PLACES)), node="tokyo-1")
    Observer(tap, clock=lambda: next(clock)).respond(responder, wire, link)
    return tap.take(1)[0]


def test_query_and_answer_with_all_that_is_known() -> None:
    wire = query()
    noted = exchange(wire)
    asked, told = map(tap, WHOLE.payloads(noted))
    both = {
        "identity": b"tokyo-1",
        "version": b"gslb 1.2",
        "socket_family": 1,
        "socket_protocol": 1,
        "query_address": ip_address("133.11.77.5").packed,
        "query_port": 4711,
        "response_address": ip_address("192.0.2.53").packed,
        "response_port": 53,
        "query_time_sec": 1_700_000_000,
        "query_time_nsec": 42,
        "query_zone": wire_name(worlds.ZONE),
    }
    assert asked == both | {"type": 1, "query_message": wire}
    assert told == both | {
        "type": 2, "response_message": noted.reply, "response_time_sec": 1_700_000_001, "response_time_nsec": 7,
    }  # fmt: skip


@pytest.mark.parametrize(("transport", "number"), [("udp", 1), ("tcp", 2), ("dot", 3)])
def test_each_transport_has_its_number(transport: str, number: int) -> None:
    payloads = WHOLE.payloads(exchange(query(), LINK._replace(transport=transport)))  # type: ignore[arg-type]
    assert [tap(payload)["socket_protocol"] for payload in payloads] == [number, number]


def test_addresses_of_ipv6_and_of_an_interface() -> None:
    link = Link("tcp", ("2001:db8::53", 53, 0, 0), ("fe80::1%lo", 4711, 0, 1))
    asked = tap(WHOLE.payloads(exchange(query(), link))[0])
    assert asked["socket_family"] == 2
    assert asked["query_address"] == ip_address("fe80::1").packed
    assert asked["response_address"] == ip_address("2001:db8::53").packed


def test_clients_are_cut_in_the_addresses_and_within_both_messages() -> None:
    noted = exchange(query())
    assert noted.reply is not None
    for payload in CUT.payloads(noted):
        seen = tap(payload)
        assert seen["query_address"] == ip_address("133.11.0.0").packed
        assert seen["response_address"] == ip_address("192.0.2.53").packed, "that is ours"
        message = dns.message.from_wire(seen.get("response_message") or seen["query_message"])
        (option,) = message.options
        assert isinstance(option, dns.edns.ECSOption)
        assert (option.address, option.srclen) == ("18.44.0.0", 16)
        if "response_message" in seen:
            assert message.answer == dns.message.from_wire(noted.reply).answer
            assert option.scopelen == 16


def test_a_query_without_an_answer_is_one_message() -> None:
    (payload,) = CUT.payloads(exchange(b"short"))
    assert (tap(payload)["type"], tap(payload)["query_message"]) == (1, b"short")


def test_nothing_of_one_exchange_is_left_in_the_next() -> None:
    """Messages are used again."""
    WHOLE.payloads(exchange(query()))
    (payload,) = WHOLE.payloads(Exchange(Link("udp", ("", 0), ("", 0)), b"short", None, 5, 6))
    seen = tap(payload)
    assert "query_zone" not in seen
    assert (seen["query_address"], seen["query_port"], seen["response_address"], seen["response_port"]) == (b"", 0, b"", 0)


@pytest.mark.parametrize(("name", "zone"), [("deep.down.below.inetboot.test", worlds.ZONE), ("www.example.org", None)])
def test_the_zone_is_the_one_of_ours_that_the_name_is_in(name: str, zone: str | None) -> None:
    for payload in WHOLE.payloads(exchange(query(name))):
        assert tap(payload).get("query_zone") == (None if zone is None else wire_name(zone))
