"""`gslb incidents` and `gslb alerts` against a real node whose sites are all down."""

import asyncio
import hashlib
import json
from collections.abc import Iterator
from threading import Thread

import pytest

from gslb.cli.entry import run
from gslb.runtime.demo.sites import SITES
from tests.runtime.alerting.receivers import Receiver, receiving, status
from tests.scenarios.node import RunningNode, document, site

TOKEN = "of-an-operator"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """On a loop of its own: commands wait for what they do."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    context = receiving()
    made = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(30)
    yield made
    asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    users = {"users": [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]}
    alerts = {"wait": "0s", "channels": [{"name": "ops", "kind": "webhook", "url": receiver.url}]}
    made = document([site(each, 9) for each in SITES], folder / "state", admin=users, alerts=alerts)
    with RunningNode(made, folder) as running:
        running.wait_for(lambda: running.api("incidents"), 30, "an incident")
        yield running


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GSLB_TOKEN", TOKEN)


def said(capsys: pytest.CaptureFixture[str], node: RunningNode, *words: str, code: int = 0) -> str:
    assert run([*words, "--admin", node.admin]) == code
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_incidents_are_told_with_what_to_do(node, capsys):
    lines = said(capsys, node, "incidents").splitlines()
    assert lines[0].split() == ["number", "severity", "since", "over", "clients", "what"]
    assert "No site of knoppix.inetboot.net is well" in lines[1]
    assert "100 %" in lines[1]
    assert "Somebody is hurt now." in lines[-1]
    assert json.loads(said(capsys, node, "incidents", "--json"))[0]["severity"] == "error"
    assert said(capsys, node, "incidents", "1").startswith("# Incident 1: No site of knoppix")


def test_who_is_told_was_told_and_can_be_told_now(node, capsys, receiver):
    node.wait_for(lambda: receiver.got, 30, "a message")
    assert receiver.got[0].json["kind"] == "opened"
    assert "took the message" in said(capsys, node, "alerts", "test", "ops")
    assert receiver.got[-1].json["kind"] == "test"
    receiver.answers.append(status(403, body="not \x1b[31myou"))
    assert "did not take the message: answered 403" in said(capsys, node, "alerts", "test", "ops", code=1)
    line = said(capsys, node, "alerts", "list").splitlines()[1]
    assert line.split()[:2] == ["ops", "webhook"]
    assert "answered 403" in line
    assert "\x1b" not in line
    assert run(["alerts", "test", "none", "--admin", node.admin]) == 1
    assert "there is no channel none" in capsys.readouterr().err
    assert node.metric("gslb_alerts_total")['channel="ops",result="sent"'] >= 1
    assert node.metric("gslb_incidents_open")['severity="error"'] >= 1


def test_a_restart_tells_nothing_twice(node, receiver):
    told = len([got for got in receiver.got if got.json["kind"] != "test"])
    node.stop()
    node.start()
    node.wait_for(lambda: node.api("incidents"), 30, "the incident of before")
    found = node.api("incidents", state="all")
    assert found[-1]["number"] == 1
    assert found[-1]["closed"] is None
    assert len([got for got in receiver.got if got.json["kind"] != "test"]) == told
