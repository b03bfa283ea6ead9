"""Compact denial (RFC 9824): the chain for the first who asks, the compact form for those after, and bounds on all of it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns import Responder
from gslb.dns.compact import NXNAME, CompactDenials
from gslb.dns.names import wire_name
from gslb.dns.serving import Serving
from gslb.model import Configuration, Dnssec
from gslb.runtime.compacting import EVERY_S, MOST_ASKED, Compacting, denied_names
from tests.dns import worlds
from tests.dns.door import opened
from tests.dns.validating import Validator, kinds_in
from tests.dns.worlds import HOST, PLACES, ZONE
from tests.ports import free_port
from tests.runtime import test_signing as node
from tests.runtime.nodes import configuration, running

PEER = "133.11.0.9"
RATE = 10


class Scene:
    """A responder and the control that hears of what it denies."""

    def __init__(self, denial: str = "compact") -> None:
        config, self.signer = worlds.signed()
        settings = Dnssec("", denial="compact" if denial == "compact" else "nsec", compact_signatures_per_s=RATE)
        self.configuration: Configuration = replace(config, zones=tuple(replace(zone, dnssec=settings) for zone in config.zones))
        self.now_s = 0.0
        self.compacting = Compacting(lambda: self.now_s)
        self.serving: Serving = worlds.serving(worlds.world(self.configuration), tuple(PLACES), signer=self.signer)
        self.heard: list[bytes] = []
        self.responder = Responder(self.serving, node="tokyo-1", on_denied=self.heard.append)
        self.next_world()
        [keys] = [rrset for rrset in self.ask(f"{ZONE}.", "DNSKEY").answer if rrset.rdtype == dns.rdatatype.DNSKEY]
        self.validator = Validator(keys)

    def next_world(self) -> CompactDenials | None:
        """With what was heard since the last."""
        self.compacting.ask(self.heard)
        self.heard.clear()
        tree = self.serving.book.tree
        compact = self.compacting.denials(self.compacting.taken(), tree, self.configuration, self.signer)
        self.serving = replace(self.serving, book=replace(self.serving.book, compact=compact))
        self.responder.swap(self.serving)
        return compact

    def ask(self, name: str, kind: str = "A", *, do: bool = True) -> dns.message.Message:
        absolute = name if name.endswith(".") else f"{name}.{ZONE}."
        query = dns.message.make_query(absolute, kind, use_edns=0, want_dnssec=do)
        wire = self.responder.respond(query.to_wire(), PEER)
        assert wire is not None
        return dns.message.from_wire(wire)

    def compact(self, name: str, kind: str = "A") -> bool:
        """Whether the denial is the compact one; proved, either way."""
        reply = self.ask(name, kind)
        verdict = self.validator.judge(reply)
        assert verdict == ("nodata" if reply.rcode() == dns.rcode.NOERROR else "nxdomain")
        return reply.rcode() == dns.rcode.NOERROR


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("name", ["nowhere", "a.b.c.nowhere", "x.here.wild", "zzz", "x.knoppix"])
def test_the_first_who_asks_gets_the_chain_and_the_next_the_compact_form(scene, name):
    assert not scene.compact(name)
    scene.next_world()
    assert scene.compact(name)
    assert scene.compact(name, "MX")
    [nsec] = [rrset for rrset in scene.ask(name).authority if rrset.rdtype == dns.rdatatype.NSEC]
    assert nsec.name == dns.name.from_text(f"{name}.{ZONE}.")
    assert nsec[0].next == dns.name.Name((b"\0", *nsec.name.labels))
    assert set(kinds_in(nsec[0])) == {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, NXNAME}


def test_who_does_not_ask_for_signatures_is_told_nxdomain_as_ever(scene):
    for _ in range(2):
        assert scene.ask("nowhere", do=False).rcode() == dns.rcode.NXDOMAIN
        scene.compact("nowhere")
        scene.next_world()


def test_a_compact_answer_is_smaller_and_has_one_nsec(scene):
    chain = scene.ask("nowhere")
    scene.next_world()
    compact = scene.ask("nowhere")
    assert len(compact.to_wire()) < len(chain.to_wire())
    assert [len([one for one in reply.authority if one.rdtype == dns.rdatatype.NSEC]) for reply in (chain, compact)] == [2, 1]
    assert scene.responder.counters["gslb_dns_dnssec_answers_total", "compact"] == 1


@pytest.mark.parametrize(("name", "kind"), [("go", "MX"), ("below", "A"), ("any.wild", "TXT"), ("knoppix", "TXT")])
def test_names_that_are_there_are_not_asked_for(scene, name, kind):
    scene.ask(name, kind)
    assert scene.heard == []


@pytest.mark.parametrize("kind", ["NSEC", "RRSIG", "ANY"])
def test_types_that_such_an_nsec_would_deny_wrongly_get_the_chain(scene, kind):
    scene.ask("nowhere")
    scene.next_world()
    assert scene.ask("nowhere", kind).rcode() == dns.rcode.NXDOMAIN


def test_nobody_asks_for_nxname(scene):
    """RFC 9824 section 3.5."""
    reply = scene.ask("nowhere", "TYPE128")
    assert reply.rcode() == dns.rcode.FORMERR
    assert [error.code for error in reply.extended_errors()] == [30]


def test_with_the_plain_chain_nothing_is_heard_or_made():
    scene = Scene("nsec")
    assert not scene.compact("nowhere")
    assert (scene.heard, scene.next_world()) == ([], None)
    assert scene.ask("nowhere", "TYPE128").rcode() == dns.rcode.NXDOMAIN


def test_so_many_signatures_a_second_and_no_more(scene: Scene) -> None:
    def flood(first: int) -> int:
        before = scene.signer.signatures
        for number in range(first, first + 200):
            scene.ask(f"random{number}")
        scene.next_world()
        return scene.signer.signatures - before

    assert flood(0) == RATE * EVERY_S
    assert flood(1000) == 0
    scene.now_s += 1.0
    assert flood(2000) == RATE
    scene.now_s += 3600.0
    assert flood(3000) == RATE * EVERY_S


def test_worlds_on_this_account_come_every_two_seconds_at_most(scene):
    assert not scene.compacting.ask([b"\1a\0"])
    scene.now_s += EVERY_S
    assert scene.compacting.ask([])
    assert scene.compacting.taken() == [b"\1a\0"]
    assert not scene.compacting.ask([])


def test_what_waits_is_bounded(scene):
    scene.compacting.ask(wire_name(f"r{number}.example") for number in range(MOST_ASKED + 50))
    assert len(scene.compacting.taken()) == MOST_ASKED


def test_another_tree_forgets_what_was_denied_as_it_may_be_there_now(scene):
    scene.ask("nowhere")
    scene.next_world()
    assert len(scene.compacting) == 1
    other = worlds.serving(worlds.world(scene.configuration), signer=scene.signer).book.tree
    scene.compacting.denials([], other, scene.configuration, scene.signer)
    assert len(scene.compacting) == 0


def test_control_signs_no_denial_of_what_is_there_whatever_a_worker_says(scene):
    there = [wire_name(name) for name in (ZONE, HOST, f"go.{ZONE}", f"any.wild.{ZONE}", f"below.{ZONE}", "elsewhere.example")]
    compact = scene.compacting.denials(there, scene.serving.book.tree, scene.configuration, scene.signer)
    assert compact is not None
    assert compact.signatures == {}


@given(st.one_of(st.none(), st.integers(), st.lists(st.one_of(st.text(), st.binary().map(bytes.hex), st.integers()))))
def test_whatever_a_worker_says_names_come_of_it_or_nothing(document):
    for name in denied_names(document):
        assert name.endswith(b"\0")
        assert len(name) <= 255


@pytest.mark.skipif(shutil.which("delv") is None, reason="delv (bind9-dnsutils) is not installed")
def test_delv_believes_it(scene, tmp_path):
    scene.ask("nowhere")
    scene.next_world()
    [keys] = scene.ask(f"{ZONE}.", "DNSKEY").answer[:1]
    flags, protocol, algorithm, *data = keys[0].to_text().split()
    anchors = tmp_path / "anchors"
    anchors.write_text(f'trust-anchors {{ {ZONE}. static-key {flags} {protocol} {algorithm} "{"".join(data)}"; }};\n')
    with opened(scene.responder, port=free_port("127.0.0.1", "::1")) as door:
        command = ["delv", "@127.0.0.1", "-p", str(door.ports["udp4"]), "-a", str(anchors), f"+root={ZONE}", f"nowhere.{ZONE}."]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    told = done.stdout + done.stderr
    assert "; negative response, fully validated" in told
    assert "nxrrset" in told


@pytest.mark.anyio
@pytest.mark.parametrize("workers", [0, 1])
async def test_a_node_signs_what_its_workers_name(tmp_path, workers):
    node.made(tmp_path)
    zones: list[dict[str, Any]] = [{"name": node.ZONE, "nameservers": {"ns1.example.net": ["192.0.2.53"]},
              "contact": "h@example.net", "dnssec": {"keys": "keys/", "denial": "compact"}}]  # fmt: skip
    name = f"nowhere.{node.ZONE}."

    async with running(configuration(tmp_path, zones=zones), workers) as control:

        async def rcode() -> int:
            return (await node.query(control, name, "A")).rcode()

        assert await rcode() == dns.rcode.NXDOMAIN
        await node.until_async(rcode, dns.rcode.NOERROR)
        validator = Validator((await node.query(control, f"{node.ZONE}.", "DNSKEY")).answer[0])
        assert validator.judge(await node.query(control, name, "A")) == "nodata"
