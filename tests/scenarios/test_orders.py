"""What an operator orders of a real node: clients move at both doors and come back after, and no resolver is misled."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.scenarios.node import HOST, Document, RunningNode, document

TOKEN = "token-of-ops"
TOKYO, OSAKA, DALLAS = [35.68, 139.77], [34.69, 135.5], [32.78, -96.8]
SITES = {"jp-1": ("jp", TOKYO), "jp-2": ("jp", TOKYO), "us-1": ("us", DALLAS)}
CLIENTS = [f"133.{number}.0.0/16" for number in range(0, 250, 7)]
MOVED = "133.11.0.0/16"
RULE = {"match": {"network": MOVED}, "prefer": "us-1"}


def settings(folder: Path) -> Document:
    sites = [
        {"id": id, "region": region, "location": location, "addresses": [f"192.0.2.{n}"], "url": f"http://{id}.example/"}
        for n, (id, (region, location)) in enumerate(SITES.items(), 1)
    ]
    return document(
        sites,
        folder / "state",
        service={"check": {"type": "exec", "command": ["/bin/true"]}, "ttl": {"min": "1s", "max": "1s"}},
        probes={"interval": "500ms", "timeout": "400ms", "rise": 1, "slow_start": "500ms"},
        geo={"databases": ["bundled"], "overrides": [{"network": "133.0.0.0/8", "country": "JP", "location": OSAKA}]},
        admin={"users": [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]},
    )


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    folder = tmp_path_factory.mktemp("node")
    with RunningNode(settings(folder), folder, workers=2) as running:
        yield running


def api(node: RunningNode, method: str, path: str, body: Any = None) -> httpx.Response:
    url = f"http://{node.configuration['listen']['admin']}/api/v1/{path}"
    return httpx.request(method, url, json=body, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=20)


def made(node: RunningNode, path: str, body: Any) -> Document:
    answer = api(node, "POST", path, body)
    assert answer.status_code == 201, answer.text
    found: Document = answer.json()
    return found


def landing(node: RunningNode) -> dict[str, str]:
    return {client: node.lands(client) for client in CLIENTS}


def redirected(node: RunningNode) -> dict[str, str]:
    return {client: node.redirected(str(ip_network(client)[300])) for client in CLIENTS}


def scope_of(node: RunningNode, client: str) -> int:
    (option,) = [option for option in node.ask(client).options if option.otype == 8]
    return int(option.scopelen)


def misled(node: RunningNode) -> list[tuple[str, str]]:
    """Clients that a resolver would answer with what it has cached for another one, and that land elsewhere."""
    lands, scopes = landing(node) | {MOVED: node.lands(MOVED)}, {client: scope_of(node, client) for client in [*CLIENTS, MOVED]}
    return [
        (one, other)
        for one, scope in scopes.items()
        for other in scopes
        if IPv4Network(other).subnet_of(IPv4Network(one).supernet(new_prefix=min(16, scope))) and lands[one] != lands[other]
    ]


def test_a_weight_moves_clients_at_both_doors_and_they_come_back(node):
    before = landing(node)
    assert set(before.values()) == {"jp-1", "jp-2"}
    override = made(node, "overrides", {"kind": "weight", "site": "jp-1", "weight": 0, "reason": "too much traffic"})
    node.wait_for(lambda: set(landing(node).values()) == {"jp-2"}, 20, "nobody is sent to jp-1 by DNS")
    node.wait_for(lambda: set(redirected(node).values()) == {"jp-2"}, 20, "nobody is sent to jp-1 over HTTP")
    assert misled(node) == []
    assert api(node, "DELETE", f"overrides/{override['id']}", {"reason": "enough"}).status_code == 204
    node.wait_for(lambda: landing(node) == redirected(node) == before, 20, "everybody is where he was")


def test_an_override_ends_by_itself(node):
    before = landing(node)
    made(node, "overrides", {"kind": "weight", "site": "jp-1", "weight": 0, "reason": "for a moment", "for_s": 1})
    node.wait_for(lambda: api(node, "GET", "overrides").json() == [], 20, "it is over")
    node.wait_for(lambda: landing(node) == redirected(node) == before, 20, "everybody is where he was")
    kinds = [event["kind"] for event in api(node, "GET", "events").json()]
    assert kinds.index("override-ended") < kinds.index("override")


def served_by_all(node: RunningNode) -> bool:
    """Every worker has the World that operators see: from one to the next, two of them may differ for a moment."""
    worlds = set(node.metric("gslb_worker_world").values())
    return worlds == {api(node, "GET", "status").json()["world"]}


def test_a_rule_moves_one_network_and_no_resolver_is_misled(node):
    """Until the trees of scopes are grown for the other map, and with them; and when the rule is gone again."""
    before, was = landing(node), node.lands(MOVED)
    override = made(node, "overrides", {"kind": "rule", "rule": RULE, "reason": "faster for them", "for_s": 3600})
    node.wait_for(lambda: node.lands(MOVED) == "us-1" and served_by_all(node), 20, "the network is moved by DNS")
    node.wait_for(lambda: node.redirected("133.11.0.9") == "us-1", 20, "the network is moved over HTTP")
    assert scope_of(node, MOVED) >= 16
    explain = f"explain?address=133.11.0.9&service={HOST}"

    def by_map() -> bool:
        assert misled(node) == []
        return str(api(node, "GET", explain).json()["scope_by"]) == "map"

    node.wait_for(by_map, 60, "scopes are by the new map")
    assert misled(node) == []
    assert landing(node) == before
    assert "by an override of ops until" in api(node, "GET", explain).json()["sites"][0]["reason"]
    assert api(node, "DELETE", f"overrides/{override['id']}").status_code == 204
    node.wait_for(lambda: node.lands(MOVED) == was and served_by_all(node), 20, "the network is back")
    assert misled(node) == []
    assert landing(node) == before


def test_a_restart_keeps_overrides_and_maintenance(node):
    now = datetime.now(UTC)
    times = {"start": (now - timedelta(minutes=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()}
    override = made(node, "overrides", {"kind": "rule", "rule": RULE, "reason": "faster for them"})
    plan = made(node, "maintenance", {"site": "jp-1", "reason": "new disks", "owner": "a club", **times})
    assert plan["state"] == "running"
    node.wait_for(lambda: set(landing(node).values()) == {"jp-2"}, 20, "jp-1 is out")
    node.stop()
    node.start()
    assert [each["state"] for each in api(node, "GET", "maintenance").json()] == ["running"]
    assert api(node, "GET", "overrides").json() == [override]
    node.wait_for(lambda: set(landing(node).values()) == {"jp-2"}, 20, "jp-1 is out still")
    node.wait_for(lambda: node.lands(MOVED) == "us-1", 20, "the rule holds still")
    assert misled(node) == []
    assert "SUMMARY:jp-1: new disks" in api(node, "GET", "maintenance.ics").text
    assert api(node, "DELETE", f"maintenance/{plan['id']}").status_code == 204
    assert api(node, "DELETE", f"overrides/{override['id']}").status_code == 204
    node.wait_for(lambda: set(landing(node).values()) == {"jp-1", "jp-2"}, 20, "jp-1 is back")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "'; DROP TABLE overrides; --\r\nX: y"}, "weight.reason"),
        ({"reason": "<script>alert(1)</script>", "weight": 1e99}, "weight.weight"),
        ({"reason": "x" * 201}, "weight.reason"),
        ({"site": "../../etc"}, "weight.site"),
    ],
    ids=["lines", "huge", "long", "path"],
)
def test_bad_bodies_are_told_by_field_and_change_nothing(node, body, field):
    refused = api(node, "POST", "overrides", {"kind": "weight", "site": "jp-1", "weight": 1, "reason": "x", **body})
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == [field]
    assert api(node, "GET", "overrides").json() == []
