"""The same zone signed by us and by Knot, each with a key of its own: the same records, with the same proofs and signatures.

What is compared leaves out what must differ: keys, signatures, times, serial (RFC 4034 sections 2 and 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import dns.rdatatype
import pytest

from gslb.runtime.demo.sites import SITES
from tests.ports import free_port
from tests.scenarios.node import RunningNode, document, gslb, site
from tests.scenarios.peers import static
from tests.scenarios.peers.differences import SIGNED, unexplained
from tests.scenarios.peers.exchange import exchange
from tests.scenarios.peers.knot import knot
from tests.scenarios.peers.process import LOOPBACK
from tests.scenarios.peers.queries import Case, generate_secure
from tests.scenarios.peers.replies import differing, read_reply, without_secrets

QUERIES, SEED = 2000, 1


@dataclass(frozen=True)
class Heard:
    cases: Sequence[Case]
    ours: dict[int, bytes]
    knot: dict[int, bytes]


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    folder = tmp_path_factory.mktemp("signed")
    check = {"type": "exec", "command": ["/bin/true"]}
    configuration = document([site(each, 80) for each in SITES], folder / "state", service={"check": check})
    configuration["zones"].append({**static.own_section(), "dnssec": {"keys": str(folder / "keys")}})
    node = RunningNode(configuration, folder)
    made = gslb("dnssec", "keygen", str(node.file), static.NAME)
    assert made.returncode == 0, made.stderr
    cases = list(generate_secure(static.names(), static.origin(), QUERIES, SEED))
    with ExitStack() as stack:
        stack.enter_context(node)
        soa = next(rrset for rrset in node.ask(name=static.NAME, rdtype="SOA").answer if rrset.rdtype == dns.rdatatype.SOA)
        zones = {f"{static.NAME}.": static.zone_text(str(soa[0]))}
        beside = stack.enter_context(knot(folder / "knot", zones, (LOOPBACK, free_port()), signed=True, dnskey_ttl=static.TTL_S))
        yield Heard(cases, *asyncio.run(_ask_both(node.dns, beside.endpoint, cases)))


async def _ask_both(
    ours: tuple[str, int], theirs: tuple[str, int], cases: Sequence[Case]
) -> tuple[dict[int, bytes], dict[int, bytes]]:
    one, other = await asyncio.gather(exchange(ours, cases), exchange(theirs, cases))
    return one, other


def test_knot_proves_the_same_with_the_same_records(heard: Heard) -> None:
    """RFC 4035 section 3.1: which RRSIG and NSEC belong into an answer."""
    used: set[str] = set()
    faults = []
    for case in heard.cases:
        one, other = (without_secrets(read_reply(answers.get(case.number))) for answers in (heard.ours, heard.knot))
        if left := unexplained(SIGNED, case, one, other, differing(one, other), used):
            faults.append(f"{sorted(left)}\n  {case}\n  ours   {one}\n  knot   {other}")
    assert not faults, f"{len(faults)} of {len(heard.cases)} differ\n" + "\n".join(faults[:10])
    assert [row.name for row in SIGNED if row.name not in used] == []
