"""The DNS door of a real node, as resolvers and attackers see it: scopes that are true, caches that mix nobody up."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import dns.edns
import dns.exception
import dns.message
import dns.query
import pytest

from gslb.model import FINEST_PREFIX
from gslb.runtime.demo.sites import SITES
from tests.ports import free_port
from tests.scenarios.node import HOST, RunningNode, document, site
from tests.scenarios.peers import unbound as peers

Address = IPv4Address | IPv6Address

# Placed by the operator: one inside another, private ones, and those that ask in these tests.
OVERRIDES = {
    "10.5.0.0/16": "JP",
    "10.5.128.0/17": "US",
    "10.5.128.7/32": "DE",
    "8.8.8.0/24": "JP",
    "fd00:1234::/32": "JP",
    "fd00:1234:5678::/48": "US",
    "2400:4000::/22": "US",
    "127.0.1.0/24": "JP",
    "127.0.2.0/24": "US",
    "127.0.3.0/24": "DE",
}
RULES = [
    {"match": {"network": ["133.11.0.0/24", "133.11.1.128/25", "2400:4051::/32"]}, "only": ["eu"]},
    {"match": {"country": ["CN"]}, "never": ["us"]},
]
BORDERS = [
    *OVERRIDES,
    *("10.0.0.0/8", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "133.11.0.0/16", "133.11.1.0/24", "224.0.0.0/4"),
    *("64:ff9b::/96", "64:ff9b::/56", "::/56", "::ffff:0:0/96", "2002::/16", "2002:a05::/32", "2002:850b::/32"),
    *("2001::/32", "2001:200::/32", "2400:4051::/32", "fc00::/7", "fe80::/10"),
]
RESOLVERS = ("127.0.1.5", "127.0.2.5", "127.0.3.5")
WIDE = f"wide.{HOST}"  # of which a key is a /8 or a /16
WIDENED = ip_address("2002:850b:adaa:b200::")  # a client whose scope the map makes wider than the database's


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    check = {"type": "exec", "command": ["/bin/true"]}
    configuration = document(
        [site(each, 80) for each in SITES],
        folder / "state",
        geo={"overrides": [{"network": network, "country": country} for network, country in OVERRIDES.items()]},
        service={"check": check, "rules": RULES},
    )
    configuration["services"].append({"host": WIDE, "check": check, "sticky": {"v4": 8, "v6": 16}})
    with RunningNode(configuration, folder, workers=2) as running:
        wait_for_scopes(running)
        yield running


def wait_for_scopes(node: RunningNode, within_s: float = 60) -> None:
    """Until every worker tells scopes as wide as the map allows: until then one may tell those of the database still."""
    until_s = time.monotonic() + within_s
    while True:
        ready = set(node.metric("gslb_scope_trees_ready").values()) == {1.0}
        if ready and len({asked(node, WIDENED, 56, name=WIDE) for _ in range(32)}) == 1:
            return
        assert time.monotonic() < until_s, "scopes stay those of the database"
        time.sleep(0.1)


def asked(node: RunningNode, address: Address, length: int, source: str = "", name: str = HOST) -> tuple[str, int]:
    """The site and the scope that a resolver at `source` is told for this network."""
    subnet = dns.edns.ECSOption(str(ip_network((address, length), strict=False).network_address), length)
    query = dns.message.make_query(name, "A", use_edns=0, options=[subnet])
    return told(dns.query.udp(query, node.dns[0], 10, node.dns[1], source=source or None), node)


def told(answer: dns.message.Message, node: RunningNode) -> tuple[str, int]:
    scopes = [option.scopelen for option in answer.options if isinstance(option, dns.edns.ECSOption)]
    (rrset,) = answer.answer
    return node.by_address[str(rrset[0])], scopes[0] if scopes else -1


def some_client(chance: random.Random) -> tuple[Address, int]:
    """At, in or beside a border of the map, or anywhere; told whole or in part."""
    network = ip_network(chance.choice(BORDERS))
    width = network.max_prefixlen
    first, size = int(network.network_address), 1 << width - network.prefixlen
    nearby = (first, first - 1, first + size - 1, first + size, first + chance.randrange(size))
    anywhere = chance.getrandbits(32) if width == 32 else 0x2000 << 112 | chance.getrandbits(125)
    number = chance.choice((*nearby, anywhere)) % (1 << width)
    return type(network.network_address)(number), chance.choice((width, FINEST_PREFIX[network.version], chance.randint(1, width)))


@pytest.mark.parametrize("name", [HOST, WIDE])
@pytest.mark.parametrize("resolver", RESOLVERS)
def test_all_that_a_scope_covers_have_the_site_of_the_answer(node: RunningNode, name: str, resolver: str) -> None:
    """RFC 7871 section 7.2.1: whatever a cache makes of the scope, nobody gets a site that he would not be told."""
    chance = random.Random(f"{name} {resolver}")
    for _ in range(150):
        client, length = some_client(chance)
        width = client.max_prefixlen
        here = type(client)(int(client) >> width - length << width - length)
        site, scope = asked(node, here, length, resolver, name)
        for _ in range(3):
            free = width - scope
            suffix = chance.choice(
                (0, (1 << free) - 1, chance.getrandbits(free) if free else 0, chance.getrandbits(min(free, 33)))
            )
            other = type(client)((int(here) >> free << free) + suffix)
            theirs = chance.choice((width, max(scope, FINEST_PREFIX[client.version]), chance.randint(scope, width)))
            start = ip_network((other, theirs), strict=False).network_address
            assert asked(node, start, theirs, resolver, name) == (site, scope), f"{here}/{length} and {start}/{theirs}"


def test_resolvers_in_three_regions_that_ask_the_same_question_do_not_hear_each_others_answers(node: RunningNode) -> None:
    """Octet for octet the same query: what of it depends on who asks must not come from a memory of another."""
    chance = random.Random(7)
    subnets = [
        "10.99.1.0/24",
        "192.168.7.0/24",
        "100.64.1.0/24",
        "fd99::/56",
        "fe80::/64",
        "::1/128",
        "64:ff9b::c0a8:701/128",
        "",
    ]
    queries = [
        dns.message.make_query(
            HOST, rdtype, id=0, use_edns=0, payload=size, want_dnssec=size == 512,
            options=[dns.edns.ECSOption(*network(subnet))] if subnet else [],
        ).to_wire()
        for subnet in subnets for rdtype in ("A", "AAAA") for size in (512, 1232)
    ]  # fmt: skip
    memory: dict[tuple[str, bytes], bytes] = {}
    for resolver in RESOLVERS:
        for query in queries:  # with an option that nobody knows, so that no memory is asked
            memory[resolver, query] = exchange(node, resolver, with_unknown_option(query))
    assert len({memory[resolver, queries[0]] for resolver in RESOLVERS}) == 3
    for _ in range(3):
        for resolver in chance.sample(RESOLVERS, 3):
            for query in chance.sample(queries, len(queries)):
                assert exchange(node, resolver, query) == memory[resolver, query]


def network(text: str) -> tuple[str, int]:
    address, _, length = text.partition("/")
    return address, int(length)


def with_unknown_option(query: bytes) -> bytes:
    """The OPT is the last record, and has no more in it than a client subnet."""
    at = query.index(b"\0\0\x29", 12) + 9
    size = int.from_bytes(query[at : at + 2], "big")
    return query[:at] + (size + 4).to_bytes(2, "big") + query[at + 2 :] + b"\xfe\xfe\0\0"


def exchange(node: RunningNode, source: str, wire: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((source, 0))
        sock.settimeout(10)
        sock.connect(node.dns)
        sock.send(wire)
        return sock.recv(65535)


def test_one_who_pipelines_over_tcp_without_end_does_not_keep_udp_waiting(node: RunningNode) -> None:
    """Both workers kept UDP waiting for seconds while twenty such connections were served."""
    wire = dns.message.make_query(HOST, "A").to_wire()
    flood = (struct.pack("!H", len(wire)) + wire) * 2000
    ended = threading.Event()
    flooding = [threading.Thread(target=pipeline, args=(node.dns, flood, ended), daemon=True) for _ in range(20)]
    for thread in flooding:
        thread.start()
    try:
        waited = []
        until = time.monotonic() + 2
        while time.monotonic() < until:
            begun = time.monotonic()
            dns.query.udp(dns.message.make_query(HOST, "A"), node.dns[0], 10, node.dns[1])
            waited.append(time.monotonic() - begun)
    finally:
        ended.set()
        for thread in flooding:
            thread.join(5)
    assert sorted(waited)[len(waited) // 2] < 0.25


def pipeline(address: tuple[str, int], flood: bytes, ended: threading.Event) -> None:
    with contextlib.suppress(OSError), socket.create_connection(address, timeout=1) as stream:
        reading = threading.Thread(target=discard, args=(stream,), daemon=True)
        reading.start()
        while not ended.is_set():
            stream.sendall(flood)
        stream.shutdown(socket.SHUT_RDWR)
        reading.join(5)


def discard(stream: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while stream.recv(1 << 18):
            pass


# Networks that nobody knows first: what is cached of them must not reach anybody else.
HOSTILE = [
    *("240.1.1.1", "0.5.5.5", "224.1.1.1", "3ffe::1", "2001:db8::1", "18.0.0.1", "133.11.0.1", "133.11.1.1", "133.11.2.1"),
    *("141.20.1.1", "8.8.8.8", "8.8.9.9", "10.5.0.9", "10.5.129.1", "10.5.128.7", "10.99.0.1", "192.168.7.9", "100.64.9.9"),
    *("2600::1", "2001:200::1", "2400:4051::1", "2400:4000::5", "2a01:4f8::1", "fd00:1234::1", "fd00:1234:5678::1", "fd99::1"),
    *("2002:850b:201::1", "2002:1200:1::1", "2002:8d14:101::1"),
]


@pytest.fixture
def unbound(node: RunningNode, tmp_path: Path) -> Iterator[tuple[str, int]]:
    endpoint = ("127.0.0.1", free_port())
    settings = "  qname-minimisation: no"
    with peers.unbound(tmp_path / "unbound", endpoint, {HOST: node.dns}, subnets_to=["127.0.0.1"], server=settings):
        yield endpoint


@pytest.mark.parametrize("name", [HOST, WIDE])
def test_behind_a_resolver_that_caches_every_client_gets_the_site_of_its_own_network(
    node: RunningNode, unbound: tuple[str, int], name: str
) -> None:
    chance = random.Random(3)
    expected = {client: asked(node, *unit(client), name=name)[0] for client in HOSTILE}
    assert len(set(expected.values())) > 3
    for order in (HOSTILE, HOSTILE[::-1], *(chance.sample(HOSTILE, len(HOSTILE)) for _ in range(3))):
        for client in order:
            subnet = dns.edns.ECSOption(client, 128 if ":" in client else 32)
            query = dns.message.make_query(name, "A", use_edns=0, options=[subnet])
            assert told(dns.query.udp(query, unbound[0], 20, unbound[1]), node)[0] == expected[client], client


def unit(client: str) -> tuple[Address, int]:
    address = ip_address(client)
    return address, FINEST_PREFIX[address.version]
