"""`status`, `events`, `drain` and `enable` against a real node."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gslb.cli.entry import run
from gslb.runtime.demo.sites import SITES
from tests.scenarios.node import RunningNode, document, site

TOKEN = "of-an-operator"
SITE = "jp-osaka-1"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    """None of its sites answers: nobody is asked here but the node."""
    folder = tmp_path_factory.mktemp("node")
    users = {"users": [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]}
    with RunningNode(document([site(each, 9) for each in SITES], folder / "state", admin=users), folder) as running:
        yield running


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSLB_TOKEN", TOKEN)


def said(capsys: pytest.CaptureFixture[str], node: RunningNode, *words: str) -> str:
    code = run([*words, "--admin", node.admin])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    return told.out


def test_status_tells_what_is_the_matter_and_how_each_site_is(node, capsys):
    lines = said(capsys, node, "status").splitlines()
    assert lines[0].startswith("No site of knoppix.inetboot.net is well")
    assert [line.split()[0] for line in lines[-13:]] == [each.id for each in SITES]
    assert "connection refused" in lines[-1]


def test_status_is_one_document_for_programs(node, capsys):
    told = json.loads(said(capsys, node, "status", "--json"))
    assert told["node"] == "scenario"
    assert len(told["sites"]) == 13
    assert told["services"][0]["host"] == "knoppix.inetboot.net"


def test_a_drain_has_a_reason_and_an_end_and_is_ended(node, capsys):
    assert said(capsys, node, "drain", SITE, "--reason", "new disks", "--for", "2h") == f"{SITE} is drained: new disks\n"
    assert node.site(SITE)["drain"]["reason"] == "new disks"
    said(capsys, node, "drain", SITE, "--reason", "new disks", "--for", "2h", "--owner", "a club")
    assert node.site(SITE)["drain"]["owner"] == "a club"
    line = next(line for line in said(capsys, node, "status").splitlines() if line.startswith(f"{SITE} "))
    assert "drained" in line
    assert "by ops, until 20" in line
    ended = json.loads(said(capsys, node, "enable", SITE, "--json"))
    assert (ended["id"], ended["drain"]) == (SITE, None)


def test_events_are_told_in_order_as_lines_and_as_a_document(node, capsys):
    lines = said(capsys, node, "events", "--limit", "1000").splitlines()
    told = json.loads(said(capsys, node, "events", "--limit", "1000", "--json"))
    assert [event["number"] for event in told] == sorted(event["number"] for event in told)
    assert len(lines) == len(told)
    assert lines == sorted(lines, key=lambda line: line[:19])
    assert len(json.loads(said(capsys, node, "events", "-n", "2", "--json"))) == 2


def test_a_follower_sees_what_happens_and_ctrl_c_is_its_end(node, capsys):
    command = [sys.executable, "-m", "gslb", "events", "--follow", "--limit", "1", "--json", "--admin", node.admin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as follower:
        assert follower.stdout
        assert follower.stderr
        first = json.loads(follower.stdout.readline())
        said(capsys, node, "drain", SITE, "--reason", "to be seen")
        event = json.loads(follower.stdout.readline())
        assert (event["kind"], event["subject"], event["number"] > first["number"]) == ("drain", SITE, True)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0
        assert follower.stderr.read() == ""


@pytest.mark.parametrize(
    ("token", "words", "told"),
    [
        ("", ["enable", SITE], "wants a token; put yours into GSLB_TOKEN"),
        ("wrong", ["enable", SITE], "refused the token: this token is nobody's; put yours into GSLB_TOKEN"),
        (TOKEN, ["enable", "nowhere"], "refused (404): there is no site nowhere"),
        (TOKEN, ["enable", "../status"], "refused (404)"),
    ],
)
def test_a_refusal_is_a_line_that_says_what_to_do(node, capsys, monkeypatch, token, words, told):
    monkeypatch.setenv("GSLB_TOKEN", token)
    assert run([*words, "--admin", node.admin]) == 1
    refused = capsys.readouterr()
    assert told in refused.err
    assert (refused.out, refused.err.count("\n")) == ("", 1)


def test_what_the_node_calls_unfit_is_wrong_usage(node, capsys):
    assert run(["drain", SITE, "--reason", "x" * 300, "--admin", node.admin]) == 2
    assert "refused (422): body.reason" in capsys.readouterr().err


def test_an_address_without_a_scheme_is_understood(node, capsys):
    assert run(["status", "--admin", node.admin.removeprefix("http://")]) == 0


def test_something_else_that_answers_there_is_named_so(node, capsys):
    assert run(["status", "--admin", f"http://{node.http[0]}:{node.http[1]}"]) == 1
    assert capsys.readouterr().err.startswith("http://127.0.0.1:")


def test_a_weight_is_overridden_listed_and_removed(node, capsys):
    assert said(capsys, node, "override", "list") == "nothing is overridden: all is as configured\n"
    told = said(capsys, node, "override", "weight", SITE, "10", "--reason", "too much traffic", "--for", "2h")
    id, _, words = told.partition(": ")
    assert words.startswith(f"{SITE} has weight 10 instead of 100 until 20")
    assert id in said(capsys, node, "override", "list")
    assert json.loads(said(capsys, node, "override", "list", "--json"))[0]["reason"] == "too much traffic"
    assert said(capsys, node, "override", "remove", id) == f"{id} is removed: it is as configured again\n"
    assert node.api("overrides") == []


def test_a_rule_is_given_to_the_only_service(node, capsys):
    told = said(capsys, node, "override", "rule", "AS2500", "--prefer", SITE, "--prefer", "us", "--reason", "faster")
    assert f": AS2500 prefer {SITE}, us for knoppix.inetboot.net until it is removed" in told
    said(capsys, node, "override", "remove", told.partition(":")[0])


def test_maintenance_is_planned_listed_and_cancelled(node, capsys):
    assert said(capsys, node, "maintenance", "list") == "nothing is planned\n"
    words = ["--from", "2027-03-31T02:00+09:00", "--for", "2h", "--reason", "new disks", "--owner", "a club"]
    year = datetime.now(UTC).year + 1
    words[1] = words[1].replace("2027", str(year))
    told = said(capsys, node, "maintenance", "plan", SITE, *words)
    id, _, plan = told.partition(": ")
    assert plan == f"{SITE} from {year}-03-30 17:00 UTC to {year}-03-30 19:00 UTC, planned\n"
    (line,) = [line for line in said(capsys, node, "maintenance", "list").splitlines() if line.startswith(id)]
    assert "a club" in line
    assert said(capsys, node, "maintenance", "cancel", id) == f"{id} is cancelled\n"
    assert node.api("maintenance")[0]["state"] == "cancelled"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["override", "rule", "JP", "--reason", "x"], "one of --prefer, --only and --never"),
        (["override", "rule", "nobody", "--only", "us", "--reason", "x"], "no network, AS number or country"),
        (["override", "weight", SITE, "5", "--reason", "x", "--for", "soon"], "--for"),
        (["override", "weight", "nowhere", "5", "--reason", "x"], "there is no site nowhere"),
        (["maintenance", "plan", SITE, "--from", "soon", "--for", "2h", "--reason", "x"], "--from: 'soon' is no time"),
        (["maintenance", "plan", SITE, "--from", "2020-01-01", "--reason", "x"], "one of --to and --for"),
        (["maintenance", "plan", SITE, "--from", "2020-01-01", "--for", "2h", "--reason", "x"], "is over already"),
    ],
    ids=["no-verb", "nobody", "no-time", "no-site", "soon", "no-end", "over"],
)
def test_a_wrong_order_is_a_sentence_and_exit_code_2(node, capsys, words, told):
    assert run([*words, "--admin", node.admin]) == 2
    assert told in capsys.readouterr().err


def test_a_follower_goes_on_over_a_restart_and_tells_nothing_twice(node, capsys):
    command = [sys.executable, "-m", "gslb", "events", "--follow", "--limit", "1", "--json", "--admin", node.admin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as follower:
        assert follower.stdout
        assert follower.stderr
        told = [json.loads(follower.stdout.readline())]
        said(capsys, node, "drain", SITE, "--reason", "before it restarts")
        told.append(json.loads(follower.stdout.readline()))
        assert node.stop() == 0
        node.start()
        said(capsys, node, "enable", SITE)
        while told[-1]["kind"] != "enable":
            told.append(json.loads(follower.stdout.readline()))
        follower.send_signal(signal.SIGINT)
        assert follower.wait(10) == 0
        assert follower.stderr.read() == ""
    numbers = [event["number"] for event in told]
    known = [event["number"] for event in node.api("events", limit=1000)]
    assert numbers == [number for number in reversed(known) if numbers[0] <= number <= numbers[-1]]
    assert {"stop", "start"} <= {event["kind"] for event in told}
