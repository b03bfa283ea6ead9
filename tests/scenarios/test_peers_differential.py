"""The same zone in ours, Knot and gdnsd, and 5,000 queries that were made up: the same answers, or a row that says why not.

Compared are RCODE, flags, the question octet for octet, the records of each section, and the OPT with its options. The rows are
in tests/scenarios/peers/differences.py; one that allows nothing any more fails as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest

from gslb.runtime.demo.sites import SITES
from tests.ports import free_port
from tests.scenarios.node import RunningNode, document, site
from tests.scenarios.peers import static
from tests.scenarios.peers.differences import GDNSD, KNOT, unexplained
from tests.scenarios.peers.exchange import exchange
from tests.scenarios.peers.gdnsd import gdnsd
from tests.scenarios.peers.knot import knot
from tests.scenarios.peers.process import LOOPBACK
from tests.scenarios.peers.queries import Case, generate
from tests.scenarios.peers.replies import Reply, differing, read_reply

LONG = [pytest.mark.long, pytest.mark.timeout(600)]
# How many, and the seed that they are made from.
RUNS = [pytest.param((5_000, 6), id="5000"), pytest.param((50_000, 7), id="50000", marks=LONG)]
NODE = "scenario"  # the name of the node, in NSID

ROWS = {"knot": KNOT, "gdnsd": GDNSD}
Answers = dict[int, bytes]


@dataclass(frozen=True)
class Heard:
    cases: Sequence[Case]
    ours: Answers
    knot: Answers
    gdnsd: Answers
    failures: dict[str, float]
    compared: dict[str, Found]

    def found(self, peer: str) -> Found:
        if peer not in self.compared:
            self.compared[peer] = compare(self, peer)
        return self.compared[peer]


@dataclass(frozen=True)
class Found:
    """Differences that no row allows, the names of the rows that allowed one, and how many answers have none."""

    faults: list[str]
    used: set[str]
    alike: int


@pytest.fixture(scope="module", params=RUNS)
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """What each of the three said to each query."""
    folder = tmp_path_factory.mktemp("peers")
    check = {"type": "exec", "command": ["/bin/true"]}
    configuration = document([site(each, 80) for each in SITES], folder / "state", service={"check": check}, node=NODE)
    configuration["zones"].append(static.own_section())
    cases = list(generate(static.names(), static.origin(), *request.param))
    with ExitStack() as stack:
        node = stack.enter_context(RunningNode(configuration, folder))
        text = static.zone_text(str(node.ask(name=static.NAME, rdtype="SOA").answer[0][0]))
        beside = stack.enter_context(
            knot(
                folder / "knot",
                {f"{static.NAME}.": text},
                (LOOPBACK, free_port()),
                nsid=NODE,
                server="    tcp-max-clients: 200\n",
            )
        )
        zones = {static.NAME: static.for_gdnsd(text)}
        other = stack.enter_context(gdnsd(folder / "gdnsd", zones, (LOOPBACK, free_port()), nsid=NODE))
        answers = asyncio.run(_ask_all((node.dns, beside.endpoint, other), cases))
        node.wait_for(lambda: sum(node.metric("gslb_dns_answers_total").values()) >= len(answers[0]), 20, "all are counted")
        yield Heard(cases, *answers, node.metric("gslb_dns_failures_total"), {})


async def _ask_all(endpoints: Sequence[tuple[str, int]], cases: Sequence[Case]) -> tuple[Answers, Answers, Answers]:
    ours, theirs, others = await asyncio.gather(*(exchange(endpoint, cases) for endpoint in endpoints))
    return ours, theirs, others


@pytest.mark.parametrize("peer", ROWS)
def test_a_peer_answers_the_same_or_a_row_says_why_ours_is_right(heard: Heard, peer: str) -> None:
    found = heard.found(peer)
    assert not found.faults, f"{len(found.faults)} of {len(heard.cases)} differ\n" + "\n".join(found.faults[:10])
    assert found.alike > len(heard.cases) / 4


def test_every_row_is_needed(heard: Heard) -> None:
    used = {name for peer in ROWS for name in heard.found(peer).used}
    assert [row.name for rows in ROWS.values() for row in rows if row.name not in used] == []


def test_we_are_silent_to_what_is_no_query_alone(heard: Heard) -> None:
    """Under 12 octets, or a response: everything else gets an answer (RFC 8906 section 3)."""
    silent = [case for case in heard.cases if case.number not in heard.ours]
    assert silent
    assert all(len(case.wire) < 12 or case.wire[2] & 0x80 for case in silent), [str(case) for case in silent]


def test_no_query_ran_into_a_fault_of_ours(heard: Heard) -> None:
    """Such an answer is SERVFAIL, which a peer may give as well."""
    assert sum(heard.failures.values()) == 0, heard.failures


def test_no_answer_over_udp_is_longer_than_what_was_asked_for(heard: Heard) -> None:
    """RFC 9715 section 3.1: 1232 octets at most; without EDNS 512 (RFC 1035 section 4.2.1)."""
    by_number = {case.number: case for case in heard.cases if not case.tcp}
    sizes = {"edns": 1232, "plain": 512}
    for number, answer in heard.ours.items():
        if case := by_number.get(number):
            assert len(answer) <= sizes["edns" if b"\0\0\x29" in case.wire else "plain"], str(case)


def compare(heard: Heard, peer: str) -> Found:
    theirs: Answers = getattr(heard, peer)
    found, alike = Found([], set(), 0), 0
    for case in heard.cases:
        one, other = _read(heard.ours, case), _read(theirs, case)
        aspects = differing(one, other)
        alike += not aspects
        if left := unexplained(ROWS[peer], case, one, other, aspects, found.used):
            found.faults.append(f"{sorted(left)}\n  {case}\n  ours   {one}\n  {peer:6} {other}")
    return replace(found, alike=alike)


def _read(answers: Answers, case: Case) -> Reply:
    wire = answers.get(case.number)
    reply = read_reply(wire)
    assert wire is None or wire[:2] == case.wire[:2]
    return reply
