"""HTTPS and SVCB at steered names: hints from the same Decision as A and AAAA. RFC 9460 unless said otherwise."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import dns.edns
import dns.message
import dns.rdata
import dns.rdatatype
import dns.rdtypes.IN.HTTPS
import dns.rdtypes.svcbbase
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder
from gslb.dns.hints import takes_hints, with_hints
from gslb.dns.names import wire_name
from gslb.model import Configuration, Service
from tests.dns import worlds
from tests.dns.validating import Validator
from tests.dns.worlds import HOST, PLACES, SERVICE, ZONE

RECORDS = """
knoppix 300 IN HTTPS 1 . alpn="h2"
knoppix 300 IN HTTPS 2 www.example.net. alpn="h3"
knoppix 300 IN SVCB 1 knoppix.inetboot.test. port="8080"
"""
ALIAS = "knoppix 300 IN HTTPS 0 www.example.net.\n"
PEERS = ("133.11.0.9", "18.0.0.9", "141.20.0.9", "203.0.113.9", "2001:200::9")
NETWORKS = tuple(PLACES)


def configuration(text: str = RECORDS, service: Service = SERVICE) -> Configuration:
    return worlds.configuration(zones=(worlds.zone(text=text),), services=(service,))


class Asking:
    def __init__(self, config: Configuration, known: tuple[str, ...] = NETWORKS, down: tuple[str, ...] = ()) -> None:
        config, signer = worlds.signed(config)
        self.responder = Responder(worlds.serving(worlds.world(config, down=down), known, signer=signer), node="tokyo-1")
        self.validator = Validator(self.ask("DNSKEY", name=ZONE).answer[0])

    def ask(self, kind: str, peer: str = PEERS[0], *, do: bool = True, name: str = HOST) -> dns.message.Message:
        subnet = dns.edns.ECSOption(peer, 56 if ":" in peer else 24)
        query = dns.message.make_query(name, kind, use_edns=0, want_dnssec=do, options=[subnet])
        wire = self.responder.respond(query.to_wire(), peer, True)
        assert wire is not None
        return dns.message.from_wire(wire)


def shown(reply: dns.message.Message) -> list[str]:
    return sorted(str(rdata) for rrset in reply.answer for rdata in rrset if rrset.rdtype != dns.rdatatype.RRSIG)


def hints(reply: dns.message.Message) -> set[str]:
    """Of the records whose target is the name itself."""
    found: set[str] = set()
    for rdata in reply.answer[0]:
        assert isinstance(rdata, dns.rdtypes.svcbbase.SVCBBase)
        for key in (dns.rdtypes.svcbbase.ParamKey.IPV4HINT, dns.rdtypes.svcbbase.ParamKey.IPV6HINT):
            parameter = rdata.params.get(key)
            found |= set(getattr(parameter, "addresses", ()))
    return found


def scope(reply: dns.message.Message) -> int:
    [option] = [option for option in reply.options if isinstance(option, dns.edns.ECSOption)]
    return option.scopelen


@pytest.mark.parametrize("known", [NETWORKS, ()])
@pytest.mark.parametrize("down", [(), ("jp-1",)])
@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("kind", ["HTTPS", "SVCB"])
def test_hints_are_what_this_client_gets_for_its_addresses(
    known: tuple[str, ...], down: tuple[str, ...], peer: str, kind: str
) -> None:
    asking = Asking(configuration(), known, down)
    addresses = {str(rdata) for other in ("A", "AAAA") for rdata in asking.ask(other, peer).answer[0]}
    reply = asking.ask(kind, peer, do=False)
    assert hints(reply) == addresses
    assert scope(reply) == scope(asking.ask("A", peer))
    assert reply.answer[0].ttl == asking.ask("A", peer).answer[0].ttl


@pytest.mark.parametrize("peer", PEERS)
def test_signed_hints_are_of_one_site_or_of_a_pair_that_clients_get(peer: str) -> None:
    asking = Asking(configuration())
    for kind in ("HTTPS", "SVCB"):
        reply = asking.ask(kind, peer)
        assert asking.validator.judge(reply) == "positive"
        assert reply.answer[0] == asking.ask(kind, peer, do=False).answer[0]


def test_a_pair_that_is_not_signed_is_left_out_of_the_signed_answer() -> None:
    """Germany's site has no IPv6: its clients get that of another site, which nobody signs ahead if no class is known."""
    asking = Asking(configuration(), known=())
    assert len(hints(asking.ask("HTTPS", "141.20.0.9", do=False))) == 2
    reply = asking.ask("HTTPS", "141.20.0.9")
    assert asking.validator.judge(reply) == "positive"
    assert hints(reply) == set()
    assert len(hints(asking.ask("HTTPS", "133.11.0.9"))) == 2


def test_what_is_written_stays_but_for_the_hints() -> None:
    asking = Asking(configuration())
    assert shown(asking.ask("HTTPS")) == [
        '1 . alpn="h2" ipv4hint="192.0.2.1" ipv6hint="2001:db8:1::1"',
        '2 www.example.net. alpn="h3"',
    ]
    assert shown(asking.ask("SVCB")) == ['1 knoppix.inetboot.test. port="8080" ipv4hint="192.0.2.1" ipv6hint="2001:db8:1::1"']


def test_without_any_site_there_are_no_hints() -> None:
    everything = ("jp-1", "us-1", "eu-1")
    asking = Asking(configuration(service=replace(SERVICE, when_all_down="closed")), down=everything)
    reply = asking.ask("HTTPS")
    assert asking.validator.judge(reply) == "positive"
    assert hints(reply) == set()


def test_an_alias_is_left_as_it_is_section_2_4_2() -> None:
    asking = Asking(configuration(ALIAS))
    reply = asking.ask("HTTPS")
    assert asking.validator.judge(reply) == "positive"
    assert (shown(reply), scope(reply), reply.answer[0].ttl) == (["0 www.example.net."], 0, 300)
    assert asking.validator.judge(asking.ask("SVCB")) == "nodata"


def test_steered_answers_are_counted_whatever_type_they_are() -> None:
    asking = Asking(configuration())
    before = dict(asking.responder.counters)
    asking.ask("HTTPS", do=False)
    counter = ("gslb_dns_steered_total", HOST, "jp-1", "nearest")
    assert asking.responder.counters[counter] == before.get(counter, 0) + 1


OWNER = wire_name(HOST)
V4 = st.lists(st.ip_addresses(v=4).map(lambda address: address.packed), max_size=3, unique=True)
V6 = st.lists(st.ip_addresses(v=6).map(lambda address: address.packed), max_size=3, unique=True)
WRITTEN = st.sampled_from(
    ["1 .", '1 . alpn="h2,h3" port="443"', '7 . key65000="x"', '1 . mandatory="alpn" alpn="h2" no-default-alpn']
)


@given(WRITTEN, V4, V6)
def test_parameters_stand_in_the_order_of_their_keys_section_2_2(text: str, v4: list[bytes], v6: list[bytes]) -> None:
    """dnspython refuses others."""
    written = dns.rdata.from_text("IN", "HTTPS", text).to_wire()
    assert written is not None
    assert takes_hints(written, OWNER)
    told = with_hints(written, (*v4, *v6))
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.HTTPS, told, 0, len(told))
    assert isinstance(rdata, dns.rdtypes.IN.HTTPS.HTTPS)
    parameters = {int(key): value for key, value in rdata.params.items()}
    for key, addresses in ((4, v4), (6, v6)):
        found = parameters.pop(key, None)
        assert [ip_address(address).packed for address in getattr(found, "addresses", ())] == addresses
    assert with_hints(told, ()) == written


@pytest.mark.parametrize(
    ("text", "takes"),
    [("1 .", True), ("1 knoppix.inetboot.test.", True), ("1 KNOPPIX.inetboot.test.", True), ("1 a.test.", False), ("0 .", False)],
)
def test_hints_are_for_service_mode_at_the_name_itself_section_7_3(text: str, takes: bool) -> None:
    assert takes_hints(dns.rdata.from_text("IN", "HTTPS", text).to_wire() or b"", OWNER) == takes
