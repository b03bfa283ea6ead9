"""Channels over the API, and the feed."""

import asyncio
import xml.etree.ElementTree as ET
from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.admin.atom import atom
from gslb.model import Alerts, Audience, Channel, Quiet, Severity
from gslb.runtime.alerting.secrets import ChannelSecrets
from tests.admin.bench import OPERATOR, OWNER, START, VIEWER, reference
from tests.runtime.alerting.receivers import receiving, status
from tests.state.incidents.test_stored import CLOSED, incident

API = "/api/v1"
ATOM = "{http://www.w3.org/2005/Atom}"


def with_channels(node, *channels: Channel, **secrets: ChannelSecrets) -> None:
    from dataclasses import replace

    node.configuration = replace(node.configuration, alerts=Alerts(channels=channels))
    node.alerts.use(node.configuration, secrets)


def test_channels_are_shown_and_their_secrets_are_not(node, visit):
    quiet = Quiet(time(22, 0), time(7, 0), "Asia/Tokyo")
    hook = Channel("ops", "webhook", "https://hooks.example/T0KEN", audience=Audience(regions=("jp",)), quiet=quiet)
    with_channels(node, hook, Channel("chat", "slack", url_file="x"), chat=ChannelSecrets(url="https://chat.example/T0KEN"))
    answer = visit().get(f"{API}/alerts")
    ops, chat = answer.json()
    assert ops == {
        "name": "ops",
        "kind": "webhook",
        "for": {"sites": [], "regions": ["jp"], "owners": [], "severity": "warning"},
        "quiet": {"from": "22:00", "to": "07:00", "timezone": "Asia/Tokyo", "but": "error"},
        "digest_s": None,
        "repeat_s": None,
        "last_sent": None,
        "last_error": None,
        "waiting": 0,
        "failures": 0,
    }
    assert (chat["name"], chat["quiet"]) == ("chat", None)
    assert "T0KEN" not in answer.text
    assert visit(OWNER).get(f"{API}/alerts").status_code == 403


@pytest.mark.anyio
async def test_an_operator_tries_a_channel(node, visit):
    async with receiving(status(500, body="out of order")) as receiver:
        with_channels(node, Channel("ops", "webhook", receiver.url))
        client = visit(OPERATOR)
        failed = await asyncio.to_thread(client.post, f"{API}/alerts/ops/test")
        done = await asyncio.to_thread(client.post, f"{API}/alerts/ops/test")
        assert failed.json() == {"delivered": False, "error": "answered 500: out of order"}
        assert done.json() == {"delivered": True, "error": None}
        assert (await asyncio.to_thread(client.post, f"{API}/alerts/none/test")).status_code == 404
        assert (await asyncio.to_thread(visit(VIEWER).post, f"{API}/alerts/ops/test")).status_code == 403
    assert len(receiver.got) == 2
    acts = [(act.action, act.subject) for act in node.acts.latest(10)]
    assert acts == [("alert-test", "channel ops")] * 2, "no site is called so, whose owner would see it"


def entries(text: str) -> list[dict[str, str]]:
    root = ET.fromstring(text)
    assert root.tag == f"{ATOM}feed"
    for needed in ("id", "title", "updated"):  # RFC 4287 section 4.1.1
        assert root.findtext(f"{ATOM}{needed}")
    found = []
    for entry in root.findall(f"{ATOM}entry"):
        found.append({child.tag.removeprefix(ATOM): child.text or "" for child in entry})
        assert {"id", "title", "updated"} <= found[-1].keys()
        assert found[-1]["id"].startswith("tag:")
        datetime.fromisoformat(found[-1]["updated"])
    assert len({each["id"] for each in found}) == len(found)
    return found


def test_a_feed_reader_follows_incidents(node, visit):
    empty = visit().get("/alerts.atom")
    assert entries(empty.text) == []
    node.fail("jp-tokyo-1", reason="answered <b> & \x00\x1b[31m ]]>")
    feed = visit().get("/alerts.atom")
    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    (entry,) = entries(feed.text)
    assert entry["title"] == "jp-tokyo-1 is down (warning)"
    assert "answered <b> &" in entry["summary"]
    assert visit().get("/alerts.atom", headers={"If-None-Match": feed.headers["etag"]}).status_code == 304
    node.recover("jp-tokyo-1")
    node.wait(121)
    (over,) = entries(visit().get("/alerts.atom").text)
    assert over["id"] == entry["id"]
    assert over["title"] == "jp-tokyo-1 is down (warning, over)"
    assert over["updated"] > entry["updated"]


def test_the_feed_is_for_who_may_read_it_and_a_token_in_its_address_is_nothing(node, visit):
    node.fail("jp-tokyo-1")
    node.fail("jp-osaka-1")
    elsewhere = visit(peer="198.51.100.7")
    assert elsewhere.get("/alerts.atom").status_code == 401
    assert elsewhere.get("/alerts.atom", params={"token": OPERATOR}).status_code == 401
    assert len(entries(visit(VIEWER).get("/alerts.atom").text)) == 1
    assert "jp-tokyo" not in visit(OWNER).get("/alerts.atom").text


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_feed_is_sound_whatever_is_in_it(title, cause):
    made = [incident(8, tag="tag:x,2026:8", title=title, cause=cause, severity=Severity.ERROR), CLOSED]
    first, second = entries(atom(made, reference(), START))
    assert first["title"].endswith("(error)")
    assert second["title"].endswith("(warning, over)")
