"""unbound in front of a signed zone, below a root and a parent of Knot's: it caches by client subnet and validates all it hears.

Every client gets what we would tell it ourselves, validated, in whatever order they come, while a site dies, while the key is
rolled.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from gslb.model import FINEST_PREFIX
from tests.ports import free_port
from tests.scenarios.lifecycle import settings
from tests.scenarios.node import HOST, RunningNode, gslb
from tests.scenarios.peers.process import LOOPBACK
from tests.scenarios.peers.unbound import Unbound, unbound
from tests.scenarios.peers.world import PARENT, Parents, digests, parents

# Nobody's first: what is cached of them must not reach anybody else. Then one of each, and what is placed by the resolver.
UNKNOWN = ("240.1.1.1", "224.1.1.1", "3ffe::1", "2001:db8::1")
OF_REGION = {
    "us-1": ("18.0.0.1", "2600::1", "10.7.0.9"),
    "jp-1": ("133.11.0.1", "2001:200::1", "10.5.0.9"),
    "eu-1": ("141.20.1.1", "2a01:4f8::1", "10.6.0.9"),
}
PRIVATE = ("10.99.0.1", "192.168.7.9", "100.64.9.9", "fd99::1")
HOSTILE = [*UNKNOWN, *(client for clients in zip(*OF_REGION.values(), strict=False) for client in clients), *PRIVATE]
PLACED = [
    {"network": "10.5.0.0/16", "country": "JP"},
    {"network": "10.6.0.0/16", "country": "DE"},
    {"network": "10.7.0.0/16", "country": "US"},
]
RECORDS = """
info    IN TXT "three regions"
a.b.ent IN TXT "an empty name above"
*.wild  IN TXT "wild"
alias   IN CNAME info
"""
# Names and types of each kind, and the RCODE.
OTHERS = [
    (f"info.{HOST}", "TXT", "NOERROR"),
    (f"info.{HOST}", "A", "NOERROR"),
    (f"alias.{HOST}", "TXT", "NOERROR"),
    (f"some.wild.{HOST}", "TXT", "NOERROR"),
    (f"some.wild.{HOST}", "A", "NOERROR"),
    (f"b.ent.{HOST}", "A", "NOERROR"),
    (f"nowhere.{HOST}", "A", "NXDOMAIN"),
    (f"no.where.{HOST}", "A", "NXDOMAIN"),
    (HOST, "AAAA", "NOERROR"),
    (HOST, "MX", "NOERROR"),
    (HOST, "SOA", "NOERROR"),
]
TTL_S = 1
CACHED_S = TTL_S + 10  # and what a machine that does other things takes to ask again


@dataclass(frozen=True)
class World:
    node: RunningNode
    above: Parents
    resolver: Unbound
    down: Path  # a site is down while there is a file of its name in here

    def told(self, client: str) -> str:
        """The site that we tell a client of this network, as the resolver cuts it."""
        address = ip_address(client)
        return self.node.lands(f"{client}/{FINEST_PREFIX[address.version]}")

    def gets(self, client: str) -> str:
        """The site that the resolver tells the client itself."""
        answer = secure(self.resolver.ask(HOST, "A", client))
        (address,) = (record for rrset in answer.answer if rrset.rdtype == dns.rdatatype.A for record in rrset)
        return self.node.by_address[str(address)]


def secure(answer: dns.message.Message, rcode: str = "NOERROR") -> dns.message.Message:
    """RFC 4035 section 3.2.3: AD, so that all of it was validated."""
    assert dns.rcode.to_text(answer.rcode()) == rcode, answer
    assert answer.flags & dns.flags.AD, answer
    return answer


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with below_a_parent(tmp_path_factory.mktemp("resolver")) as world:
        yield world


@contextlib.contextmanager
def below_a_parent(folder: Path, **signing: str) -> Iterator[World]:
    ttl = f"{TTL_S}s"
    configuration = settings(folder, service={"ttl": {"min": ttl, "max": ttl}}, geo={"overrides": PLACED})
    configuration["zones"][0] |= {
        "ttl": ttl,
        "negative_ttl": ttl,
        "records": RECORDS,
        "dnssec": {"keys": str(folder / "keys"), **signing},
    }
    node = RunningNode(configuration, folder)
    run("keygen", node)
    with contextlib.ExitStack() as stack:
        stack.enter_context(node)
        root, parent = (LOOPBACK, free_port()), (LOOPBACK, free_port())
        above = stack.enter_context(
            parents(folder / "above", [root], [parent], {f"ns1.{HOST}": [LOOPBACK]}, digests(HOST, node.dns), TTL_S)
        )
        resolver = stack.enter_context(
            unbound(
                folder / "unbound",
                (LOOPBACK, free_port()),
                {".": root, PARENT: parent, HOST: node.dns},
                subnets_to=[LOOPBACK],
                trust_anchors=above.anchors,
                server="  val-bogus-ttl: 1\n",
            )
        )
        yield World(node, above, resolver, folder / "down")


def run(command: str, node: RunningNode, *words: str) -> str:
    done = gslb("dnssec", command, str(node.file), *words, *(() if HOST in words else (HOST,)))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_client_gets_the_site_of_its_own_region_and_can_trust_it(world: World) -> None:
    """RFC 7871 section 7.3.1: what is cached for one network is told to no other."""
    chance = random.Random(3)
    expected = {client: world.told(client) for client in HOSTILE}
    for region, clients in OF_REGION.items():
        assert [expected[client] for client in clients] == [region] * len(clients)
    for order in (HOSTILE, HOSTILE[::-1], *(chance.sample(HOSTILE, len(HOSTILE)) for _ in range(4))):
        for client in order:
            assert world.gets(client) == expected[client], client


@pytest.mark.parametrize(("name", "kind", "rcode"), OTHERS)
def test_what_is_not_steered_and_what_is_not_there_is_validated_too(world: World, name: str, kind: str, rcode: str) -> None:
    """RFC 4035 section 5.4, for one client and for none."""
    secure(world.resolver.ask(name, kind), rcode)
    secure(world.resolver.ask(name, kind, "133.11.0.1"), rcode)


def test_a_site_that_dies_leaves_the_cache_with_its_ttl_and_no_answer_is_bogus(world: World) -> None:
    japan = OF_REGION["jp-1"]
    with Watch(world):
        (world.down / "jp-1").touch()
        try:
            world.node.wait_for(lambda: {world.told(client) for client in japan} == {"us-1"}, 20, "Japan is sent elsewhere")
            world.node.wait_for(lambda: {world.gets(client) for client in japan} == {"us-1"}, CACHED_S, "so is the cache")
            assert {client: world.gets(client) for client in HOSTILE} == {client: world.told(client) for client in HOSTILE}
        finally:
            (world.down / "jp-1").unlink()
        world.node.wait_for(lambda: {world.told(client) for client in japan} == {"jp-1"}, 20, "the site is back")
        world.node.wait_for(lambda: {world.gets(client) for client in japan} == {"jp-1"}, CACHED_S, "and in the cache")


@pytest.mark.parametrize(
    "words", [(), pytest.param(("--algorithm", "ed25519"), marks=pytest.mark.long)], ids=["key", "algorithm"]
)
def test_a_key_is_rolled_and_no_answer_is_bogus(world: World, words: tuple[str, ...]) -> None:
    """RFC 6781 sections 4.1.2 and 4.1.4: the parent gets the new DS when CDS asks for it (RFC 7344), and the old key leaves."""
    before = digests(HOST, world.node.dns)
    with Watch(world) as watch:
        run("roll", world.node, *words)
        world.node.wait_for(lambda: len(digests(HOST, world.node.dns)) == 2, 30, "the new key is published")
        world.node.wait_for(lambda: wanted(world) not in ((), before), 30, "CDS asks for another DS")
        world.above.delegate_securely(wanted(world), TTL_S)
        run("roll", world.node, "--ds-seen", "--ds-ttl", f"{TTL_S}s")
        world.node.wait_for(lambda: len(digests(HOST, world.node.dns)) == 1, 40, "the old key leaves")
        time.sleep(2 * TTL_S)
    assert digests(HOST, world.node.dns) == wanted(world) != before
    assert watch.asked > 100
    assert {client: world.gets(client) for client in HOSTILE} == {client: world.told(client) for client in HOSTILE}


def test_the_resolver_believes_nothing_that_the_parent_does_not_vouch_for(world: World) -> None:
    """The parent has the DS of another key: a resolver that did not mind would have proved nothing above."""
    right = digests(HOST, world.node.dns)
    world.above.delegate_securely([f"4711 13 2 {'00' * 32}"], TTL_S)
    try:
        until = time.monotonic() + 30
        while world.resolver.ask(HOST, "A", "133.11.0.1").rcode() != dns.rcode.SERVFAIL:
            assert time.monotonic() < until, "the resolver takes a key that nobody vouches for"
            time.sleep(0.2)
    finally:
        world.above.delegate_securely(right, TTL_S)


def test_no_answer_was_lost_to_a_fault_of_ours(world: World) -> None:
    assert sum(world.node.metric("gslb_dns_failures_total").values()) == 0, world.node.metric("gslb_dns_failures_total")


@pytest.mark.long
def test_compact_denials_are_validated_too(tmp_path: Path) -> None:
    """RFC 9824 section 3. A name that is not there is NXDOMAIN by the chain, and one without data when denied compactly."""
    with below_a_parent(tmp_path, denial="compact") as world:
        for name, kind, rcode in OTHERS * 3:
            answer = world.resolver.ask(name, kind)
            secure(answer, "NOERROR" if answer.rcode() == dns.rcode.NOERROR else rcode)
        absent = f"nowhere.{HOST}"
        world.node.wait_for(lambda: world.resolver.ask(absent).rcode() == dns.rcode.NOERROR, 20, "it is denied compactly")
        secure(world.resolver.ask(absent))
        assert {client: world.gets(client) for client in HOSTILE} == {client: world.told(client) for client in HOSTILE}


def wanted(world: World) -> tuple[str, ...]:
    """The DS records that our CDS asks the parent for."""
    query = dns.message.make_query(HOST, "CDS", flags=0)
    answer = dns.query.tcp(query, world.node.dns[0], 20, world.node.dns[1]).answer
    return tuple(str(record) for rrset in answer if rrset.rdtype == dns.rdatatype.CDS for record in rrset)


@dataclass
class Watch:
    """Asks the resolver all the time, about everything; each answer must be validated."""

    world: World
    asked: int = 0
    faults: list[str] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(60)
        assert self.faults == []

    def _watch(self) -> None:
        chance = random.Random(5)
        while not self._ended.wait(0.02):
            name, kind, rcode = chance.choice((*OTHERS, *[(HOST, "A", "NOERROR")] * len(OTHERS)))
            self.asked += 1
            try:
                secure(self.world.resolver.ask(name, kind, chance.choice(HOSTILE)), rcode)
            except Exception as error:
                self.faults.append(f"{time.strftime('%X')} {name} {kind}: {error!r}")
