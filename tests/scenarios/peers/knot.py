"""Knot DNS (knotd): an authoritative server beside ours, and the parents above us. It signs what it is told to."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype

from tests.scenarios.peers.process import LOOPBACK, Endpoint, program, serving

CONFIGURATION = """
server:
    listen: [{listen}]
    rundir: {folder}
    identity: knot
    nsid: {nsid}
    version: ""
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    udp-max-payload: 1232
    edns-client-subnet: on
{server}
log:
  - target: stderr
    any: warning
database:
    storage: {folder}
control:
    listen: {folder}/ctl
policy:
  - id: csk
    algorithm: {algorithm}
    single-type-signing: on
    ksk-lifetime: 0
    dnskey-ttl: {dnskey_ttl}
    signing-threads: 1
    cds-cdnskey-publish: none
{sections}
template:
  - id: default
    storage: {folder}
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    serial-policy: unixtime
    semantic-checks: off
{template}
zone:
"""


@dataclass(frozen=True)
class Knot:
    endpoint: Endpoint
    folder: Path

    def control(self, *words: str) -> str:
        """`knotc`, which waits until it is done."""
        command = [program("knotc"), "-b", "-s", f"{self.folder}/ctl", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def replace(self, zone: str, owner: str, kind: str, ttl_s: int, rdatas: list[str]) -> None:
        """One RRset of a zone becomes another, or none, in one transaction."""
        self.control("zone-begin", zone)
        held = self.control("zone-get", zone, owner, kind) if self.ask(owner, kind).answer else ""
        if held:
            self.control("zone-unset", zone, owner, kind)
        for rdata in rdatas:
            self.control("zone-set", zone, owner, str(ttl_s), kind, rdata)
        self.control("zone-commit", zone)

    def ask(self, name: str, kind: str) -> dns.message.Message:
        query = dns.message.make_query(name, kind, want_dnssec=True, flags=0)
        return dns.query.udp(query, self.endpoint[0], 20, self.endpoint[1])


@contextlib.contextmanager
def knot(
    folder: Path,
    zones: Mapping[str, str],
    endpoint: Endpoint,
    *,
    also: Sequence[Endpoint] = (),
    signed: bool = False,
    more: str = "",
    **changes: str | int,
) -> Iterator[Knot]:
    """Serves `zones`, text by name, there and on other addresses `also`. `changes` are the places of CONFIGURATION, `more`
    follows it."""
    folder.mkdir(parents=True, exist_ok=True)
    listen = ", ".join(f"{address}@{port}" for address, port in (endpoint, *also))
    places = {"nsid": "knot", "algorithm": "ecdsap256sha256", "dnskey_ttl": 3600, "server": "", "sections": "", "template": ""}
    text = CONFIGURATION.format(folder=folder, listen=listen, **places | changes)
    for name, records in zones.items():
        file = folder / f"{name.strip('.') or 'root'}.zone"
        file.write_text(records)
        text += f'  - domain: "{name}"\n    file: {file}\n'
        text += "    dnssec-signing: on\n    dnssec-policy: csk\n" if signed else ""
    (folder / "knot.conf").write_text(text + more)
    command = [program("knotd"), "-c", str(folder / "knot.conf")]
    with serving(command, folder / "knot.log", endpoint):
        yield Knot(endpoint, folder)


def at_loopback(port: int) -> Endpoint:
    return LOOPBACK, port
