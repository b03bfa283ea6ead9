"""unbound believes compact denials (RFC 9824), and the chain that stands in for them."""

from __future__ import annotations

from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from tests.ports import free_port
from tests.scenarios.lifecycle import settings
from tests.scenarios.node import HOST, RunningNode, gslb
from tests.scenarios.peers.process import LOOPBACK
from tests.scenarios.peers.unbound import unbound


def test_a_validating_resolver_believes_the_chain_and_the_compact_form(tmp_path: Path) -> None:
    configuration = settings(tmp_path)
    configuration["zones"][0]["dnssec"] = {"keys": str(tmp_path / "keys"), "denial": "compact"}
    node = RunningNode(configuration, tmp_path)
    assert gslb("dnssec", "keygen", str(node.file), HOST).returncode == 0

    def ask(name: str, kind: str = "A") -> dns.message.Message:
        return dns.query.udp(dns.message.make_query(name, kind, want_dnssec=True), node.dns[0], 20, node.dns[1])

    with node:
        assert ask(f"gone.{HOST}").rcode() == dns.rcode.NXDOMAIN
        node.wait_for(lambda: ask(f"gone.{HOST}").rcode() == dns.rcode.NOERROR, 20, "the name has a compact denial")
        [keys] = [rrset for rrset in ask(HOST, "DNSKEY").answer if rrset.rdtype == dns.rdatatype.DNSKEY]
        anchors = [f"{HOST}. DNSKEY {key}" for key in keys]
        with unbound(tmp_path / "unbound", (LOOPBACK, free_port()), {HOST: node.dns}, trust_anchors=anchors) as resolver:
            compact, chain = resolver.ask(f"gone.{HOST}"), resolver.ask(f"never-asked.{HOST}", "TXT")
        assert (compact.rcode(), chain.rcode()) == (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        assert compact.flags & chain.flags & dns.flags.AD
        assert not compact.answer
