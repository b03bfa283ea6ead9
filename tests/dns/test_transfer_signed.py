"""A signed zone on its way to a secondary: whole, so that others than we find nothing missing and nothing wrong."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import dns.dnssec
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest

from gslb.dns import Responder
from gslb.dns.copies import copy_zone
from gslb.dns.signing import Signer
from gslb.model import Configuration, Transfer, World
from tests.dns import worlds
from tests.dns.worlds import HOST, ZONE
from tests.scenarios.peers.process import program

EXTRA = """knoppix 60 IN HTTPS 1 . alpn=h2
a.b.c.d 60 IN TXT "deep"
"""


def signed(text: str = worlds.RECORDS + EXTRA, *, algorithm: str = "ecdsap256sha256") -> tuple[Configuration, Signer]:
    zone = replace(worlds.zone(text=text), transfer=Transfer())
    return worlds.signed(worlds.configuration(zones=(zone,)), algorithm=algorithm)


def transferred(world: World, signer: Signer) -> list[dns.rrset.RRset]:
    """As a secondary reads it."""
    question = dns.name.from_text(ZONE).to_digestable() + b"\0\xfc\0\1"
    copy = copy_zone(world, world.configuration.zones[0], 2_026_112_301, signer)
    wires = [b"\0\7" + answer.heads[0] + question + answer.body for answer in copy.messages]
    return [rrset for wire in wires for rrset in dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=True).answer]


def as_text(rrsets: list[dns.rrset.RRset]) -> str:
    return "".join(f"{rrset.to_text()}\n" for rrset in rrsets[:-1])


def verified(text: str, folder: Path) -> str:
    """What ldns-verify-zone says, but for its last words."""
    file = folder / "zone"
    file.write_text(text)
    command = [program("ldns-verify-zone"), "-V", "3", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return f"{done.returncode} {done.stdout}{done.stderr}"


@pytest.mark.parametrize("algorithm", ["ecdsap256sha256", "ed25519"])
def test_ldns_verifies_every_signature_and_the_whole_chain(tmp_path: Path, algorithm: str) -> None:
    configuration, signer = signed(algorithm=algorithm)
    said = verified(as_text(transferred(worlds.world(configuration), signer)), tmp_path)
    assert said.startswith("0 "), said
    assert "Zone is verified and complete" in said


def test_ldns_finds_fault_where_a_record_is_another(tmp_path: Path) -> None:
    """The judge can tell."""
    configuration, signer = signed()
    text = as_text(transferred(worlds.world(configuration), signer))
    assert not verified(text.replace("192.0.2.80", "192.0.2.81"), tmp_path).startswith("0 ")


def test_a_steered_name_with_another_set_is_signed_and_in_the_chain(tmp_path: Path) -> None:
    """No address over IPv6 is left: the chain must not say that there is one."""
    configuration, signer = signed()
    sites = tuple(replace(site, addresses=site.addresses[:1]) for site in configuration.sites)
    world = worlds.world(replace(configuration, sites=sites))
    rrsets = transferred(world, signer)
    denial = next(rrset for rrset in rrsets if rrset.name.to_text() == f"{HOST}." and rrset.rdtype == dns.rdatatype.NSEC)
    assert " A " in denial.to_text()
    assert "AAAA" not in denial.to_text()
    assert verified(as_text(rrsets), tmp_path).startswith("0 ")


def test_named_checkzone_loads_it(tmp_path: Path) -> None:
    configuration, signer = signed()
    (tmp_path / "zone").write_text(as_text(transferred(worlds.world(configuration), signer)))
    command = [program("named-checkzone"), "-i", "none", ZONE, str(tmp_path / "zone")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout


def test_each_signature_of_a_transferred_zone_holds_for_dnspython() -> None:
    configuration, signer = signed()
    zone = dns.zone.from_text(as_text(transferred(worlds.world(configuration), signer)), f"{ZONE}.", relativize=False)
    keys = {dns.name.from_text(f"{ZONE}."): zone.get_rdataset(f"{ZONE}.", "DNSKEY")}
    signatures = 0
    for name, node in zone.nodes.items():
        for covered in [rdataset for rdataset in node if rdataset.rdtype == dns.rdatatype.RRSIG]:
            rdataset = node.get_rdataset(dns.rdataclass.IN, covered.covers)
            assert rdataset is not None
            dns.dnssec.validate((name, rdataset), (name, covered), keys)  # type: ignore[arg-type]
            signatures += 1
    assert signatures > 30


def test_the_same_answers_come_from_the_copy_and_from_us() -> None:
    """What is static is the same, octet for octet, with its signatures."""
    configuration, signer = signed()
    world = worlds.world(configuration)
    copied = {
        (rrset.name, rrset.rdtype, rrset.covers, rdata.to_text()) for rrset in transferred(world, signer) for rdata in rrset
    }
    serving = worlds.serving(world, serial=2_026_112_301, signer=signer)
    responder = Responder(serving, node="x")
    for name, kind in ((f"info.{ZONE}", "TXT"), (ZONE, "SOA"), (ZONE, "DNSKEY"), (f"a.b.c.d.{ZONE}", "TXT")):
        query = dns.message.make_query(name, kind, want_dnssec=True)
        reply = responder.respond(query.to_wire(), "127.0.0.1", 1)
        assert reply is not None
        for rrset in dns.message.from_wire(reply).answer:
            assert {(rrset.name, rrset.rdtype, rrset.covers, rdata.to_text()) for rdata in rrset} <= copied
