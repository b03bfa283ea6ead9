"""Incidents and the timeline, over the API, on a node whose clock the test turns."""

import json

import pytest

from gslb.model import Act, Severity
from tests.admin.bench import OPERATOR, OWNER, VIEWER

API = "/api/v1"


def test_what_is_wrong_for_whom_and_since_when(node, visit):
    node.fail("jp-tokyo-1")
    (told,) = visit().get(f"{API}/incidents").json()
    assert (told["number"], told["severity"], told["closed"]) == (1, "warning", None)
    assert told["title"] == "jp-tokyo-1 is down"
    assert told["cause"].startswith("jp-tokyo-1 is down: connection refused")
    assert (told["sites"], told["regions"], told["services"]) == (["jp-tokyo-1"], ["jp"], ["knoppix.inetboot.net"])
    assert 0 < told["impact"]["share_degraded"] < 0.2
    assert 0.5 < told["impact"]["capacity_left"]["jp"] < 1
    assert "curl" in told["what_now"]
    assert [moment["kind"] for moment in told["timeline"]] == ["opened"]
    assert visit().get(f"{API}/incidents/1").json() == told


def test_when_all_is_well_again_it_is_over_and_kept(node, visit):
    node.fail("jp-tokyo-1")
    node.recover("jp-tokyo-1")
    assert visit().get(f"{API}/incidents").json()[0]["active"] is False
    node.wait(121)
    assert visit().get(f"{API}/incidents").json() == []
    (over,) = visit().get(f"{API}/incidents", params={"state": "all"}).json()
    assert over["closed"] > over["opened"]
    assert [moment["kind"] for moment in over["timeline"]][-2:] == ["quiet", "closed"]


def test_a_long_list_comes_in_pages(node, visit):
    for site in ("jp-tokyo-1", "jp-osaka-1", "jp-nagoya-1"):
        node.fail(site)
        node.recover(site)
        node.wait(121)
        node.round()
    first = visit().get(f"{API}/incidents", params={"state": "all", "limit": 2})
    assert [each["number"] for each in first.json()] == [3, 2]
    assert first.links["next"]["url"].endswith("before=2")
    assert [each["number"] for each in visit().get(first.links["next"]["url"]).json()] == [1]


def test_an_incident_as_markdown(node, visit):
    node.fail("jp-tokyo-1", reason="answered <b>200</b> | and [a](http://evil.example)")
    answer = visit().get(f"{API}/incidents/1.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# Incident 1: jp-tokyo-1 is down\n")
    assert r"\<b\>200\</b\> \|" in answer.text
    assert visit().get(f"{API}/incidents/2.md").status_code == 404
    assert visit().get(f"{API}/incidents/x.md").status_code == 422


def test_an_owner_looks_after_what_the_own_sites_are_part_of_and_is_told_so(node, visit):
    node.fail("jp-osaka-1")
    assert "acknowledge" in visit(OWNER).get(f"{API}/me").json()["may"]
    assert visit(OWNER).post(f"{API}/incidents/1/acknowledge", json={"note": "mine"}).json()["acknowledged"]["who"] == "osaka"
    assert "acknowledge" not in visit(VIEWER).get(f"{API}/me").json()["may"]


def test_an_operator_looks_after_it_and_a_viewer_may_not(node, visit):
    node.fail("jp-tokyo-1")
    url = f"{API}/incidents/1/acknowledge"
    assert visit(VIEWER).post(url, json={"note": "mine"}).status_code == 403
    assert visit().post(url, json={"note": "mine"}).status_code == 401
    assert visit(OPERATOR).post(url, json={"note": "a\u0000b"}).status_code == 422
    assert visit(OPERATOR).post(f"{API}/incidents/9/acknowledge", json={}).status_code == 404
    done = visit(OPERATOR).post(url, json={"note": "I am on my way"}).json()
    assert done["acknowledged"] == {"who": "ops", "at": done["acknowledged"]["at"], "note": "I am on my way"}
    act: Act = node.acts.latest(1)[0]
    assert (act.action, act.subject, act.why) == ("acknowledge", "incident 1", "I am on my way")
    node.recover("jp-tokyo-1")
    node.wait(121)
    assert visit(OPERATOR).post(url, json={}).status_code == 409


def test_an_owner_sees_what_touches_the_own_site_and_nothing_of_others(node, visit):
    node.fail("us-dallas-1")
    node.fail("jp-osaka-1")
    node.wait(30)
    node.round()
    node.fail("jp-tokyo-1")
    titles = [each["title"] for each in visit().get(f"{API}/incidents").json()]
    assert sorted(titles) == ["2 of 7 sites in jp are down", "us-dallas-1 is down"]
    (seen,) = visit(OWNER).get(f"{API}/incidents").json()
    assert seen["sites"] == ["jp-osaka-1"]
    assert "tokyo" not in str(seen)
    assert [moment["message"].partition(" ")[0] for moment in seen["timeline"]] == ["jp-osaka-1"]
    assert visit(OWNER).get(f"{API}/incidents/1").status_code == 404
    document = visit(OWNER).get(f"{API}/incidents/{seen['number']}.md").text
    assert "osaka" in document
    assert "tokyo" not in document
    assert [each["sites"] for each in visit(OWNER).get(f"{API}/incidents", params={"state": "all"}).json()] == [["jp-osaka-1"]]


def test_the_stream_brings_them_as_they_change(node):
    from gslb.admin.board import Boards
    from gslb.admin.feed import Signal
    from gslb.admin.principal import LOOPBACK
    from gslb.admin.stream import Teller

    def told(messages):
        return [json.loads(message.raw_data) for message in messages if message.event == "incidents"]

    teller = Teller(Boards(node), LOOPBACK)
    assert told(teller.whole()) == [[]]
    node.fail("jp-tokyo-1")
    (changed,) = told(teller.told(Signal.CHANGED))
    assert [each["title"] for each in changed] == ["jp-tokyo-1 is down"]
    assert told(teller.told(Signal.CHANGED)) == []


@pytest.mark.parametrize("year", [1, 9999])
def test_the_list_is_told_whatever_the_clock_said(node, visit, year):
    now = node.utc
    node.utc = now.replace(year=year, month=1, day=1, hour=0)
    node.journal.tell("drain", Severity.INFO, "jp-tokyo-1", "by a clock that was wrong", "ops")
    node.utc = now
    assert [each["act"] for each in visit().get(f"{API}/timeline").json() if each["kind"] == "drain"] == [None]


def test_one_list_of_what_happened_and_of_what_people_did(node, visit):
    visit(OPERATOR).post(f"{API}/sites/jp-tokyo-1/drain", json={"reason": "new disks"})
    node.fail("us-dallas-1")
    found = visit().get(f"{API}/timeline").json()
    drain = next(each for each in found if each["kind"] == "drain")
    assert (drain["who"], drain["why"], drain["act"], drain["undoable"]) == ("ops", "new disks", 1, True)
    since = next(each["at"] for each in found if each["kind"] == "site-down")
    later = visit().get(f"{API}/timeline", params={"since": since}).json()
    assert {each["kind"] for each in later} == {"site-down"}
    page = visit().get(f"{API}/timeline", params={"limit": 1})
    assert page.links["next"]["url"]
    assert "drain" not in {each["kind"] for each in visit(OWNER).get(f"{API}/timeline").json()}
    assert visit().get(f"{API}/timeline", params={"since": "yesterday"}).status_code == 422


def test_an_owner_does_not_read_of_sites_of_others_in_a_note(node, visit):
    node.fail("jp-tokyo-1")
    node.fail("jp-osaka-1")
    path = f"{API}/incidents/1"
    for note, seen in (("jp-tokyo-1 has new disks", ""), ("the landlord is told", "the landlord is told")):
        assert visit(OPERATOR).post(f"{path}/acknowledge", json={"note": note}).is_success
        assert visit(OPERATOR).get(path).json()["acknowledged"]["note"] == note
        assert visit(OWNER).get(path).json()["acknowledged"]["note"] == seen
        assert "jp-tokyo-1" not in visit(OWNER).get(f"{path}.md").text


def test_a_note_is_one_line_or_nothing_and_what_is_wrong_with_it_is_told_beside_it(node, visit):
    node.fail("jp-tokyo-1")
    path = f"{API}/incidents/1/acknowledge"
    assert visit(OPERATOR).post(path, json={"note": ""}).json()["acknowledged"]["note"] == ""
    answer = visit(OPERATOR).post(path, json={"note": "two\nlines"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["note"]
