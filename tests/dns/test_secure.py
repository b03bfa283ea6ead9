"""Signed answers, judged by a validator that shares no code with them. RFC 4035 unless said otherwise."""

from __future__ import annotations

import pickle
from dataclasses import replace

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from gslb.dns import Responder
from gslb.model import Configuration, Dnssec, Match
from tests.dns import worlds
from tests.dns.validating import Validator, kinds_in
from tests.dns.worlds import HOST, PLACES, SERVICE, ZONE

CHILD = f"kin.{ZONE}"
PEER = "133.11.0.9"
PEERS = (PEER, "18.0.0.9", "141.20.0.9", "203.0.113.9")
SEALING = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC)


class Signed:
    """A responder of signed zones, and who judges its answers."""

    def __init__(
        self,
        config: Configuration | None = None,
        *flags: int,
        known: tuple[str, ...] = tuple(PLACES),
        down: tuple[str, ...] = (),
    ) -> None:
        self.configuration, self.signer = worlds.signed(config, *flags)
        world = worlds.world(self.configuration, down=down)
        self.serving = worlds.serving(world, known, signer=self.signer)
        self.responder = Responder(self.serving, node="tokyo-1")
        self.validators = {zone.name: self._validator(zone.name) for zone in self.configuration.zones}

    def _validator(self, zone: str) -> Validator:
        [keys] = [rrset for rrset in self.ask(f"{zone}.", "DNSKEY").answer if rrset.rdtype == dns.rdatatype.DNSKEY]
        return Validator(keys)

    def ask(
        self, name: str, kind: str, *, do: bool = True, size: int = 1232, tcp: bool = True, peer: str = PEER
    ) -> dns.message.Message:
        absolute = name if name.endswith(".") else f"{name}.{ZONE}."
        query = dns.message.make_query(absolute, kind, use_edns=0, want_dnssec=do, payload=size)
        wire = self.responder.respond(query.to_wire(), peer, tcp)
        assert wire is not None
        return dns.message.from_wire(wire)

    def verdict(self, name: str, kind: str, zone: str = ZONE) -> str:
        return self.validators[zone].judge(self.ask(name, kind))


def family() -> Configuration:
    """A zone and one below it, both ours."""
    child = worlds.zone(CHILD, "www 60 IN A 192.0.2.70\n")
    return worlds.configuration(zones=(worlds.zone(), child))


@pytest.fixture(scope="module")
def signed() -> Signed:
    return Signed(family())


class TestProof:
    @pytest.mark.parametrize(
        ("name", "kind", "verdict"),
        [
            (f"{ZONE}.", "SOA", "positive"),
            (f"{ZONE}.", "NS", "positive"),
            (f"{ZONE}.", "DNSKEY", "positive"),
            (f"{ZONE}.", "NSEC", "positive"),
            (f"{ZONE}.", "DS", "nodata"),
            (f"{ZONE}.", "ANY", "positive"),
            ("go", "A", "positive"),
            ("go", "ANY", "positive"),
            ("go", "MX", "nodata"),
            ("odd", "TYPE65280", "positive"),
            ("mx", "NSEC", "positive"),
            ("nowhere", "A", "nxdomain"),
            ("a.b.c.d.e", "A", "nxdomain"),
            ("deeper.deep.down.below", "A", "nxdomain"),
            ("x.knoppix", "A", "nxdomain"),
            ("zzz", "A", "nxdomain"),
            ("0", "A", "nxdomain"),
            ("below", "A", "nodata"),
            ("down.below", "TXT", "nodata"),
            ("wild", "A", "nodata"),
            ("any.wild", "TXT", "positive"),
            ("a.b.c.wild", "MX", "positive"),
            ("*.wild", "TXT", "positive"),
            ("*.wild", "A", "nodata"),
            ("any.wild", "A", "nodata"),
            ("any.wild", "ANY", "positive"),
            ("any.wild", "NSEC", "positive"),
            ("here.wild", "A", "positive"),
            ("here.wild", "TXT", "nodata"),
            ("x.here.wild", "TXT", "nxdomain"),
            ("www", "A", "positive"),
            ("www", "MX", "nodata"),
            ("www", "NSEC", "positive"),
            ("loop", "A", "left"),
            ("out", "A", "left"),
            ("boot", "A", "left"),
            ("lost", "A", "nxdomain"),
            ("any.alias", "A", "positive"),
            ("any.alias", "TXT", "nodata"),
            ("away", "A", "insecure"),
            ("sub", "A", "insecure"),
            ("x.y.sub", "A", "insecure"),
            ("ns.sub", "A", "insecure"),
            ("sub", "DS", "nodata"),
            ("signed", "A", "referral"),
            ("signed", "DS", "positive"),
            ("x.signed", "DS", "referral"),
            (HOST + ".", "TXT", "positive"),
            (HOST + ".", "A", "positive"),
            (HOST + ".", "AAAA", "positive"),
            (HOST + ".", "MX", "nodata"),
            (HOST + ".", "NSEC", "positive"),
            (CHILD + ".", "DS", "positive"),
        ],
    )
    def test_is_in_every_answer_sections_3_1_and_5(self, signed: Signed, name: str, kind: str, verdict: str) -> None:
        assert signed.verdict(name, kind) == verdict

    @pytest.mark.parametrize(
        ("name", "kind", "verdict"),
        [(f"www.{CHILD}.", "A", "positive"), (f"x.{CHILD}.", "A", "nxdomain"), (f"{CHILD}.", "NS", "positive")],
    )
    def test_is_of_the_zone_below_where_that_answers(self, signed: Signed, name: str, kind: str, verdict: str) -> None:
        assert signed.verdict(name, kind, CHILD) == verdict

    @pytest.mark.parametrize("name", ["signed", "x.signed", "x.y.signed"])
    def test_is_the_ds_alone_at_and_below_a_signed_zone_section_3_1_4(self, signed: Signed, name: str) -> None:
        kinds = {dns.rdatatype.to_text(rrset.rdtype) for rrset in signed.ask(name, "A").authority}
        assert kinds == {"NS", "DS", "RRSIG"}

    @pytest.mark.parametrize("flags", [(257,), (257, 256)])
    def test_is_as_good_with_one_key_for_all_as_with_two(self, flags: tuple[int, ...]) -> None:
        signed = Signed(None, *flags)
        for name, kind, verdict in (("go", "A", "positive"), ("nowhere", "A", "nxdomain"), (f"{ZONE}.", "DNSKEY", "positive")):
            assert signed.verdict(name, kind) == verdict

    def test_survives_the_way_to_a_worker(self, signed: Signed) -> None:
        book = pickle.loads(pickle.dumps(signed.serving.book, pickle.HIGHEST_PROTOCOL))
        there = Responder(replace(signed.serving, book=book), node="tokyo-1")
        for name, kind in (("nowhere", "A"), ("any.wild", "MX"), ("knoppix", "A"), ("any.wild", "A"), ("x.y.sub", "A")):
            query = dns.message.make_query(f"{name}.{ZONE}.", kind, want_dnssec=True).to_wire()
            assert there.respond(query, PEER) == signed.responder.respond(query, PEER)


class TestZonesBelow:
    def test_without_keys_are_proved_to_have_none_section_5_2(self) -> None:
        parent, child = family().zones
        _, signer = worlds.signed(worlds.configuration(zones=(parent,)))
        config = worlds.configuration(zones=(replace(parent, dnssec=Dnssec("")), child))
        responder = Responder(worlds.serving(worlds.world(config), signer=signer), node="tokyo-1")

        def ask(name: str, kind: str) -> dns.message.Message:
            wire = responder.respond(dns.message.make_query(name, kind, want_dnssec=True).to_wire(), PEER, True)
            assert wire is not None
            return dns.message.from_wire(wire)

        reply = ask(CHILD, "DS")
        assert Validator(ask(ZONE, "DNSKEY").answer[0]).judge(reply) == "nodata"
        [nsec] = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NSEC]
        assert set(kinds_in(nsec[0])) == {dns.rdatatype.NS, *SEALING}
        assert [rrset.rdtype for rrset in ask(f"www.{CHILD}", "A").answer] == [dns.rdatatype.A]

    def test_have_the_ds_that_their_cds_asks_for_rfc_7344(self, signed: Signed) -> None:
        [ds] = [rrset for rrset in signed.ask(f"{CHILD}.", "DS").answer if rrset.rdtype == dns.rdatatype.DS]
        [cds] = [rrset for rrset in signed.ask(f"{CHILD}.", "CDS").answer if rrset.rdtype == dns.rdatatype.CDS]
        assert [str(rdata) for rdata in ds] == [str(rdata) for rdata in cds]
        [keys] = [rrset for rrset in signed.ask(f"{CHILD}.", "DNSKEY").answer if rrset.rdtype == dns.rdatatype.DNSKEY]
        assert str(dns.dnssec.make_ds(keys.name, keys[0], "SHA256")) == str(ds[0])


class TestWhoDoesNotAsk:
    @pytest.mark.parametrize(
        ("name", "kind"),
        [("go", "A"), ("nowhere", "A"), ("any.wild", "MX"), ("sub", "A"), ("signed", "A"), ("knoppix", "A"), ("below", "A")],
    )
    def test_gets_what_an_unsigned_zone_gives_section_3_1(self, signed: Signed, name: str, kind: str) -> None:
        unsigned = worlds.world(signed.configuration)  # without a signer; only the EXPIRE of its SOA is that of a signed zone
        plain = Responder(worlds.serving(unsigned, tuple(PLACES)), node="tokyo-1")
        query = dns.message.make_query(f"{name}.{ZONE}.", kind, use_edns=0).to_wire()
        assert signed.responder.respond(query, PEER) == plain.respond(query, PEER)

    def test_gets_an_nsec_that_is_asked_for_by_type(self, signed: Signed) -> None:
        [nsec] = signed.ask("mx", "NSEC", do=False).answer
        assert set(kinds_in(nsec[0])) == {dns.rdatatype.MX, *SEALING}

    @pytest.mark.parametrize("do", [True, False])
    def test_gets_one_set_of_signatures_for_rrsig_as_for_any_rfc_8482_section_4_1(self, signed: Signed, do: bool) -> None:
        [rrset] = signed.ask("go", "RRSIG", do=do).answer
        assert rrset.rdtype == dns.rdatatype.RRSIG
        assert {rdata.type_covered for rdata in rrset} == {dns.rdatatype.NSEC}


class TestChain:
    def links(self, signed: Signed) -> dict[dns.name.Name, tuple[dns.name.Name, set[int]]]:
        found: dict[dns.name.Name, tuple[dns.name.Name, set[int]]] = {}
        name = dns.name.from_text(ZONE)
        while name not in found:
            [nsec] = signed.ask(str(name), "NSEC", do=False).answer or signed.ask(f"0.{name}", "A").authority[2:3]
            found[name] = (nsec[0].next, set(kinds_in(nsec[0])))
            name = nsec[0].next
        return found

    def test_goes_once_round_all_names_with_records_section_2_3(self) -> None:
        signed = Signed(worlds.configuration(zones=(worlds.zone(text="a 60 IN A 192.0.2.9\nx.y 60 IN A 192.0.2.9\n"),)))
        links = self.links(signed)
        labels = ["@", "a", "knoppix", "ns1", "x.y"]
        assert [name.relativize(dns.name.from_text(ZONE)).to_text() for name in links] == labels
        apex = ("SOA", "NS", "DNSKEY", "CDS", "CDNSKEY", "RRSIG", "NSEC")
        assert links[dns.name.from_text(ZONE)][1] == set(map(dns.rdatatype.from_text, apex))

    def test_tells_at_a_delegation_what_the_parent_has_alone_section_2_3(self, signed: Signed) -> None:
        [nsec] = [rrset for rrset in signed.ask("sub", "DS").authority if rrset.rdtype == dns.rdatatype.NSEC]
        assert set(kinds_in(nsec[0])) == {dns.rdatatype.NS, *SEALING}

    def test_holds_as_long_as_a_denial_does_rfc_9077_section_3(self, signed: Signed) -> None:
        for name in ("nowhere", "below", "go"):
            authority = signed.ask(name, "MX").authority
            assert {rrset.ttl for rrset in authority} == {30}


class TestSteered:
    def test_sets_are_signed_for_the_longest_ttl_rfc_4034_section_3_1_4(self, signed: Signed) -> None:
        reply = signed.ask(f"{HOST}.", "A")
        [addresses, signatures] = reply.answer
        assert addresses.ttl < 60
        assert {signature.original_ttl for signature in signatures} == {60}

    def test_names_deny_the_family_that_was_asked_for_and_no_other_rfc_8198(self) -> None:
        """A resolver may answer others from an NSEC, so each denies nothing that some client would get."""
        japan, *others = worlds.SITES
        sites = (replace(japan, only=Match(countries=("JP",))), *(replace(x, addresses=x.addresses_of(4)) for x in others))
        signed = Signed(worlds.configuration(sites=sites))
        for kind, denied in (("AAAA", {dns.rdatatype.AAAA}), ("MX", set())):
            reply = signed.ask(f"{HOST}.", kind, peer="18.0.0.9")
            assert signed.validators[ZONE].judge(reply) == "nodata"
            [nsec] = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NSEC]
            assert set(kinds_in(nsec[0])) == {dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.TXT, *SEALING} - denied
        assert signed.verdict(f"{HOST}.", "AAAA") == "positive"

    def test_names_deny_a_family_that_no_site_has(self) -> None:
        sites = tuple(replace(site, addresses=site.addresses_of(4)) for site in worlds.SITES)
        signed = Signed(worlds.configuration(sites=sites))
        for kind in ("AAAA", "MX"):
            reply = signed.ask(f"{HOST}.", kind)
            assert signed.validators[ZONE].judge(reply) == "nodata"
            [nsec] = [rrset for rrset in reply.authority if rrset.rdtype == dns.rdatatype.NSEC]
            assert dns.rdatatype.AAAA not in set(kinds_in(nsec[0]))

    @pytest.mark.parametrize("answers", [1, 2, 3])
    @pytest.mark.parametrize("known", [(), tuple(PLACES)])
    @pytest.mark.parametrize("down", [(), ("jp-1",), ("jp-1", "us-1", "eu-1")])
    def test_sets_are_all_signed_while_they_are_few(self, answers: int, known: tuple[str, ...], down: tuple[str, ...]) -> None:
        config = worlds.configuration(services=(replace(SERVICE, answers=answers),))
        signed = Signed(config, known=known, down=down)
        for peer in PEERS:
            reply = signed.ask(f"{HOST}.", "A", peer=peer)
            assert signed.validators[ZONE].judge(reply) == "positive"
            assert reply.answer[0] == signed.ask(f"{HOST}.", "A", peer=peer, do=False).answer[0]

    def test_a_zone_may_be_one_steered_name(self) -> None:
        zone = worlds.zone(HOST, 'www 60 IN CNAME @\n@ 60 IN TXT "x"\n')
        signed = Signed(worlds.configuration(zones=(zone,)))
        verdicts = {("", "A"): "positive", ("", "AAAA"): "positive", ("", "TXT"): "positive", ("", "NS"): "positive"}
        verdicts |= {("", "ANY"): "positive", ("", "MX"): "nodata", ("x.", "A"): "nxdomain", ("www.", "A"): "left"}
        for (name, kind), verdict in verdicts.items():
            assert signed.verdict(f"{name}{HOST}.", kind, HOST) == verdict

    def test_answers_carry_what_is_to_be_said_of_them(self) -> None:
        signed = Signed(down=("jp-1", "us-1", "eu-1"))
        for stale, told in ((False, []), (True, ["health of the sites has not been heard of lately"])):
            signed.responder.stale = stale
            reply = signed.ask(f"{HOST}.", "A")
            assert signed.validators[ZONE].judge(reply) == "positive"
            assert reply.answer[0].ttl == SERVICE.ttl_min_s
            texts = [error.text for error in reply.extended_errors()]
            assert texts == ["no site is up; answering with one that may be down", *told]

    def test_all_down_and_closed_is_a_signed_nodata(self) -> None:
        signed = Signed(worlds.configuration(services=(replace(SERVICE, when_all_down="closed"),)), down=("jp-1", "us-1", "eu-1"))
        for kind in ("A", "AAAA"):
            assert signed.verdict(f"{HOST}.", kind) == "nodata"


class TestManySites:
    """More sets of two than are signed ahead."""

    sites = tuple(
        worlds.site(f"s{number}", "jp", worlds.JP, f"192.0.2.{number}", f"198.51.100.{number}") for number in range(1, 41)
    )
    config = worlds.configuration(sites=sites, services=(replace(SERVICE, answers=3),))

    def test_a_known_class_gets_its_set(self) -> None:
        signed = Signed(self.config, known=("133.11.0.0/16",))
        reply = signed.ask(f"{HOST}.", "A")
        assert signed.validators[ZONE].judge(reply) == "positive"
        assert len(reply.answer[0]) == 3

    def test_another_gets_as_many_of_the_first_as_are_signed_together(self) -> None:
        signed = Signed(self.config, known=())
        unsigned = signed.ask(f"{HOST}.", "A", do=False).answer[0]
        reply = signed.ask(f"{HOST}.", "A")
        assert signed.validators[ZONE].judge(reply) == "positive"
        assert [str(x) for x in reply.answer[0]] == [str(x) for x in unsigned][:2]  # both of the first site
        assert signed.responder.counters["gslb_dns_dnssec_answers_total", "reduced"] == 1


def test_signed_answers_are_counted() -> None:
    signed = Signed()
    for name in ("go", "nowhere", "knoppix", "sub", "example.org."):
        signed.ask(name, "A")
        signed.ask(name, "A", do=False)
    found = {key[1]: count for key, count in signed.responder.counters.items() if key[0] == "gslb_dns_dnssec_answers_total"}
    assert found == {"signed": 4 + 1, "unsigned": 1}  # and the DNSKEY


class TestSize:
    @pytest.mark.parametrize(("name", "kind"), [("go", "A"), ("nowhere", "A"), ("any.wild", "A"), ("knoppix", "A"), ("sub", "A")])
    def test_of_what_is_common_fits_a_datagram_rfc_9715(self, signed: Signed, name: str, kind: str) -> None:
        reply = signed.ask(name, kind, tcp=False)
        assert not reply.flags & dns.flags.TC
        assert len(reply.to_wire()) <= 1232

    def test_that_does_not_fit_the_client_is_cut_to_tc(self, signed: Signed) -> None:
        reply = signed.ask("nowhere", "A", size=512, tcp=False)
        assert reply.flags & dns.flags.TC
        assert not reply.answer
        assert not reply.authority
