"""Secondaries of a real node: dnspython, kdig and Knot take its zone, hear of changes, and have the same as we."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.tsig
import dns.zone
import pytest
import trustme

from gslb.runtime.demo.sites import SITES
from tests.ports import free_port
from tests.scenarios.node import HOST, RunningNode, document, gslb, site
from tests.scenarios.peers.knot import Knot
from tests.scenarios.peers.process import LOOPBACK, program
from tests.scenarios.peers.secondary import secondary

SECRET = base64.b64encode(bytes(range(32))).decode()
TOKEN = "of-an-operator"
KEY = dns.tsig.Key("transfer-key.", SECRET, "hmac-sha256")
AUTHORITY = trustme.CA()
NAME = f"ns1.{HOST}"
RECORDS = """
info  300 IN TXT "three regions"
go        IN CNAME info
*.w       IN A 192.0.2.9
sub       IN NS ns.sub
ns.sub    IN A 192.0.2.99
"""
UP = {"check": {"type": "exec", "command": ["/bin/true"]}}


def configured(folder: Path, notified: int | None, **zone: Any) -> dict[str, Any]:
    (folder / "transfer.key").write_text(SECRET)
    (folder / "transfer.key").chmod(0o600)
    certify(folder)
    transfer = {"allow": ["127.0.0.0/30"], "tsig": "transfer-key."}
    if notified is not None:
        transfer["notify"] = [f"{LOOPBACK}:{notified}"]
    configuration = document(
        [site(each, 80) for each in SITES],
        folder / "state",
        tls={"certificate": "certificate.pem", "key": "key.pem"},
        tsig_keys=[{"name": "transfer-key.", "algorithm": "hmac-sha256", "secret_file": "transfer.key"}],
        admin={"users": [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]},
        service=UP,
    )
    configuration["zones"][0] |= {"records": RECORDS, "transfer": transfer, **zone}
    configuration["listen"]["dot"] = [f"{LOOPBACK}:{free_port()}"]
    return configuration


def certify(folder: Path) -> None:
    issued = AUTHORITY.issue_cert(NAME)
    AUTHORITY.cert_pem.write_to_path(folder / "ca.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    with RunningNode(configured(folder, None), folder, workers=2) as running:
        yield running


def dot(node: RunningNode) -> tuple[str, int]:
    host, _, port = node.configuration["listen"]["dot"][0].rpartition(":")
    return host, int(port)


def taken(node: RunningNode, *, key: dns.tsig.Key | None = KEY, source: str = LOOPBACK) -> dns.zone.Zone:
    zone = dns.zone.Zone(f"{HOST}.", relativize=False)
    query, _ = dns.xfr.make_query(zone, keyring=key, keyname=None if key is None else key.name, serial=None)
    dns.query.inbound_xfr(node.dns[0], zone, query, port=node.dns[1], timeout=20, lifetime=20, source=source)
    return zone


def kdig(node: RunningNode, *words: str, port: int | None = None) -> str:
    command = [program("kdig"), f"@{node.dns[0]}", "-p", str(port or node.dns[1]), "+retry=0", "+time=15", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout


def serial(zone: dns.zone.Zone) -> int:
    return int(zone.find_rdataset(f"{HOST}.", "SOA")[0].serial)


def addresses(zone: dns.zone.Zone) -> set[str]:
    found = zone.get_rdataset(f"{HOST}.", "A")
    return set() if found is None else {str(rdata) for rdata in found}


ALL = {each.address for each in SITES}


def test_dnspython_takes_the_zone_with_a_tsig(node: RunningNode) -> None:
    zone = taken(node)
    assert addresses(zone) == ALL
    assert {name.to_text() for name in zone.nodes} >= {f"info.{HOST}.", f"*.w.{HOST}.", f"ns.sub.{HOST}.", f"{HOST}."}
    (answer,) = node.ask(rdtype="SOA").answer
    assert answer[0].serial == serial(zone)


@pytest.mark.parametrize("way", ["tcp", "tls"])
def test_kdig_takes_the_zone_with_a_tsig(node: RunningNode, way: str) -> None:
    words, port = (["+tls"], dot(node)[1]) if way == "tls" else ([], node.dns[1])
    said = kdig(node, "-y", f"hmac-sha256:transfer-key:{SECRET}", *words, "AXFR", HOST, port=port)
    assert said.count("\tSOA\t") == 2, said
    assert f"info.{HOST}." in said
    assert "TSIG error" not in said


def test_kdig_takes_the_zone_by_ixfr(node: RunningNode) -> None:
    key = f"hmac-sha256:transfer-key:{SECRET}"
    assert kdig(node, "-y", key, "IXFR=1", HOST).count("\tSOA\t") == 2
    now = serial(taken(node))
    assert kdig(node, "-y", key, f"IXFR={now}", HOST).count("\tSOA\t") == 1


@pytest.mark.parametrize(
    ("key", "source"),
    [
        (None, LOOPBACK),
        (dns.tsig.Key("transfer-key.", base64.b64encode(b"x" * 32).decode(), "hmac-sha256"), LOOPBACK),
        (dns.tsig.Key("other.", SECRET, "hmac-sha256"), LOOPBACK),
        (KEY, "127.0.0.77"),
    ],
    ids=["unsigned", "other secret", "other key", "other address"],
)
def test_nobody_else_takes_it(node: RunningNode, key: dns.tsig.Key | None, source: str) -> None:
    with pytest.raises((dns.exception.DNSException, OSError)):
        taken(node, key=key, source=source)


def test_each_transfer_is_counted(node: RunningNode) -> None:
    taken(node)
    label = f'result="sent",type="AXFR",zone="{HOST}"'
    node.wait_for(lambda: node.metric("gslb_dns_transfers_total").get(label), 20, "the transfer is counted")


def test_kdig_asks_over_tls_and_checks_the_certificate(node: RunningNode) -> None:
    words = [f"+tls-ca={node.file.parent}/ca.pem", f"+tls-hostname={NAME}", f"info.{HOST}", "TXT"]
    said = kdig(node, *words, port=dot(node)[1])
    assert '"three regions"' in said
    assert "TLS1.3" in said


def test_answers_over_tls_are_counted_as_such(node: RunningNode) -> None:
    kdig(node, "+tls", f"info.{HOST}", "TXT", port=dot(node)[1])
    label = 'rcode="NOERROR",transport="tls",type="TXT"'
    node.wait_for(lambda: node.metric("gslb_dns_answers_total").get(label), 20, "the answer is counted")


def test_a_secret_that_is_not_sound_is_refused_and_the_node_serves_on(node: RunningNode) -> None:
    file = node.file.parent / "transfer.key"
    try:
        file.write_text("c2hvcnQ=\n")
        told = gslb("check", str(node.file))
        assert told.returncode == 2
        assert f"{file}:1: tsig_keys[0]: a secret of 5 octets" in told.stderr
        before = len(node.events("reload-refused"))
        node.write(node.configuration | {"node": "other"})
        node.wait_for(lambda: len(node.events("reload-refused")) > before, 20, "the configuration is refused")
        assert addresses(taken(node)) == ALL
    finally:
        file.write_text(SECRET)
        node.write(node.configuration)


@contextlib.contextmanager
def followed(folder: Path, *, signed: bool = False) -> Iterator[tuple[RunningNode, Knot]]:
    """A node and a secondary that follows it."""
    notified = free_port()
    configuration = configured(folder, notified, **({"dnssec": {"keys": "keys"}} if signed else {}))
    host, _, port = configuration["listen"]["dns"][0].rpartition(":")
    with secondary(folder / "knot", HOST, (LOOPBACK, notified), (host, int(port)), "transfer-key", SECRET) as knot:
        node = RunningNode(configuration, folder, workers=2)
        if signed:
            assert gslb("dnssec", "keygen", str(node.file), HOST).returncode == 0
        with node:
            yield node, knot


def asked_of(knot: Knot, name: str, kind: str) -> set[str]:
    answer = knot.ask(name, kind)
    return {str(rdata) for rrset in answer.answer for rdata in rrset if rrset.rdtype == dns.rdatatype.from_text(kind)}


def test_a_secondary_follows_our_notify(tmp_path: Path) -> None:
    with followed(tmp_path) as (node, knot):
        node.wait_for(lambda: asked_of(knot, HOST, "A") == ALL, 20, "the secondary has the zone")
        first = serial(taken(node))
        assert [event["subject"] for event in node.events("notify")] == [HOST]

        changed = json.loads(json.dumps(node.configuration))
        changed["zones"][0]["records"] += 'new 60 IN TXT "news"\n'
        node.write(changed)
        node.wait_for(lambda: asked_of(knot, f"new.{HOST}", "TXT"), 20, "the secondary hears of a new record")
        assert serial(taken(node)) > first

        changed["sites"] = changed["sites"][1:]
        node.write(changed)
        left = ALL - {SITES[0].address}
        node.wait_for(lambda: asked_of(knot, HOST, "A") == left, 20, "the secondary hears that a site has gone")
        ours, theirs = taken(node), dns.zone.from_file(str(dumped(knot)), HOST, relativize=False)
        assert ours == theirs
        assert node.metric("gslb_dns_notifies_total") == {f'result="accepted",zone="{HOST}"': 3.0}


def dumped(knot: Knot) -> Path:
    knot.control("zone-flush", HOST)
    return knot.folder / f"{HOST}.zone"


def test_workers_with_a_door_of_tls_serve_on_and_are_adopted(tmp_path: Path) -> None:
    node = RunningNode(configured(tmp_path, None), tmp_path)
    with node:
        words = [f"+tls-ca={tmp_path}/ca.pem", f"+tls-hostname={NAME}", f"info.{HOST}", "TXT"]
        before = serial(taken(node))
        node.process.kill()
        node.process.wait()
        assert '"three regions"' in kdig(node, *words, port=dot(node)[1])
        assert addresses(taken(node)) == ALL
        node.start()
        node.wait_for(lambda: "1 of them adopted" in node.log.read_text(), 20, "the word of the new control")
        assert '"three regions"' in kdig(node, *words, port=dot(node)[1])
        assert serial(taken(node)) == before


def test_a_signed_zone_is_served_by_a_secondary_as_whole_as_by_us(tmp_path: Path) -> None:
    """Also after a drain, which is another set of addresses, and another serial."""
    with followed(tmp_path, signed=True) as (node, knot):
        node.wait_for(lambda: asked_of(knot, HOST, "A") == ALL, 20, "the secondary has the zone")
        first = verified(knot)
        asyncio.run(node.operate("drain", SITES[0].id, "--reason", "disks", "--for", "1h", token=TOKEN))
        left = ALL - {SITES[0].address}
        node.wait_for(lambda: asked_of(knot, HOST, "A") == left, 20, "the secondary hears of the drain")
        assert verified(knot) > first
        assert taken(node) == dns.zone.from_file(str(dumped(knot)), HOST, relativize=False)
        asyncio.run(node.operate("enable", SITES[0].id, token=TOKEN))
        node.wait_for(lambda: asked_of(knot, HOST, "A") == ALL, 20, "the secondary hears of its end")


def verified(knot: Knot) -> int:
    """The serial of what the secondary has, after ldns has found nothing wrong with it."""
    file = dumped(knot)
    done = subprocess.run([program("ldns-verify-zone"), str(file)], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return serial(dns.zone.from_file(str(file), HOST, relativize=False))
