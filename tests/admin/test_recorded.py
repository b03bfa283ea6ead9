"""Every operation of the API that is no GET is a line of the audit log, or is named here with the reason why not.

Somebody who adds an operation finds it missing here.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from gslb.admin import create_app
from gslb.model import Alerts, Channel
from tests.admin.bench import OPERATOR, OWNER, SERVICE, VIEWER, Bench
from tests.admin.test_auth import log_in
from tests.ports import free_port

API = "/api/v1"
WEIGHT = {"kind": "weight", "site": "jp-osaka-1", "weight": 10, "reason": "too much", "for_s": 600}
POPULATION = {"kind": "networks", "networks": [{"network": "133.11.0.0/16", "weight": 1.0}]}
OFF = {"kind": "off", "site": "jp-osaka-1"}

CHANGES_NOTHING = {
    ("POST", f"{API}/simulate"): "it answers a question, and nothing is as it was not before",
}


def planned(node: Bench) -> dict[str, str]:
    start = node.utc + timedelta(hours=1)
    return {"site": "jp-osaka-1", "start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat(), "reason": "disks"}


def nothing(client, node):
    return {}


def a_drain(client, node):
    client.post(f"{API}/sites/jp-osaka-1/drain", json={"reason": "disks"})
    return {"site": "jp-osaka-1", "number": 1}


def an_override(client, node):
    return {"override_id": client.post(f"{API}/overrides", json=WEIGHT).json()["id"]}


def a_plan(client, node):
    return {"plan_id": client.post(f"{API}/maintenance", json=planned(node)).json()["id"]}


def an_incident(client, node):
    node.fail("jp-tokyo-1")
    return {"number": 1}


def a_channel(client, node):
    channel = Channel("ops", "webhook", f"http://127.0.0.1:{free_port()}/")
    node.configuration = replace(node.configuration, alerts=Alerts(channels=(channel,)))
    node.alerts.use(node.configuration, {})
    return {"name": "ops"}


def a_token(client, node):
    return {"id": client.post(f"{API}/tokens", json={"name": "kai", "role": "viewer"}).json()["id"]}


def a_session(client, node):
    del client.headers["authorization"]
    log_in(client)
    client.headers |= {"Origin": "http://127.0.0.1:8053", "X-CSRF-Token": client.get(f"{API}/me").json()["csrf"]}
    return {}


# By operation: what has to be there before, its body, and the word of its act.
RECORDED = {
    ("POST", f"{API}/sites/{{site}}/drain"): (lambda client, node: {"site": "jp-osaka-1"}, {"reason": "disks"}, "drain"),
    ("POST", f"{API}/sites/{{site}}/enable"): (a_drain, None, "enable"),
    ("POST", f"{API}/sites/{{site}}/scan"): (lambda client, node: {"site": "jp-osaka-1"}, None, "scan"),
    ("POST", f"{API}/overrides"): (nothing, WEIGHT, "override"),
    ("DELETE", f"{API}/overrides/{{override_id}}"): (an_override, None, "override-end"),
    ("POST", f"{API}/maintenance"): (nothing, planned, "maintenance"),
    ("DELETE", f"{API}/maintenance/{{plan_id}}"): (a_plan, None, "maintenance-cancel"),
    ("POST", f"{API}/apply"): (nothing, {"changes": [OFF], "reason": "disks", "for_s": 600, "as": "overrides"}, "drain"),
    ("POST", f"{API}/incidents/{{number}}/acknowledge"): (an_incident, {"note": "mine"}, "acknowledge"),
    ("POST", f"{API}/alerts/{{name}}/test"): (a_channel, None, "alert-test"),
    ("DELETE", f"{API}/me/sessions"): (a_session, None, "log-out"),
    ("POST", f"{API}/acts/{{number}}/undo"): (a_drain, {"why": "a mistake"}, "undo"),
    ("POST", f"{API}/tokens"): (nothing, {"name": "kai", "role": "viewer"}, "token-create"),
    ("DELETE", f"{API}/tokens/{{id}}"): (a_token, None, "token-revoke"),
}


def changing() -> set[tuple[str, str]]:
    paths = create_app(Bench().ready()).openapi()["paths"]
    methods = ("post", "put", "patch", "delete")
    return {(method.upper(), path) for path, operations in paths.items() for method in operations if method in methods}


def named(operation: tuple[str, str]) -> str:
    return " ".join(operation)


def test_every_operation_that_may_change_something_is_here():
    assert changing() == RECORDED.keys() | CHANGES_NOTHING.keys()


@pytest.mark.parametrize("operation", RECORDED, ids=named)
def test_it_is_recorded(visit, node, operation):
    method, path = operation
    before, body, action = RECORDED[operation]
    client = visit(OPERATOR)
    path = path.format(**before(client, node))
    had = {act.number for act in node.acts.latest(100)}
    answer = client.request(method, path, json=body(node) if callable(body) else body)
    assert answer.status_code in (200, 201, 202, 204), answer.text
    new = [act for act in node.acts.latest(100) if act.number not in had]
    assert [(act.action, act.who) for act in new] == [(action, "ops")]


@pytest.mark.parametrize("operation", [each for each in RECORDED if RECORDED[each][0] is not a_session], ids=named)
def test_who_may_look_alone_changes_nothing_and_leaves_no_line(visit, node, operation):
    method, path = operation
    before, body, _ = RECORDED[operation]
    path = path.format(**before(visit(OPERATOR), node))
    had = len(node.acts.latest(100))
    for token, refused in ((VIEWER, (403,)), (None, (401,)), (OWNER, (200, 201, 202, 204, 403, 404))):
        answer = visit(token).request(method, path, json=body(node) if callable(body) else body)
        assert answer.status_code in refused, (token, answer.text)
        if answer.status_code >= 400:
            assert len(node.acts.latest(100)) == had


@pytest.mark.parametrize("operation", CHANGES_NOTHING, ids=named)
def test_what_changes_nothing_leaves_no_line(visit, node, operation):
    body = {"service": SERVICE, "via": "dns", "family": "4", "population": POPULATION, "changes": [OFF]}
    answer = visit(OPERATOR).request(operation[0], operation[1], json=body)
    assert answer.status_code == 200, answer.text
    assert list(node.acts.latest(5)) == []
    assert not node.tracker.drains
