"""unbound: a resolver in front of us that caches by client subnet and validates."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.query

from tests.scenarios.peers.process import Endpoint, program, serving

CONFIGURATION = """
server:
  interface: {address}@{port}
  access-control: 127.0.0.0/8 allow
  num-threads: 1
  do-daemonize: no
  use-syslog: no
  verbosity: 1
  logfile: ""
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  do-not-query-localhost: no
  module-config: "{modules}"
  max-client-subnet-ipv4: 24
  max-client-subnet-ipv6: 56
  client-subnet-always-forward: yes
  val-log-level: 2
  ede: yes
{server}
"""


@dataclass(frozen=True)
class Unbound:
    endpoint: Endpoint
    log: Path

    def ask(self, name: str, kind: str = "A", client: str = "", *, checking: bool = True) -> dns.message.Message:
        """As a forwarder asks that knows its client; with DO and AD wanted, and without CD."""
        options: list[dns.edns.Option] = [dns.edns.ECSOption(client, 128 if ":" in client else 32)] if client else []
        query = dns.message.make_query(name, kind, use_edns=0, want_dnssec=checking, options=options)
        query.flags |= dns.flags.AD
        return dns.query.udp(query, self.endpoint[0], 10, self.endpoint[1], ignore_trailing=False)


@contextlib.contextmanager
def unbound(
    folder: Path,
    endpoint: Endpoint,
    stubs: Mapping[str, Endpoint],
    *,
    subnets_to: Sequence[str] = (),
    trust_anchors: Sequence[str] = (),
    server: str = "",
) -> Iterator[Unbound]:
    """Finds the zones in `stubs` there. `subnets_to` are addresses that are told the client's network; with trust anchors (DS or
    DNSKEY records as text) it validates."""
    folder.mkdir(parents=True)
    modules = "subnetcache validator iterator" if trust_anchors else "subnetcache iterator"
    lines = [f"  send-client-subnet: {address}" for address in subnets_to]
    lines += [f"  trust-anchor: '{record}'" for record in trust_anchors]
    text = CONFIGURATION.format(
        address=endpoint[0], port=endpoint[1], folder=folder, modules=modules, server="\n".join((*lines, server))
    )
    for name, (address, port) in stubs.items():
        text += f'stub-zone:\n  name: "{name}"\n  stub-addr: {address}@{port}\n'
    (folder / "unbound.conf").write_text(text)
    command = [program("unbound"), "-d", "-c", str(folder / "unbound.conf")]
    with serving(command, folder / "log", endpoint):
        yield Unbound(endpoint, folder / "log")
