"""dnsperf asks a signed zone about everything at once, over UDP and TCP: nothing is lost, and its counts are ours."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.scenarios.lifecycle import settings
from tests.scenarios.node import HOST, RunningNode, gslb
from tests.scenarios.peers.process import program

RECORDS = """
info    IN TXT "three regions"
a.b.ent IN TXT "an empty name above"
*.wild  IN TXT "wild"
alias   IN CNAME info
sub     IN NS ns.elsewhere.example.
"""
# Name, type, and the RCODE.
MIX = [
    (HOST, "A", "NOERROR"),
    (HOST, "AAAA", "NOERROR"),
    (HOST, "SOA", "NOERROR"),
    (HOST, "DNSKEY", "NOERROR"),
    (f"info.{HOST}", "TXT", "NOERROR"),
    (f"alias.{HOST}", "TXT", "NOERROR"),
    (f"b.ent.{HOST}", "A", "NOERROR"),
    (f"host.sub.{HOST}", "A", "NOERROR"),
    (f"x.wild.{HOST}", "TXT", "NOERROR"),
    (f"nowhere.{HOST}", "A", "NXDOMAIN"),
    (f"no.where.{HOST}", "AAAA", "NXDOMAIN"),
    ("www.example.org", "A", "REFUSED"),
]
# Options of dnsperf: plain, signed, and signed for a client in Japan (RFC 7871 section 6: 133.11.0.0/24).
KINDS = {"plain": [], "signed": ["-D"], "signed for a client": ["-D", "-E", "8:00011800850b00"]}
SECONDS, PER_S = 1, 3000


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("load")
    configuration = settings(folder)
    configuration["zones"][0] |= {"records": RECORDS, "dnssec": {"keys": str(folder / "keys")}}
    running = RunningNode(configuration, folder, workers=2)
    made = gslb("dnssec", "keygen", str(running.file), HOST)
    assert made.returncode == 0, made.stderr
    with running:
        yield running


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["udp", "tcp"])
def test_dnsperf_gets_an_answer_to_each_of_its_queries(node: RunningNode, tmp_path: Path, mode: str, kind: str) -> None:
    file = tmp_path / "queries"
    file.write_text("".join(f"{name} {rdtype}\n" for name, rdtype, _ in MIX))
    before = counted(node, mode)
    host, port = node.dns
    limits = ["-l", str(SECONDS), "-Q", str(PER_S), "-q", "50", "-c", "4", "-T", "1", "-t", "10"]
    command = [program("dnsperf"), "-s", host, "-p", str(port), "-d", str(file), "-m", mode, *limits, *KINDS[kind]]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    completed = int(found(r"Queries completed:\s+(\d+)", said))
    assert int(found(r"Queries lost:\s+(\d+)", said)) == 0, said
    assert completed > 50 * len(MIX), said
    codes = {code: int(number) for code, number in re.findall(r"(\w+) (\d+) \(", found(r"Response codes:(.*)", said))}
    assert set(codes) == {"NOERROR", "NXDOMAIN", "REFUSED"}
    expected = Counter(code for _, _, code in MIX)
    assert all(abs(codes[code] - completed * share / len(MIX)) <= share for code, share in expected.items()), said
    node.wait_for(lambda: failures(counted(node, mode) - before) == failures(codes), 20, "the node has counted the same")


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


def counted(node: RunningNode, mode: str) -> Counter[str]:
    answers: Counter[str] = Counter()
    for labels, number in node.metric("gslb_dns_answers_total").items():
        told = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if told["transport"] == mode:
            answers[told["rcode"]] += int(number)
    return answers


def failures(codes: Mapping[str, int]) -> dict[str, int]:
    """All but NOERROR: among those are the answers to the node's own questions."""
    return {code: number for code, number in codes.items() if code != "NOERROR"}
