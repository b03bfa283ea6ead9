"""/api/v1/history and /api/v1/clients: how things were, and who asked."""

import pytest

from gslb.runtime.remembering import Remembering
from gslb.state.rollups import RANGES, Rollups
from tests.admin.bench import OPERATOR, OWNER, SERVICE, VIEWER, Bench
from tests.admin.conftest import Visit

CLIENTS = "gslb_http_clients_total"
SITE = "jp-osaka-1"


@pytest.fixture
def remembered(node: Bench) -> Bench:
    """A node that has been running for half a minute."""
    book = Rollups(None, 2000, node.utc)
    node.history.use(book)
    node.history._recollection.begin(node.history._counted(), node.now_s)
    for _ in range(3):
        node.wait(10.0)
        node.flows.told({"flows": [[SERVICE, "jp", "JP", "dns", SITE, 30], [SERVICE, "eu", "DE", "http", "", 10]], "span_s": 0.5})
        for key, count in {
            (CLIENTS, SERVICE, "ipxe", "redirected"): 20,
            (CLIENTS, SERVICE, "grub", "through"): 10,
            (CLIENTS, "", "curl", "refused"): 5,
            ("gslb_http_second_choices_total", SERVICE, SITE, "retry"): 3,
            ("gslb_http_second_choices_total", SERVICE, "gone", "retry"): 3,
            ("gslb_http_second_choices_total", SERVICE, "jp-tokyo-1", "avoid"): 1,
            ("gslb_http_second_choice_clients_total", "ipxe", "retry"): 3,
            ("gslb_http_second_choice_clients_total", "ipxe", "avoid"): 1,
        }.items():
            node.counted[key] = node.counted.get(key, 0) + count
        node.history._recollection.measured(SITE, "local", 8.0)
        node.history._recollection.measured(SITE, "local", 12.0)
        values = node.history._recollection.taken(
            node.world, node.history._counted(), node.history._recollection.latencies(), node.now_s
        )
        book.write(node.utc.timestamp() - 10, values)
    return node


def test_a_site_tells_its_history_as_a_whole_and_by_service_and_door(remembered, visit: Visit):
    found = visit().get(f"/api/v1/history/sites/{SITE}").json()
    assert (found["site"], found["range"], found["step_s"]) == (SITE, "1h", 10)
    series = {(each["name"], *each["labels"].values()): each["values"] for each in found["series"]}
    assert {len(values) for values in series.values()} == {360}
    assert series["up",][-3:] == [1.0, 1.0, 1.0]
    assert series["up", SERVICE, "dns", "4"][-1] == 1.0
    assert series["latency", "local"][-1] == 10.0
    assert series["latency_max", "local"][-1] == 12.0
    assert series["requests",][-2:] == [3.0, 3.0]
    assert series["share", SERVICE, "dns"][-1] == 1.0
    assert series["requests",][0] is None


def test_all_sites_are_told_in_short_and_an_owner_gets_the_own(remembered, visit):
    found = visit().get("/api/v1/history", params={"range": "24h"}).json()
    assert (found["step_s"], len(found["sites"])) == (60, 13)
    assert set(found["sites"][SITE]) == {"up", "latency", "share", "requests"}
    assert found["sites"][SITE]["latency"]["local"][-1] == 10.0
    assert list(visit(OWNER).get("/api/v1/history").json()["sites"]) == [SITE]
    assert visit(OWNER).get(f"/api/v1/history/sites/{SITE}").status_code == 200
    assert visit(OWNER).get("/api/v1/history/sites/jp-tokyo-1").status_code == 403


@pytest.mark.parametrize("name", RANGES)
def test_every_range_is_answered(remembered, visit, name):
    found = visit(VIEWER).get(f"/api/v1/history/sites/{SITE}", params={"range": name}).json()
    up = next(each for each in found["series"] if each == {**each, "name": "up", "labels": {}})
    assert up["values"][-1] == 1.0


def test_what_is_not_there_is_refused(remembered, visit):
    assert visit().get("/api/v1/history/sites/nowhere").status_code == 404
    assert visit().get("/api/v1/history", params={"range": "2h"}).status_code == 422
    assert visit().get("/api/v1/clients", params={"range": "1y"}).status_code == 422


def test_clients_are_told_by_kind_and_sites_by_who_did_not_want_them(remembered, visit):
    found = visit(OPERATOR).get("/api/v1/clients").json()
    kinds = {each["kind"]: each for each in found["kinds"]}
    assert list(kinds) == ["ipxe", "grub", "curl"]
    assert (kinds["grub"]["served_through"], kinds["grub"]["cannot_follow"], kinds["curl"]["refused"]) == (30, True, 15)
    ipxe = {name: kinds["ipxe"][name] for name in ("requests", "redirected", "retries", "avoided", "cannot_follow")}
    assert ipxe == {"requests": 60, "redirected": 60, "retries": 9, "avoided": 3, "cannot_follow": False}
    assert [(each["site"], each["retries"], each["avoided"], each["share"]) for each in found["failures"]] == [
        (SITE, 9, 0, 0.75), ("jp-tokyo-1", 0, 3, 0.25),
    ]  # fmt: skip
    assert visit(OWNER).get("/api/v1/clients").status_code == 403


def test_while_there_is_no_history_yet_that_is_said(node, visit, monkeypatch):
    counted = node.history._counted
    node.history = Remembering(lambda: node.configuration, lambda: node.world, counted, node.journal)
    monkeypatch.setattr("gslb.runtime.remembering.OPENED_WITHIN_S", 0.01)
    answer = visit().get("/api/v1/history")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert "history" in answer.json()["detail"]


def test_a_history_may_be_asked_for_in_part_and_in_fewer_values(remembered, visit: Visit):
    whole = visit().get("/api/v1/history").json()
    part = visit().get("/api/v1/history", params={"series": "latency", "points": 60}).json()
    assert part["step_s"] == 6 * whole["step_s"]
    assert part["sites"][SITE]["up"] == []
    (values,) = part["sites"][SITE]["latency"].values()
    assert len(values) == 60
    assert [value for value in values if value is not None] == [10.0]
    for wrong in ({"series": "octets"}, {"points": 1}):
        assert visit().get("/api/v1/history", params=wrong).status_code == 422
