"""`gslb explain` without a node: from the state it left, or from nothing, and it says which."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gslb import config
from gslb.cli.entry import run
from gslb.runtime.demo.sites import SITES
from gslb.state import Store
from probes.content.model import Look
from tests.geo.makers import city, mmdb
from tests.scenarios.node import RunningNode, document, site
from tests.state.content.scene import OLD, Library

TOKEN = "of-an-operator"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirteen sites of which none answers, and no node."""
    path = tmp_path / "gslb.yaml"
    path.write_text(json.dumps(document([site(each, 9) for each in SITES], tmp_path / "state")))
    return path


def explained(file: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run(["explain", str(file), *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_where_nothing_is_known_every_site_is_unknown_and_geography_decides(file, capsys):
    told = explained(file, capsys, "133.11.0.1")
    assert told["source"]["kind"] == "nothing"
    assert "no state in" in told["source"]["text"]
    assert "no node answers" in told["source"]["text"]
    assert told["why"] == "starting"
    assert len([line for line in told["sites"] if line["rank"]]) == 13
    assert told["sites"][0]["site"].startswith("jp-")


def test_the_first_line_says_who_asks_and_where_that_is(file, capsys):
    assert run(["explain", str(file), "133.11.0.1"]) == 0
    who = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("133.11."))
    assert who == "133.11.0.0/24  JP, 35.69 139.76, home region jp"
    assert run(["explain", str(file), "10.1.2.3"]) == 0
    assert "10.1.2.0/24  nobody knows where it is\n" in capsys.readouterr().out


def test_the_last_state_is_taken_where_no_node_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GSLB_TOKEN", TOKEN)
    users = {"users": [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]}
    with RunningNode(document([site(each, 9) for each in SITES], tmp_path / "state", admin=users), tmp_path) as node:
        assert run(["drain", "jp-osaka-1", "--reason", "new disks", "--admin", node.admin]) == 0
        rule = ["133.11.0.0/16", "--prefer", "us-dallas-1", "--reason", "measured"]
        assert run(["override", "rule", *rule, "--admin", node.admin]) == 0
    capsys.readouterr()
    file = node.file
    told = explained(file, capsys, "133.11.0.1")
    assert told["source"]["kind"] == "state"
    assert told["source"]["at"]
    assert told["why"] == "fail-open"
    reasons = {line["site"]: line["reason"] for line in told["sites"]}
    assert "drained by ops: new disks" in reasons["jp-osaka-1"]
    assert "refused" in reasons["jp-tokyo-1"]
    assert told["sites"][0]["site"] == "us-dallas-1"
    assert "a rule prefers us-dallas-1 by an override of ops: measured" in reasons["us-dallas-1"]


def test_a_path_goes_by_its_release_set_as_the_last_state_has_it(tmp_path, capsys):
    content = {"name": "knoppix", "prefix": "/knoppix/", "manifest": "SHA256SUMS"}
    file = tmp_path / "gslb.yaml"
    sites = [site(each, 9) for each in SITES]
    file.write_text(json.dumps(document(sites, tmp_path / "state", service={"content": [content]})))
    scene = Library(config.load(file))
    scene.stock([each.id for each in SITES])
    scene.stock(["jp-tokyo-1"], look=Look.WRONG, reason="the SHA-256 of kernel is another")
    scene.begin()
    store = Store(tmp_path / "state" / "state.db", scene.utc)
    store.save(scene.tracker.freeze())
    store.close()

    def at(path: str) -> dict[str, Any]:
        told = explained(file, capsys, "133.11.0.1", "--via", "http", "--path", path)
        assert told["source"]["kind"] == "state"
        return {line["site"]: line for line in told["sites"]}

    assert at("/knoppix/kernel")["jp-tokyo-1"]["reason"] == "knoppix: the SHA-256 of kernel is another"
    assert at("/knoppix/kernel")["jp-osaka-1"]["reason"].endswith(f"knoppix at {OLD[:12]}")
    assert at("/elsewhere")["jp-tokyo-1"]["rank"] == 1


def test_explaining_changes_nothing_in_the_state_directory(file, capsys):
    state = Path(config.load(file).state_dir)
    state.mkdir()
    (state / "state.db").write_bytes(b"this is no database")
    assert explained(file, capsys, "133.11.0.1")["source"]["kind"] == "nothing"
    assert [path.name for path in state.iterdir()] == ["state.db"]
    assert (state / "state.db").read_bytes() == b"this is no database"


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "255.255.255.255", "10.1.2.3", "127.0.0.1", "133.11.0.0/16", "133.11.7.9/16", "0.0.0.0/0"),
        *("::", "::1", "[2001:db8::1]", "2001:200::/32", "fe80::1", "64:ff9b::133.11.0.1", "2002:850b:1::", "::ffff:133.11.0.1"),
    ],
)
def test_any_address_or_network_is_valid_input(file, capsys, address):
    told = explained(file, capsys, address)
    assert len(told["sites"]) == 13
    assert all(line["reason"] for line in told["sites"])


def test_a_network_stands_for_its_first_address(file, capsys):
    assert explained(file, capsys, "133.11.7.9/16")["client"] == explained(file, capsys, "133.11.0.0")["client"]


def test_it_reads_as_sentences_and_a_table(file, capsys):
    assert run(["explain", str(file), "133.11.0.1", "--via", "http", "--path", "/x/y"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("every site is taken as unknown: ")
    assert any("over HTTP, IPv4: http://127.83.3." in line and line.endswith("/x/y") for line in lines)
    assert sum(each.id in line for each in SITES for line in lines) == 13


def test_a_client_over_ipv6_can_be_asked_for_what_an_a_query_gets(file, capsys):
    assert explained(file, capsys, "2001:200::1")["why"] == "no-address"
    assert explained(file, capsys, "2001:200::1", "--family", "4")["answers"][0].startswith("127.83.3.")


def test_a_service_that_is_not_there_is_told_with_those_that_are(file, capsys):
    assert run(["explain", str(file), "133.11.0.1", "--service", "nothing.example"]) == 2
    assert capsys.readouterr().err == "there is no service nothing.example by dns; there is knoppix.inetboot.net\n"


def test_the_scope_is_the_one_that_a_node_tells_once_it_has_its_trees(tmp_path, capsys):
    halves = {
        "18.0.0.0/17": city("JP", 35.68, 139.77),
        "18.0.128.0/17": city("JP", 35.68, 139.78),
        "18.1.0.0/17": city("US", 37.0, -122.0),
    }
    database = mmdb(tmp_path / "city.mmdb", halves)
    file = tmp_path / "gslb.yaml"
    settings = document([site(each, 9) for each in SITES], tmp_path / "state")
    file.write_text(json.dumps(settings | {"geo": {"databases": [str(database)]}}))
    found = [explained(file, capsys, address) for address in ("18.0.7.1", "18.1.7.1")]
    assert [(told["scope"], told["scope_by"]) for told in found] == [(16, "map"), (17, "map")]
