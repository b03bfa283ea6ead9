"""Overrides, maintenance and what-ifs over the API: who may, what comes of it, and how it is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.admin.bench import OPERATOR, OWNER, REFERENCE, SERVICE, VIEWER, Bench

OVERRIDES, MAINTENANCE, APPLY = "/api/v1/overrides", "/api/v1/maintenance", "/api/v1/apply"
SITE = "jp-osaka-1"
WEIGHT = {"kind": "weight", "site": SITE, "weight": 10, "reason": "too much traffic", "for_s": 600}
NETWORK = {"network": ["133.11.0.0/16"]}
RULE = {
    "kind": "rule",
    "service": SERVICE,
    "rule": {"match": NETWORK, "prefer": ["jp-fukuoka-1"]},
    "reason": "faster",
    "for_s": 60,
}


def in_hours(node: Bench, start: float, end: float, site: str = SITE, **more: str) -> dict[str, str]:
    times = {name: (node.utc + timedelta(hours=hours)).isoformat() for name, hours in (("start", start), ("end", end))}
    return {"site": site, "reason": "new disks", **times, **more}


def weight(node: Bench, site: str = SITE) -> int:
    node.wait(1)
    return int(node.world.configuration.site(site).weight)


def undo(visit, number: int, token: str = OPERATOR) -> int:
    return int(visit(token).post(f"/api/v1/acts/{number}/undo", json={"why": "a mistake"}).status_code)


# Overrides


def test_a_weight_counts_for_its_time_and_is_shown_with_who_and_why(visit, node):
    made = visit(OPERATOR).post(OVERRIDES, json=WEIGHT)
    assert made.status_code == 201
    (shown,) = visit().get(OVERRIDES).json()
    assert shown == made.json()
    assert (shown["kind"], shown["site"], shown["weight"], shown["configured_weight"]) == ("weight", SITE, 10, 100)
    assert (shown["who"], shown["reason"], shown["rule"]) == ("ops", "too much traffic", None)
    assert weight(node) == 10
    site = visit().get(f"/api/v1/sites/{SITE}").json()
    assert (site["weight"], site["weight_now"]) == (100, 10)
    node.wait(600)
    assert weight(node) == 100
    assert visit().get(OVERRIDES).json() == []


def test_a_rule_is_shown_as_it_was_asked_for(visit):
    made = visit(OPERATOR).post(OVERRIDES, json={**RULE, "service": None})
    assert made.status_code == 201, made.json()
    assert made.json()["rule"] == {"match": NETWORK, "prefer": ["jp-fukuoka-1"], "until": None}
    assert made.json()["service"] == SERVICE


def test_explain_tells_who_weighed_the_site_and_whose_rule_it_is(visit, node):
    visit(OPERATOR).post(OVERRIDES, json=RULE)
    visit(OPERATOR).post(OVERRIDES, json={**WEIGHT, "site": "jp-fukuoka-1"})
    node.wait(1)
    explained = visit().get("/api/v1/explain", params={"address": "133.11.0.1"}).json()
    first = explained["sites"][0]
    assert first["site"] == "jp-fukuoka-1"
    assert "a rule prefers jp-fukuoka-1 by an override of ops until 2026-11-23 03:01 UTC: faster" in first["reason"]
    assert "weight 10 by an override of ops until 2026-11-23 03:10 UTC: too much traffic" in first["reason"]
    visit(OPERATOR).post(OVERRIDES, json={**RULE, "rule": {"match": NETWORK, "never": "us"}})
    node.wait(1)
    explained = visit().get("/api/v1/explain", params={"address": "133.11.0.1"}).json()
    dropped = next(each for each in explained["sites"] if each["region"] == "us")
    assert "are never served by us (by an override of ops until" in dropped["reason"]


def test_an_override_is_taken_back_with_a_reason(visit, node):
    made = visit(OPERATOR).post(OVERRIDES, json=WEIGHT).json()
    gone = visit(OPERATOR).request("DELETE", f"{OVERRIDES}/{made['id']}", json={"reason": "enough"})
    assert gone.status_code == 204
    assert weight(node) == 100
    assert node.acts.latest(1)[0].why == "enough"
    assert visit(OPERATOR).delete(f"{OVERRIDES}/{made['id']}").status_code == 404


def test_who_may_not_override_changes_nothing(visit, node):
    for token in (VIEWER, OWNER):
        assert visit(token).post(OVERRIDES, json=WEIGHT).status_code == 403
        assert visit(token).post(APPLY, json={"changes": [{"kind": "off", "site": SITE}], "reason": "x"}).status_code == 403
        assert visit(token).delete(f"{OVERRIDES}/w-1").status_code == 403
    assert visit().post(OVERRIDES, json=WEIGHT).status_code == 401
    assert node.orders.overrides == ()


def test_an_owner_sees_what_is_about_the_own_sites(visit):
    visit(OPERATOR).post(OVERRIDES, json=WEIGHT)
    visit(OPERATOR).post(OVERRIDES, json=RULE)
    visit(OPERATOR).post(OVERRIDES, json={**WEIGHT, "site": "jp-tokyo-1"})
    assert [each["site"] for each in visit(OWNER).get(OVERRIDES).json()] == [SITE]
    assert len(visit(VIEWER).get(OVERRIDES).json()) == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"site": "nowhere"}, "site"),
        ({"weight": -1}, "weight.weight"),
        ({"weight": "10"}, "weight.weight"),
        ({"reason": " "}, "weight.reason"),
        ({"reason": "a\u202eb"}, "weight.reason"),
        ({"reason": "two\nlines"}, "weight.reason"),
        ({"for_s": 0}, "weight.for_s"),
        ({"more": 1}, "weight.more"),
        ({"kind": "other"}, "body"),
    ],
    ids=["site", "negative", "text", "blank", "turned", "lines", "no-time", "more", "kind"],
)
def test_a_bad_weight_is_told_beside_its_field(visit, node, change, field):
    refused = visit(OPERATOR).post(OVERRIDES, json={**WEIGHT, **change})
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == [field]
    assert node.orders.overrides == ()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"match": {}, "prefer": ["jp"]}, "names nobody"),
        ({"match": NETWORK}, "says nothing"),
        ({"match": NETWORK, "prefer": ["jp"], "never": ["us"]}, "at once"),
        ({"match": {"network": ["133.11.0.1/16"]}, "prefer": ["jp"]}, "write 133.11.0.0/16"),
        ({"match": {"country": ["UK"]}, "prefer": ["jp"]}, "did you mean GB"),
        ({"match": {"asn": [0]}, "prefer": ["jp"]}, "greater than or equal to 1"),
        ({"match": NETWORK, "prefer": ["nowhere"]}, "there is no site or region nowhere"),
        ({"match": NETWORK, "prefer": ["jp"], "until": "soon"}, "not a date"),
        ({"match": NETWORK, "prefer": ["jp"], "until": "2026-02-28"}, "is over, as today is"),
    ],
    ids=["nobody", "nothing", "both", "bits", "country", "asn", "target", "until", "over"],
)
def test_a_bad_rule_is_told_in_the_words_of_the_configuration(visit, node, rule, words):
    refused = visit(OPERATOR).post(OVERRIDES, json={**RULE, "rule": rule})
    assert refused.status_code == 422
    assert words in refused.json()["detail"]
    assert node.orders.overrides == ()


# Maintenance


def test_maintenance_is_planned_runs_and_is_done(visit, node):
    made = visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 1, 3, owner="osaka"))
    assert made.status_code == 201, made.json()
    assert made.json()["warnings"] == []
    assert (made.json()["state"], made.json()["owner"], made.json()["who"]) == ("planned", "osaka", "ops")
    node.wait(3600)
    (shown,) = visit().get(MAINTENANCE).json()
    assert shown["state"] == "running"
    site = visit().get(f"/api/v1/sites/{SITE}").json()
    assert (site["condition"], site["drain"]["owner"], site["drain"]["left"]) == (
        "drained",
        "osaka",
        {"per_s": 0.0, "share": 0.0},
    )
    node.wait(7200)
    node.round()
    site = visit().get(f"/api/v1/sites/{SITE}").json()
    assert (site["condition"], site["drain"]) == ("starting", None)
    assert site["returning"] is not None
    assert visit().get(MAINTENANCE).json()[0]["state"] == "done"


def test_what_still_goes_to_a_drained_site_counts_down(visit, node):
    node.wait(60)
    sent = [[SERVICE, "jp", "JP", "dns", SITE, 60], [SERVICE, "jp", "JP", "dns", "jp-tokyo-1", 20]]
    node.flows.told({"flows": sent, "span_s": 0.5})
    visit(OPERATOR).post(f"/api/v1/sites/{SITE}/drain", json={"reason": "new disks"})
    (listed,) = [site for site in visit().get("/api/v1/sites").json() if site["id"] == SITE]
    for shown in (visit().get(f"/api/v1/sites/{SITE}").json(), listed):
        assert shown["drain"]["left"]["share"] == 0.75
        assert shown["drain"]["left"]["per_s"] > 1
    node.wait(30)
    node.flows.told({"flows": [], "span_s": 0.5})
    assert visit().get(f"/api/v1/sites/{SITE}").json()["drain"]["left"] == {"per_s": 0.0, "share": 0.0}


def test_an_owner_plans_for_the_own_sites_alone(visit, node):
    assert visit(OWNER).post(MAINTENANCE, json=in_hours(node, 1, 2)).status_code == 201
    assert visit(OWNER).post(MAINTENANCE, json=in_hours(node, 1, 2, "jp-tokyo-1")).status_code == 403
    other = visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 1, 2, "jp-tokyo-1")).json()
    assert [each["site"] for each in visit(OWNER).get(MAINTENANCE).json()] == [SITE]
    assert visit(OWNER).delete(f"{MAINTENANCE}/{other['id']}").status_code == 404
    assert visit(VIEWER).post(MAINTENANCE, json=in_hours(node, 5, 6)).status_code == 403
    assert visit(VIEWER).delete(f"{MAINTENANCE}/{other['id']}").status_code == 403


def test_what_overlaps_is_refused_in_words(visit, node):
    visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 1, 3))
    refused = visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 2, 4))
    assert refused.status_code == 409
    assert "has maintenance from 2026-11-23" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"site": "nowhere"}, "site"),
        ({"end": "2026-11-01T00:00:00Z"}, "end"),
        ({"start": "2026-11-24T00:00:00"}, "start"),
        ({"start": "tomorrow"}, "start"),
        ({"start": 5}, "start"),
        ({"start": "2036-11-24T00:00:00Z", "end": "2036-11-25T00:00:00Z"}, "start"),
        ({"end": "2036-11-24T00:00:00Z"}, "end"),
        ({"start": "0001-01-01T00:00:00+23:59"}, "start"),
        ({"owner": ""}, "owner"),
    ],
    ids=["site", "over", "no-offset", "word", "number", "far", "long", "beyond", "nobody"],
)
def test_bad_maintenance_is_told_beside_its_field(visit, node, change, field):
    refused = visit(OPERATOR).post(MAINTENANCE, json={**in_hours(node, 1, 2), **change})
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == [field]
    assert node.orders.maintenance == ()


def test_a_region_that_is_left_short_is_told_when_that_is_planned(visit, node):
    first = [site.id for site in node.configuration.sites if site.region == "us"][:2]
    assert visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 1, 3, first[0])).json()["warnings"] == []
    (warning,) = visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 2, 4, first[1])).json()["warnings"]
    assert warning.startswith("from 2026-11-23 05:00 UTC region us has 33% of its capacity")
    assert f"with {first[0]} (new disks) out as well" in warning
    assert "go to the next region" in warning


def test_what_is_over_is_not_cancelled_and_what_runs_lets_the_site_in(visit, node):
    made = visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 0, 1)).json()
    assert made["state"] == "running"
    assert visit(OPERATOR).delete(f"{MAINTENANCE}/{made['id']}").status_code == 204
    node.wait(1)
    assert node.world.drains == {}
    assert visit(OPERATOR).delete(f"{MAINTENANCE}/{made['id']}").status_code == 409
    assert visit(OPERATOR).delete(f"{MAINTENANCE}/m-none").status_code == 404


def test_the_calendar_is_cut_to_what_is_asked_for(visit, node):
    for start in (1, 5, 9):
        visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, start, start + 1))
    asked = {"from": (node.utc + timedelta(hours=4)).isoformat(), "to": (node.utc + timedelta(hours=8)).isoformat()}
    assert len(visit().get(MAINTENANCE, params=asked).json()) == 1
    assert visit().get(MAINTENANCE, params={"from": "yesterday"}).status_code == 422


# What-ifs that come true


def test_all_of_a_what_if_is_done(visit, node):
    changes = [
        {"kind": "weight", "site": "jp-tokyo-1", "weight": 0},
        {"kind": "rule", "rule": {"match": {"country": "DE"}, "only": "eu"}},
        {"kind": "rule", "rule": {"match": {"country": "DE"}, "prefer": "us"}},
        {"kind": "off", "site": SITE},
    ]
    done = visit(OPERATOR).post(APPLY, json={"changes": changes, "reason": "a plan", "for_s": 600})
    assert done.status_code == 201, done.json()
    assert done.json()["drains"] == [SITE]
    assert [each["kind"] for each in done.json()["overrides"]] == ["weight", "rule", "rule"]
    assert len(done.json()["acts"]) == 4
    assert weight(node, "jp-tokyo-1") == 0
    assert [rule.action for rule in node.world.configuration.service(SERVICE).rules[:2]] == ["only", "prefer"]
    assert list(node.world.drains) == [SITE]
    node.wait(600)
    assert weight(node, "jp-tokyo-1") == 100
    assert node.world.drains == {}


def test_with_one_bad_change_nothing_of_it_is_done(visit, node):
    changes = [
        {"kind": "weight", "site": SITE, "weight": 0},
        {"kind": "drain", "site": "nowhere"},
        {"kind": "weight", "site": SITE, "weight": 5},
    ]
    refused = visit(OPERATOR).post(APPLY, json={"changes": changes, "reason": "a plan"})
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == ["changes.1.site", "changes.2.site"]
    assert node.orders.overrides == ()
    assert node.acts.latest(5) == []


def test_too_many_overrides_are_refused_whole(visit, node):
    node.configuration = replace(node.configuration, limits=replace(node.configuration.limits, overrides=1))
    changes = [{"kind": "weight", "site": site, "weight": 0} for site in (SITE, "jp-tokyo-1")] + [{"kind": "off", "site": "eu-1"}]
    refused = visit(OPERATOR).post(APPLY, json={"changes": changes[:2], "reason": "a plan"})
    assert refused.status_code == 409
    assert "limits.overrides" in refused.json()["detail"]
    assert node.orders.overrides == ()


def test_a_diff_is_of_the_file_with_its_comments_and_changes_nothing(visit, node, tmp_path):
    path = Path(tmp_path) / "gslb.yaml"
    path.write_text(REFERENCE.read_text())
    node.configuration = replace(node.configuration, file=str(path))
    changes = [{"kind": "weight", "site": SITE, "weight": 7}, {"kind": "rule", "rule": RULE["rule"]}]
    shown = visit(OPERATOR).post(APPLY, json={"changes": changes, "reason": "a plan", "as": "diff"})
    assert shown.status_code == 200, shown.json()
    diff = shown.json()["diff"]
    assert diff.startswith(f"--- {path}\n+++ {path}\n@@ ")
    assert "7" in next(line for line in diff.splitlines() if line.startswith("+") and "weight" in line)
    assert [line for line in diff.splitlines()[2:] if line.startswith("-") and "#" in line.partition("#")[1]] == []
    assert path.read_text() == REFERENCE.read_text()
    assert node.orders.overrides == ()


@pytest.mark.parametrize(
    ("change", "more", "status"),
    [
        ({"kind": "off", "site": SITE}, {}, 422),
        ({"kind": "weight", "site": SITE, "weight": 7}, {"for_s": 60}, 422),
    ],
    ids=["drain", "end"],
)
def test_what_the_configuration_has_no_word_for_is_no_diff(visit, change, more, status):
    refused = visit(OPERATOR).post(APPLY, json={"changes": [change], "reason": "a plan", "as": "diff", **more})
    assert refused.status_code == status


def test_a_file_that_is_gone_or_broken_is_told(visit, node, tmp_path):
    body = {"changes": [{"kind": "weight", "site": SITE, "weight": 7}], "reason": "a plan", "as": "diff"}
    node.configuration = replace(node.configuration, file=str(tmp_path / "gone.yaml"))
    refused = visit(OPERATOR).post(APPLY, json=body)
    assert refused.status_code == 409
    assert "can't be read" in refused.json()["detail"]
    (tmp_path / "gone.yaml").write_text("node: 1\nsites: 3\n")
    assert visit(OPERATOR).post(APPLY, json=body).status_code == 409


# Acts taken back


def test_an_override_is_undone_and_the_one_before_is_there_again(visit, node):
    visit(OPERATOR).post(OVERRIDES, json={**WEIGHT, "weight": 50})
    visit(OPERATOR).post(OVERRIDES, json=WEIGHT)
    act = node.acts.latest(1)[0]
    assert (act.action, act.before["weight"], act.after["weight"]) == ("override", 50, 10)
    assert undo(visit, act.number) == 201
    assert weight(node) == 50
    assert undo(visit, act.number) == 409


def test_the_end_of_an_override_is_undone_while_it_would_still_be(visit, node):
    for body in (WEIGHT, RULE):
        made = visit(OPERATOR).post(OVERRIDES, json=body).json()
        visit(OPERATOR).delete(f"{OVERRIDES}/{made['id']}")
        assert undo(visit, node.acts.latest(1)[0].number) == 201
    assert [each.until.isoformat() for each in node.orders.overrides] == [
        (node.utc + timedelta(seconds=for_s)).isoformat() for for_s in (600, 60)
    ]
    made = visit(OPERATOR).get(OVERRIDES).json()[0]
    visit(OPERATOR).delete(f"{OVERRIDES}/{made['id']}")
    number = node.acts.latest(1)[0].number
    node.wait(61)
    assert undo(visit, number) == 409


def test_an_owner_leaves_room_in_the_calendar_for_others(visit, node):
    node.configuration = replace(node.configuration, limits=replace(node.configuration.limits, maintenance=4))
    planned = [visit(OWNER).post(MAINTENANCE, json=in_hours(node, hour, hour + 1)).status_code for hour in (1, 3, 5)]
    assert planned == [201, 201, 409]
    assert visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 7, 8)).status_code == 201
    assert visit(OPERATOR).post(MAINTENANCE, json=in_hours(node, 1, 8, "us-dallas-1")).status_code == 201


def test_maintenance_is_cancelled_and_planned_again(visit, node):
    visit(OWNER).post(MAINTENANCE, json=in_hours(node, 1, 2))
    planned = node.acts.latest(1)[0]
    assert undo(visit, planned.number, OWNER) == 201
    assert [each.state.value for each in node.orders.maintenance] == ["cancelled"]
    made = visit(OWNER).post(MAINTENANCE, json=in_hours(node, 3, 4)).json()
    visit(OWNER).delete(f"{MAINTENANCE}/{made['id']}")
    assert undo(visit, node.acts.latest(1)[0].number, OWNER) == 201
    assert [each.state.value for each in node.orders.maintenance if each.open] == ["planned"]


def test_an_act_on_what_is_over_can_not_be_undone(visit, node):
    visit(OPERATOR).post(OVERRIDES, json=RULE)
    number = node.acts.latest(1)[0].number
    node.wait(61)
    assert undo(visit, number) == 409
    assert node.orders.overrides == ()
