"""/api/v1/flows: who is sent where, in numbers a second and in shares."""

import pytest

from gslb.admin.board import Boards
from gslb.admin.flows import flows_view
from gslb.admin.principal import LOOPBACK
from gslb.admin.stream import Teller
from tests.admin.bench import OWNER, SERVICE, VIEWER, Bench

ROWS = [
    [SERVICE, "jp", "JP", "dns", "jp-osaka-1", 60],
    [SERVICE, "jp", "JP", "http", "jp-osaka-1", 20],
    [SERVICE, "eu", "DE", "dns", "", 20],
]


@pytest.fixture
def busy(node: Bench) -> Bench:
    node.wait(60.0)
    node.flows.told({"flows": ROWS, "span_s": 0.5})
    return node


def test_flows_are_told_by_region_country_door_and_site(busy, visit):
    found = visit().get("/api/v1/flows").json()
    assert found["service"] is None
    assert [(row["region"], row["country"], row["door"], row["site"], row["share"]) for row in found["flows"]] == [
        ("jp", "JP", "dns", "jp-osaka-1", 0.6),
        ("jp", "JP", "http", "jp-osaka-1", 0.2),
        ("eu", "DE", "dns", None, 0.2),
    ]
    assert found["total_per_s"] == pytest.approx(100 / found["window_s"], rel=0.01)
    assert [(row["site"], row["share"], row["target"]) for row in found["sites"]] == [("jp-osaka-1", 0.8, None)]


def test_an_owner_sees_what_comes_to_the_own_sites_alone(busy, visit):
    found = visit(OWNER).get("/api/v1/flows", params={"service": SERVICE}).json()
    assert {row["site"] for row in found["flows"]} == {"jp-osaka-1"}
    assert visit(VIEWER).get("/api/v1/flows").json()["flows"][-1]["site"] is None


def test_a_service_that_nobody_has_and_a_window_without_sense_are_refused(busy, visit):
    assert visit().get("/api/v1/flows", params={"service": "other.example"}).status_code == 404
    assert visit().get("/api/v1/flows", params={"window": 0}).status_code == 422


def test_the_largest_flows_come_first_and_no_more_than_were_asked_for(busy, visit):
    assert len(visit().get("/api/v1/flows", params={"limit": 2}).json()["flows"]) == 2
    assert flows_view(busy.flows, LOOPBACK, None, 60, 1).flows[0].site == "jp-osaka-1"


def test_who_watches_hears_of_flows_once_for_each_step(busy):
    teller = Teller(Boards(busy), LOOPBACK)
    assert "flows" in [message.event for message in teller.whole()]
    assert [message.event for message in teller._changes()] == []
    busy.flows.version += 1
    (message,) = teller._changes()
    assert message.event == "flows"
