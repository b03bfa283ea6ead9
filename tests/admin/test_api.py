"""The API tells what the node knows, and what an operator does is done."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gslb.admin import Reload
from gslb.errors import Fault
from gslb.model import Severity
from probes.verdict import Verdict
from tests.admin.bench import OPERATOR, SERVICE, START, Bench, reference
from tests.admin.test_auth import problem

SITES = [site.id for site in reference().sites]


def site(client, name="jp-osaka-1"):
    return next(each for each in client.get("/api/v1/sites").json() if each["id"] == name)


def incident(client):
    return client.get("/api/v1/status").json()["incident"]


# Ready


def test_before_the_first_round_a_node_is_alive_and_not_ready(visit, node):
    node.tracker.ready = False
    client = visit()
    assert client.get("/healthz").text == "ok\n"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    node.tracker.ready = True
    assert client.get("/readyz").status_code == 200
    assert client.head("/readyz").status_code == client.head("/healthz").status_code == 200


# Sites


def test_sites_are_those_of_the_configuration_in_its_order(visit):
    found = visit().get("/api/v1/sites").json()
    assert [each["id"] for each in found] == SITES
    assert {each["condition"] for each in found} == {"up"}
    tokyo = found[SITES.index("jp-tokyo-1")]
    assert tokyo["location"] == {"latitude": 35.68, "longitude": 139.77}
    sides = {(check["door"], check["family"], check["address"]) for check in tokyo["checks"]}
    assert sides == {(door, *each) for door in ("dns", "http") for each in ((4, "192.0.2.33"), (6, "2001:db8:33::1"))}
    assert tokyo["latency"] == [{"vantage": "tokyo", "used_ms": 8.0, "usual_ms": 8.0, "slow": False}]


@pytest.mark.parametrize(
    ("verdict", "family", "condition"),
    [
        (Verdict.REFUSED, 0, "down"),
        (Verdict.REFUSED, 6, "partial"),
        (Verdict.WRONG_CONTENT, 0, "wrong"),
        (Verdict.WRONG_CONTENT, 4, "wrong"),
    ],
)
def test_a_site_that_fails_says_how(visit, node, verdict, family, condition):
    node.fail("jp-osaka-1", verdict, "because of this", family=family)
    found = site(visit())
    assert found["condition"] == condition
    assert found["reason"].startswith("because of this")
    assert found["since"] > START.isoformat()


def test_a_site_that_comes_back_starts_slowly(visit, node):
    node.fail("jp-osaka-1")
    node.recover("jp-osaka-1")
    found = site(visit())
    assert found["condition"] == "starting"
    assert found["ramp"] < 10
    node.wait(61)
    assert site(visit())["condition"] == "up"


def test_before_there_is_a_result_a_site_is_unknown(visit, node):
    fresh = Bench()
    node.tracker, node.feed.version = fresh.tracker, -5
    assert site(visit())["condition"] == "unknown"


def test_the_detail_has_the_last_exchanges_and_how_to_repeat_them(visit, node):
    node.fail("jp-osaka-1")
    found = visit().get("/api/v1/sites/jp-osaka-1").json()
    target = found["targets"][0]
    assert target["curl"] == "curl -sv http://192.0.2.36/"
    assert [result["verdict"] for result in target["results"]][-3:] == ["refused"] * 3
    assert target["results"][0]["exchange"]["response"] == "HTTP/1.1 200 OK"
    assert target["vantages"][0]["vantage"] == "tokyo"
    assert target["transitions"][-1]["new"] == "down"
    assert target["last_good"] < target["since"]


def test_a_site_that_is_not_there(visit):
    assert "nowhere" in problem(visit().get("/api/v1/sites/nowhere"), 404)


# Drain and enable


def test_a_drain_has_a_reason_an_author_and_an_end(visit, node):
    operator = visit(OPERATOR)
    answer = operator.post("/api/v1/sites/jp-osaka-1/drain", json={"reason": " a new disk ", "for_s": 7200})
    assert answer.status_code == 200
    drained = answer.json()
    assert drained["condition"] == "drained"
    assert drained["drain"] == {
        "reason": "a new disk",
        "who": "ops",
        "since": node.utc.isoformat().replace("+00:00", "Z"),
        "until": node.utc.replace(hour=node.utc.hour + 2).isoformat().replace("+00:00", "Z"),
        "owner": None,
        "left": {"per_s": 0.0, "share": 0.0},
    }
    assert node.kept[-1].kind == "drain"
    node.wait(1.0)
    assert "jp-osaka-1" in node.world.drains

    answer = operator.post("/api/v1/sites/jp-osaka-1/enable")
    assert answer.json()["drain"] is None
    assert node.kept[-1].who == "ops"


def test_enabling_a_failing_site_leaves_it_down(visit, node):
    node.fail("jp-osaka-1")
    operator = visit(OPERATOR)
    operator.post("/api/v1/sites/jp-osaka-1/drain", json={"reason": "to look at it"})
    assert operator.post("/api/v1/sites/jp-osaka-1/enable").json()["condition"] == "down"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.reason"),
        ({"reason": ""}, "body.reason"),
        ({"reason": "  "}, "body.reason"),
        ({"reason": "two\nlines"}, "body.reason"),
        ({"reason": "x" * 201}, "body.reason"),
        ({"reason": "ok", "for_s": 0}, "body.for_s"),
        ({"reason": "ok", "for_s": "2h"}, "body.for_s"),
        ({"reason": "ok", "for_s": 1e9}, "body.for_s"),
        ({"reason": "ok", "for_s": True}, "body.for_s"),
        ({"reason": "ok", "for_s": "60"}, "body.for_s"),
        ({"reason": 60}, "body.reason"),
        ({"reason": "ok", "force": True}, "body.force"),
        ([], "body"),
    ],
)
def test_a_bad_body_is_told_field_by_field(visit, node, body, where):
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", json=body)
    problem(answer, 422)
    assert where in [fault["where"] for fault in answer.json()["errors"]]
    assert not node.tracker.drains


@pytest.mark.parametrize(
    "code", [0x00, 0x0D, 0x1B, 0x7F, 0x85, 0x9B, 0x061C, 0x200F, 0x2028, 0x2029, 0x202E, 0x2066, 0x2069, 0x200B, 0xFEFF]
)
def test_a_reason_that_would_drive_a_terminal_is_refused_in_a_sentence(visit, node, code):
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", json={"reason": f"new {chr(code)}disk"})
    told = f"body.reason: is not one line of plain text: U+{code:04X} controls what is shown, and shows nothing"
    assert problem(answer, 422) == told
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", json={"reason": f"new disk{chr(code)}"})
    assert answer.status_code == 422
    assert not node.tracker.drains


@pytest.mark.parametrize("reason", ["ディスク交換", "می‌خواهم", "👩‍🔧 new disk", "café – 2 h"])
def test_a_reason_may_be_in_any_language(visit, node, reason):
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", json={"reason": reason, "for_s": 60})
    assert answer.json()["drain"]["reason"] == reason


@pytest.mark.parametrize("reason", [" ", "\u3000", "\u200d", "\u200c \ufe0f"], ids=ascii)
def test_a_reason_of_which_there_is_nothing_to_see_says_nothing(visit, node, reason):
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", json={"reason": reason})
    assert problem(answer, 422) == "body.reason: says nothing"


def test_half_a_character_is_refused(visit, node):
    content = b'{"reason": "new \\ud800 disk"}'
    headers = {"Content-Type": "application/json"}
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", content=content, headers=headers)
    problem(answer, 422)
    assert not node.tracker.drains


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 422),
        (b"\xff", "application/json", 400),
        (b'{"reason": "x"}', "text/plain", 422),  # what a form of another page could send
        (b" " * 20_000, "application/json", 413),
        ([b" " * 9_000] * 3, "application/json", 413),  # in chunks, so that nothing says how long it is
    ],
)
def test_a_body_that_is_no_json_object_of_sane_size_is_refused(visit, node, content, kind, status):
    answer = visit(OPERATOR).post("/api/v1/sites/jp-osaka-1/drain", content=content, headers={"Content-Type": kind})
    problem(answer, status)
    assert not node.tracker.drains


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "/api/v1/sites", 405), ("GET", "/api/v1/nothing", 404)])
def test_refusals_of_the_framework_are_problems_too(visit, method, path, status):
    problem(visit().request(method, path), status)


@pytest.mark.parametrize("path", ["/api/v1/reports"])
def test_what_is_not_built_yet_is_not_there(visit, path):
    problem(visit(OPERATOR).post(path, json={}), 404)


# Services, explain, events, config


def test_services_tell_how_many_sites_are_well_by_door_and_family(visit, node):
    node.fail("jp-osaka-1", family=6)
    (service,) = visit().get("/api/v1/services").json()
    assert service["host"] == SERVICE
    up = {(side["door"], side["family"]): side["up"] for side in service["sides"]}
    assert up == {("dns", 4): 13, ("dns", 6): 12, ("http", 4): 13, ("http", 6): 12}
    assert not any(side["all_down"] for side in service["sides"])


def test_explain_names_every_site_with_a_reason(visit, node):
    node.fail("jp-osaka-1")
    found = visit().get("/api/v1/explain", params={"address": "133.11.0.1"}).json()
    assert (found["service"], found["via"], found["family"], found["why"]) == (SERVICE, "dns", 4, "nearest")
    assert (found["client"]["network"], found["client"]["country"], found["client"]["home"]) == ("133.11.0.0/24", "JP", "jp")
    assert sorted(each["site"] for each in found["sites"]) == sorted(SITES)
    first, last = found["sites"][0], found["sites"][-1]
    assert (first["rank"], first["addresses"]) == (1, found["answers"])
    assert (last["site"], last["rank"], last["filter"]) == ("jp-osaka-1", None, "up")
    assert "connection refused" in last["reason"]


def test_explain_by_http_gives_the_redirect(visit):
    found = visit().get("/api/v1/explain", params={"address": "133.11.0.1", "via": "http", "path": "/a%20b"}).json()
    assert found["answers"] == [f"http://{found['sites'][0]['site']}.example/a%20b"]


def test_explain_follows_the_family_that_is_asked_for(visit):
    found = visit().get("/api/v1/explain", params={"address": "133.11.0.1", "family": "6"}).json()
    assert found["answers"][0].startswith("2001:db8:")


@pytest.mark.parametrize("address", ["10.1.2.3", "::1", "0.0.0.0", "255.255.255.255", "2002:850b:1::1", "::ffff:133.11.0.1"])
def test_explain_takes_any_address(visit, address):
    assert visit().get("/api/v1/explain", params={"address": address}).status_code == 200


@pytest.mark.parametrize(
    ("question", "status"),
    [
        ({}, 422),
        ({"address": "nonsense"}, 422),
        ({"address": "133.11.0.1", "via": "gopher"}, 422),
        ({"address": "133.11.0.1", "path": "no-slash"}, 422),
        ({"address": "133.11.0.1", "service": "unknown.example"}, 404),
    ],
)
def test_explain_refuses_what_is_no_question(visit, question, status):
    problem(visit().get("/api/v1/explain", params=question), status)


def test_events_come_by_the_page_the_newest_first(visit, node):
    node.fail("jp-osaka-1")
    client = visit()
    first = client.get("/api/v1/events", params={"limit": 3}).json()
    numbers = [event["number"] for event in first]
    assert numbers == sorted(numbers, reverse=True)
    assert first[0]["kind"] == "site-down"
    second = client.get("/api/v1/events", params={"limit": 3, "before": numbers[-1]}).json()
    assert second[0]["number"] == numbers[-1] - 1


def test_config_tells_what_runs_and_what_was_refused(visit, node):
    fault = Fault("/etc/gslb.yaml", 7, "sites[0].region", "is missing")
    node.reload = Reload(datetime(2026, 11, 23, 4, tzinfo=UTC), accepted=False, faults=(fault,))
    found = visit().get("/api/v1/config").json()
    assert found["digest"] == reference().digest
    assert found["reload"]["faults"] == [{"file": "/etc/gslb.yaml", "line": 7, "key": "sites[0].region", "message": "is missing"}]
    assert found["geo"][0]["path"] == "bundled"
    assert found["limits"]["tcp_connections"] == 4096


# The incident, in words


def test_a_full_disk_is_in_the_headline(visit, node):
    node.remembers = False
    assert incident(visit())["headline"].startswith("Nothing can be written to the state directory")


def test_when_all_is_well_the_headline_says_so(visit):
    assert incident(visit()) == {"level": Severity.INFO, "headline": "All 13 sites are up.", "details": []}


def test_one_site_down_is_named_with_its_reason(visit, node):
    node.fail("jp-osaka-1")
    told = incident(visit())
    assert told["level"] == "warning"
    assert told["headline"].startswith("jp-osaka-1 is down: connection refused")
    assert told["headline"].endswith("its clients go elsewhere.")


def test_several_are_counted_and_each_is_a_detail(visit, node):
    node.fail("jp-osaka-1")
    node.fail("us-dallas-1", Verdict.WRONG_CONTENT, "another map")
    told = incident(visit())
    assert told["headline"] == "2 of 13 sites have trouble; their clients go elsewhere."
    assert any("us-dallas-1 serves wrong content" in detail for detail in told["details"])


def test_the_worst_is_the_headline(visit, node):
    for name in SITES:
        node.fail(name)
    told = incident(visit())
    assert told["level"] == "error"
    assert told["headline"].startswith(f"No site of {SERVICE} is well (everywhere)")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stale": True}, "old state of things"),
        ({"workers": 1}, "1 of 2 workers answer"),
        ({"reload": Reload(START, False, (Fault("gslb.yaml", 3, "node", "is missing"),))}, "gslb.yaml:3: node: is missing"),
    ],
)
def test_trouble_of_the_node_itself_is_told(visit, node, change, words):
    for name, value in change.items():
        setattr(node, name, value)
    node.feed.changed()
    assert words in incident(visit())["headline"]


def test_a_drain_is_no_trouble_but_told(visit, node):
    node.drain("jp-osaka-1", "a new disk", "ops", None)
    told = incident(visit())
    assert told["level"] == "info"
    assert told["headline"] == "jp-osaka-1 is drained by ops: a new disk."


def test_a_node_of_another_configuration_has_other_sites(visit, node):
    """While a reload is under way the reports may be of the old configuration."""
    node.configuration = replace(node.configuration, sites=node.configuration.sites[:3])
    node.feed.changed()
    assert [each["id"] for each in visit().get("/api/v1/sites").json()] == SITES[:3]
