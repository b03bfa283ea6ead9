"""POST /api/v1/simulate and GET /api/v1/coverage: the real engine, in the real process of its own."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from starlette.exceptions import HTTPException

from gslb.admin.simulate import WAITING_MOST, NetworksBody, Reading, WeighedNetwork
from gslb.errors import BusyError
from gslb.model import Limits, View
from gslb.runtime.simulating import Simulating
from gslb.steering.simulation import Crowd, Question, settled
from tests.admin.bench import OWNER, SERVICE, VIEWER, geo_index

OFF = {"kind": "off", "site": "jp-tokyo-1"}
JAPAN = {
    "kind": "networks",
    "networks": [{"network": f"133.{number}.0.0/16", "weight": 1 + number % 3} for number in range(1, 60)],
}


def simulated(client, status=200, **body):
    response = client.post("/api/v1/simulate", json=body)
    assert response.status_code == status, response.text
    return response.json()


def test_what_if_tells_before_and_after_side_by_side_and_loopback_may_ask(visit):
    client = visit()
    told = simulated(client, changes=[OFF], population=JAPAN, load_mbit_s=1000)
    assert told["service"] == SERVICE
    assert (told["via"], told["family"]) == ("dns", "4")
    assert told["population"] == {"kind": "networks", "clients": 59, "source": "59 networks that were given"}
    sites = {site["site"]: site for site in told["sites"]}
    assert sites["jp-tokyo-1"]["before"]["share"] > 0
    assert sites["jp-tokyo-1"]["after"]["share"] == 0
    assert told["moved"] == pytest.approx(sites["jp-tokyo-1"]["before"]["share"], abs=1e-5)
    assert {move["from"] for move in told["moves"]} == {"jp-tokyo-1"}
    assert told["sentence"].startswith("Without jp-tokyo-1, ")
    assert told["none"] == {"before": 0, "after": 0}
    assert told["decisions"] == 118
    assert client.get("/api/v1/sites/jp-tokyo-1").json()["condition"] != "down", "nothing was changed"


def test_countries_are_the_population_of_who_brings_none_and_are_drawn_once(visit, node):
    client = visit()
    told = simulated(client)
    assert told["population"]["kind"] == "countries"
    assert told["population"]["clients"] > 10_000
    assert "Internet users of 2019" in told["population"]["source"]
    assert told["sentence"] == "Nothing is changed."
    assert told["moved"] == 0
    assert {region["region"] for region in told["regions"]} == {"us", "eu", "jp"}
    again = simulated(client, changes=[{"kind": "drain", "site": "eu-london-1"}], via="http", family="6")
    assert again["family"] == "6"
    assert len(node.simulating._crowds) == 2


def test_rules_and_weights_are_tried_too(visit):
    rule = {"kind": "rule", "rule": {"match": {"country": "JP"}, "prefer": ["us-dallas-1"]}}
    told = simulated(visit(VIEWER), changes=[rule], population=JAPAN)
    assert told["moved"] == 1
    assert [move["to"] for move in told["moves"]] == ["us-dallas-1"] * len(told["moves"])
    weight = {"kind": "weight", "site": "jp-tokyo-1", "weight": 0}
    told = simulated(visit(VIEWER), changes=[weight], population=JAPAN)
    assert next(site["after"]["share"] for site in told["sites"] if site["site"] == "jp-tokyo-1") == 0


def test_who_asked_lately_is_a_population_too(visit, node):
    asked = [[SERVICE, "A", 4, 133 << 24 | number << 16, 24] for number in range(1, 41)]
    node.wait(60.0)
    node.flows.told({"flows": [[SERVICE, "jp", "JP", "dns", "jp-osaka-1", 80]], "span_s": 0.5, "asked": asked})
    told = simulated(visit(), population={"kind": "recent"}, changes=[OFF])
    assert told["population"]["clients"] == 40
    assert told["population"]["source"] == "40 networks that asked this node in the last five minutes"
    assert sum(site["before"]["share"] for site in told["sites"] if site["region"] == "jp") == pytest.approx(1)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"changes": [{"kind": "off", "site": "nowhere"}]}, "changes.0.site"),
        ({"changes": [OFF, {"kind": "rule", "rule": {"match": {"asn": 1}, "never": ["mars"]}}]}, "changes.1.rule.never.0"),
        (
            {"changes": [{"kind": "rule", "service": "no.example", "rule": {"match": {"asn": 1}, "never": ["jp"]}}]},
            "changes.0.service",
        ),
        ({"service": "no.example"}, "service"),
        ({"population": {"kind": "networks", "networks": [{"network": "nonsense"}]}}, "population.networks.0.network"),
        ({"population": {"kind": "networks", "networks": [{"network": "1.2.3.4", "weight": 0}]}}, "population.networks"),
        ({"population": {"kind": "recent"}}, "population"),
        ({"load_mbit_s": -1}, "load_mbit_s"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_what_can_not_be_meant_is_refused_beside_its_field(visit, body, field):
    told = simulated(visit(), 422, **body)
    assert [error["field"] for error in told["errors"]] == [field]


def test_more_networks_than_allowed_are_refused_and_so_is_a_body_beyond_a_megabyte(visit):
    many = {
        "kind": "networks",
        "networks": [{"network": f"{10 + number // 65536}.{number // 256 % 256}.{number % 256}.0"} for number in range(10_001)],
    }
    told = simulated(visit(), 422, population=many)
    assert "limits.simulated_networks is 10000" in told["detail"]
    longer = visit().post(
        "/api/v1/simulate",
        content=json.dumps({"population": {"kind": "networks", "networks": [{"network": "1.2.3.4" + " " * (1 << 20)}]}}),
    )
    assert longer.status_code == 413
    short = visit().post("/api/v1/login", content=b"x" * 20_000)
    assert short.status_code == 413, "all others are as short as before"


async def test_thousands_of_networks_are_read_beside_the_loop_of_few_bodies_at_once(node):
    networks = [WeighedNetwork(network=f"10.{number >> 8}.{number & 255}.0/24") for number in range(2000)]
    body = NetworksBody(kind="networks", networks=networks)
    reading = Reading()
    asked = [asyncio.create_task(reading.crowd(node, body, SERVICE)) for _ in range(WAITING_MOST)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in asked), "the loop goes on meanwhile"
    with pytest.raises(HTTPException) as refused:
        await reading.crowd(node, body, SERVICE)
    assert refused.value.status_code == 503
    crowds = [*await asyncio.gather(*asked), await reading.crowd(node, body, SERVICE)]
    assert {len(crowd) for crowd in crowds if crowd is not None} == {2000}, "nobody waits any more"


def test_an_owner_does_not_see_all_sites_and_a_page_of_others_gets_nothing(visit):
    simulated(visit(OWNER), 403)
    assert visit().post("/api/v1/simulate", json={}, headers={"Origin": "http://evil.example"}).status_code == 401
    assert visit(peer="198.51.100.7").post("/api/v1/simulate", json={}).status_code == 401


def test_coverage_tells_who_gets_which_site_and_is_kept_for_a_minute(visit, node):
    began = node.simulating.counts["done",]
    for by, key in (("region", "jp"), ("country", "JP"), ("asn", "")):
        told = visit().get("/api/v1/coverage", params={"by": by}).json()
        row = next(row for row in told["rows"] if row["key"] == key)
        assert sum(row["share"] for row in told["rows"]) == pytest.approx(1, abs=0.01)
        assert row["chosen"] == max(row["sites"], key=lambda site: site["share"])["site"]
        assert row["measured_networks"] == 0
    assert (
        next(row["label"] for row in visit().get("/api/v1/coverage?by=country").json()["rows"] if row["key"] == "JP") == "Japan"
    )
    assert node.simulating.counts["done",] - began == 3
    assert visit().get("/api/v1/coverage", params={"by": "moon"}).status_code == 422
    assert visit(OWNER).get("/api/v1/coverage").status_code == 403


def test_where_clients_measured_another_site_to_be_faster_the_row_says_so(visit, node):
    sites = {site.id for site in node.configuration.sites}
    rows = [[f"{number:016x}", "133.11.0.0/16", [["jp-tokyo-1", 200], ["us-dallas-1", 20]]] for number in range(3)]
    node.measured.take(rows, sites, 100, time.time())
    assert len(node.measured) == 2
    row = next(row for row in visit().get("/api/v1/coverage?by=country").json()["rows"] if row["key"] == "JP")
    assert row["measured_by"] == "clients"
    assert row["measured_networks"] == 1
    assert row["fastest_measured"] == "us-dallas-1"
    if row["chosen"] == "jp-tokyo-1":
        assert (row["disagrees"], row["gain_ms"]) == (True, 180.0)
    else:
        assert (row["disagrees"], row["gain_ms"]) == (False, None)
    assert {site["site"]: site["latency_ms"] for site in row["sites"]}["us-dallas-1"] == 20.0


async def test_one_at_a_time_and_who_waits_too_long_is_told_so(node, monkeypatch):
    monkeypatch.setattr("gslb.runtime.simulating.WAIT_S", 0.05)
    simulating = Simulating(geo_index, Limits, None)
    world = settled(node.world)
    crowd = Crowd.of("networks", "made up", [(4, 133 << 24, 24, 1.0)])
    question = Question(world, world, SERVICE, View.DNS4, crowd)
    first = asyncio.create_task(simulating.run(question))
    await asyncio.sleep(0)
    with pytest.raises(BusyError, match="another simulation runs"):
        await simulating.run(question)
    assert (await first).found.clients == 1
    assert simulating.counts == {("done",): 1, ("refused",): 1}
