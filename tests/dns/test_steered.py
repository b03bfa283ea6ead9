"""Steered names: which site, for how long, and for which networks an answer holds. RFC 7871 unless said otherwise."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from gslb.dns import Responder
from gslb.model import Door as WhichDoor
from gslb.model import World
from gslb.steering import ClientClass, Sample
from tests.dns import worlds
from tests.dns.door import Door, Transport
from tests.dns.worlds import HOST, PLACES, SERVICE

JAPAN, AMERICA, GERMANY = "192.0.2.1", "192.0.2.2", "192.0.2.3"
EVERYWHERE = tuple(PLACES)


def responder(now: World | None = None, known: tuple[str, ...] = EVERYWHERE, **options: object) -> Responder:
    return Responder(worlds.serving(now, known), node="tokyo-1", **options)  # type: ignore[arg-type]


def subnet(text: str) -> dns.edns.ECSOption:
    network = ip_network(text)
    return dns.edns.ECSOption(str(network.network_address), network.prefixlen)


def query(kind: str = "A", client: str | None = None, edns: int = 0) -> dns.message.Message:
    return dns.message.make_query(HOST, kind, use_edns=edns, options=[subnet(client)] if client else [])


def asked(by: Responder, message: dns.message.Message, peer: str = "127.0.0.1", tcp: bool = False) -> dns.message.Message:
    reply = by.respond(message.to_wire(), peer, tcp)
    assert reply is not None
    return dns.message.from_wire(reply)


def addresses(reply: dns.message.Message) -> list[str]:
    return [str(rdata) for rrset in reply.answer for rdata in rrset]


def scope(reply: dns.message.Message) -> int:
    [option] = [option for option in reply.options if option.otype == 8]
    assert isinstance(option, dns.edns.ECSOption)
    return option.scopelen


class TestSite:
    @pytest.mark.parametrize(
        ("client", "site"),
        [("133.11.0.0/24", JAPAN), ("18.0.0.0/16", AMERICA), ("141.20.3.0/24", GERMANY), ("2001:200::/56", JAPAN)],
    )
    def test_is_near_the_client_not_the_resolver(self, door: Door, transport: Transport, client: str, site: str) -> None:
        reply = door.ask(query("A", client), transport)
        assert addresses(reply) == [site]
        assert reply.flags & dns.flags.AA

    @pytest.mark.parametrize(("peer", "site"), [("133.11.7.8", JAPAN), ("18.1.2.3", AMERICA), ("2001:db8::5", AMERICA)])
    def test_is_near_the_resolver_when_there_is_no_subnet(self, peer: str, site: str) -> None:
        for edns in (-1, 0):
            reply = asked(responder(), query(edns=edns), peer)
            assert addresses(reply) == [site]
            assert not reply.options

    def test_answers_with_one_ttl_between_those_of_the_service(self, door: Door, transport: Transport) -> None:
        reply = door.ask(query("A", "133.11.0.0/24"), transport)
        assert 15 <= reply.answer[0].ttl <= 60

    def test_best_first_and_no_more_than_the_service_answers(self) -> None:
        config = worlds.configuration(services=(replace(SERVICE, answers=2),))
        reply = responder(worlds.world(config)).respond(query("A", "133.11.0.0/24").to_wire(), "127.0.0.1")
        assert reply is not None
        first, second = reply.index(ip_address(JAPAN).packed), reply.index(ip_address(GERMANY).packed)
        assert first < second
        assert ip_address(AMERICA).packed not in reply

    def test_gone_down_leaves_its_clients_to_the_next(self) -> None:
        reply = asked(responder(worlds.world(down=("jp-1",))), query("A", "133.11.0.0/24"))
        assert addresses(reply) == [GERMANY]

    def test_is_chosen_for_each_family_from_those_that_have_it(self) -> None:
        by = responder()
        assert addresses(asked(by, query("AAAA", "133.11.0.0/24"))) == ["2001:db8:1::1"]
        assert addresses(asked(by, query("AAAA", "141.20.0.0/24"))) == ["2001:db8:2::1"]

    def test_of_no_address_of_a_family_is_nodata_rfc_2308_section_2_2(self) -> None:
        """A resolver that gets no answer at all to AAAA makes a boot of 9 s one of 58 s."""
        sites = tuple(replace(site, addresses=site.addresses_of(4)) for site in worlds.SITES)
        reply = asked(responder(worlds.world(worlds.configuration(sites=sites))), query("AAAA", "133.11.0.0/16"))
        assert (reply.rcode(), reply.answer) == (dns.rcode.NOERROR, [])
        assert [rrset.ttl for rrset in reply.authority] == [30]
        assert not reply.extended_errors()
        assert scope(reply) == 16

    def test_over_http_alone_leaves_the_addresses_to_records(self) -> None:
        zone = worlds.zone(text="knoppix 60 IN A 192.0.2.80\n")
        service = replace(SERVICE, via=frozenset({WhichDoor.HTTP}))
        reply = asked(
            responder(worlds.world(worlds.configuration(zones=(zone,), services=(service,)))), query("A", "133.11.0.0/16")
        )
        assert (addresses(reply), scope(reply)) == (["192.0.2.80"], 0)


class TestClientSubnet:
    @pytest.mark.parametrize(
        ("client", "expected"),
        [("133.11.0.0/16", 16), ("133.11.2.0/24", 16), ("133.11.2.3/32", 16), ("18.0.0.0/9", 16), ("2001:200::/48", 40)],
    )
    def test_scope_is_of_the_map_and_never_shorter_than_the_sticky_key(
        self, door: Door, transport: Transport, client: str, expected: int
    ) -> None:
        reply = door.ask(query("A", client), transport)
        assert scope(reply) == expected

    @pytest.mark.parametrize(
        "client", ["133.11.0.0/16", "133.11.128.0/17", "133.11.2.3/32", "2001:200::/29", "2001:200::/128", "0.0.0.0/0"]
    )
    def test_comes_back_as_it_came_section_7_2_1(self, door: Door, transport: Transport, client: str) -> None:
        sent = subnet(client).to_wire()
        assert sent is not None
        reply = door.exchange(query("A", client).to_wire(), transport)
        at = len(reply) - len(sent)
        assert (reply[at : at + 3], reply[at + 4 :]) == (sent[:3], sent[4:])
        assert reply[at - 4 : at] == b"\0\x08" + len(sent).to_bytes(2, "big")

    def test_scope_does_not_depend_on_health(self) -> None:
        for down in ((), ("jp-1",), ("jp-1", "us-1", "eu-1")):
            assert scope(asked(responder(worlds.world(down=down)), query("A", "133.11.2.0/24"))) == 16

    @pytest.mark.parametrize("option", [b"\0\x01\0\0", b"\0\x02\0\0", b"\0\0\0\0"])
    def test_of_length_0_is_an_opt_out_section_7_1_2(self, option: bytes) -> None:
        """The resolver is the client, the scope 0, and the option comes back as it came."""
        message = dns.message.make_query(HOST, "A", options=[dns.edns.GenericOption(dns.edns.OptionType.ECS, option)])
        for peer, site in (("133.11.0.1", JAPAN), ("18.0.0.1", AMERICA)):
            reply = responder().respond(message.to_wire(), peer)
            assert reply is not None
            assert reply.endswith(b"\0\x08\0\x04" + option)
            assert ip_address(site).packed in reply

    @pytest.mark.parametrize(
        ("client", "length"), [("10.1.2.0/24", 16), ("192.168.7.0/24", 16), ("100.64.1.0/24", 16), ("fd00::/48", 40)]
    )
    def test_of_a_private_network_is_placed_by_the_resolver_section_11_3(self, client: str, length: int) -> None:
        """Not even answers that are remembered may go to a client of another resolver."""
        by = responder()
        for peer, site in (("133.11.0.1", JAPAN), ("18.0.0.1", AMERICA), ("133.11.0.1", JAPAN)):
            reply = asked(by, query("A", client), peer)
            assert addresses(reply) == [site]
            assert scope(reply) >= length

    def test_that_nobody_knows_has_a_scope_too(self) -> None:
        """Scope 0 would send every other network to this one's site."""
        assert scope(asked(responder(), query("A", "203.0.113.0/24"))) >= 16

    def test_of_nat64_is_the_ipv4_network_within(self) -> None:
        reply = asked(responder(), query("A", "64:ff9b::850b:0/128"))
        assert addresses(reply) == [JAPAN]
        assert scope(reply) == 96 + 16


class TestReason:
    """What is wrong is told to who can hear it (RFC 8914)."""

    def test_of_failing_open_is_told(self) -> None:
        by = responder(worlds.world(down=("jp-1", "us-1", "eu-1")))
        reply = asked(by, query("A", "133.11.0.0/24"))
        assert addresses(reply) == [JAPAN]
        assert reply.answer[0].ttl == SERVICE.ttl_min_s
        [error] = reply.extended_errors()
        assert (error.code, "no site is up" in (error.text or "")) == (0, True)
        assert not asked(by, query(edns=-1), "133.11.0.1").options

    def test_of_an_empty_answer_is_told_and_it_is_never_nxdomain_rfc_8020_section_2(self) -> None:
        config = worlds.configuration(services=(replace(SERVICE, when_all_down="closed"),))
        by = responder(worlds.world(config, down=("jp-1", "us-1", "eu-1")))
        reply = asked(by, query("A", "133.11.0.0/24"))
        assert (reply.rcode(), reply.answer) == (dns.rcode.NOERROR, [])
        assert [rrset.ttl for rrset in reply.authority] == [30]
        assert [error.code for error in reply.extended_errors()] == [0]
        assert by.counters["gslb_dns_steered_total", HOST, "", "all-down"] == 1

    def test_of_fallback_addresses_is_told(self) -> None:
        fallback = (ip_address("192.0.2.200"), ip_address("2001:db8::200"))
        config = worlds.configuration(services=(replace(SERVICE, when_all_down=fallback),))
        by = responder(worlds.world(config, down=("jp-1", "us-1", "eu-1")))
        assert addresses(asked(by, query("A"))) == ["192.0.2.200"]
        assert addresses(asked(by, query("AAAA"))) == ["2001:db8::200"]
        assert [error.code for error in asked(by, query("A")).extended_errors()] == [0]

    def test_of_a_stale_world_is_told_and_answers_go_on_at_the_shortest_ttl(self) -> None:
        by = responder()
        fresh = asked(by, query("A", "133.11.0.0/24"))
        by.stale = True
        stale = asked(by, query("A", "133.11.0.0/24"))
        assert addresses(stale) == addresses(fresh)
        assert stale.answer[0].ttl == SERVICE.ttl_min_s < fresh.answer[0].ttl
        assert [error.code for error in stale.extended_errors()] == [3]
        by.stale = False
        assert asked(by, query("A", "133.11.0.0/24")).to_wire()[2:] == fresh.to_wire()[2:]


class TestWorlds:
    def test_the_next_one_answers_the_next_query(self) -> None:
        by = responder()
        assert addresses(asked(by, query("A", "133.11.0.0/24"))) == [JAPAN]
        by.stale = True
        by.swap(worlds.serving(worlds.world(number=2, down=("jp-1",)), EVERYWHERE))
        reply = asked(by, query("A", "133.11.0.0/24"))
        assert addresses(reply) == [GERMANY]
        assert not by.stale
        assert not reply.extended_errors()

    @pytest.mark.parametrize("kind", ["A", "AAAA"])
    @pytest.mark.parametrize("client", EVERYWHERE)
    def test_a_class_that_the_table_does_not_know_gets_the_same_answer(self, client: str, kind: str) -> None:
        told: list[tuple[str, ClientClass]] = []
        new = responder(known=(), on_new_class=lambda *known: told.append(known))
        known = responder()
        for _ in range(3):
            assert asked(new, query(kind, client)).to_wire()[2:] == asked(known, query(kind, client)).to_wire()[2:]
        assert len(told) == 1
        assert told[0][0] == HOST
        assert new.counters["gslb_dns_unknown_classes_total", HOST] == 3

    def test_what_is_remembered_of_queries_is_bounded(self) -> None:
        by = responder(kept_max=8)
        for number in range(256):
            asked(by, query("A", f"18.{number}.0.0/16"), f"133.11.0.{number}")
            asked(by, query("A"), f"133.11.0.{number}")
        assert len(by.serving.kept) <= 8

    def test_names_that_do_not_exist_and_random_case_are_not_remembered(self) -> None:
        by = responder()
        for name in ("nowhere.inetboot.test", "example.com", "x.wild.inetboot.test", "gO.inetboot.test"):
            asked(by, dns.message.make_query(name, "A"))
        assert not by.serving.kept


class TestTelling:
    def test_every_answer_is_counted(self) -> None:
        by = responder()
        for _ in range(2):
            asked(by, query("A", "133.11.0.0/24"))
        asked(by, query("A", "2001:200::/40"), tcp=True)
        assert by.counters == {
            ("gslb_dns_answers_total", "udp", "A", "NOERROR"): 2,
            ("gslb_dns_answers_total", "tcp", "A", "NOERROR"): 1,
            ("gslb_dns_client_subnet_total", "1"): 2,
            ("gslb_dns_client_subnet_total", "2"): 1,
            ("gslb_dns_steered_total", HOST, "jp-1", "nearest"): 3,
        }

    def test_a_sample_shows_no_more_of_a_client_than_the_sticky_key(self) -> None:
        samples: list[Sample] = []
        now = [100.0]
        by = responder(on_sample=samples.append, clock=lambda: now[0])
        for _ in range(5):
            asked(by, query("A", "133.11.7.0/24"))
        assert len(samples) == 1
        now[0] += 1
        asked(by, query("AAAA"), "2001:200::99")
        assert [(sample.client, sample.asked, sample.sites) for sample in samples] == [
            ("133.11.0.0/16", "A", ("jp-1",)),
            ("2001:200::/40", "AAAA", ("jp-1",)),
        ]
        assert (samples[0].service, samples[0].why, samples[0].scope, samples[0].world) == (HOST, "nearest", 16, 1)

    def test_a_bug_costs_one_answer_and_is_counted(self) -> None:
        serving = worlds.serving()
        broken = Responder(replace(serving, book=None), node="tokyo-1")  # type: ignore[arg-type]
        reply = asked(broken, query("A"))
        assert (reply.rcode(), reply.question) == (dns.rcode.SERVFAIL, [])
        assert broken.counters == {("gslb_dns_failures_total", "AttributeError"): 1}
        broken.swap(serving)
        assert asked(broken, query("A")).rcode() == dns.rcode.NOERROR
