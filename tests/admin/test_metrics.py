"""The numbers are true, well named, and documented."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import gslb
from gslb.admin import METRICS, Reload
from probes.verdict import Verdict
from tests.admin.bench import SERVICE, START, Bench
from tests.admin.manual import DOCUMENT, TABLES, metrics_document


def scraped(client, **orders: tuple[str, ...]) -> dict[str, dict[tuple, float]]:
    """By name and label values, in the order of the tables; the format has no order."""
    for table in TABLES.values():
        orders |= {name: labels for name, (_, labels) in table.items()}
    found: dict[str, dict[tuple, float]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            values = tuple(sample.labels[label] for label in orders.get(sample.name, ()))
            found.setdefault(sample.name, {})[values] = sample.value
    return found


def test_how_the_node_is(visit, node):
    found = scraped(visit())
    assert found["gslb_info"] == {("tokyo-1", gslb.__version__): 1}
    assert found["gslb_ready"] == {(): 1}
    assert found["gslb_world_number"] == {(): node.world.number}
    assert found["gslb_world_timestamp_seconds"] == {(): node.world_at.timestamp()}
    assert found["gslb_workers"] == {(): 2}


def test_how_the_sites_are(visit, node):
    node.fail("jp-osaka-1", family=6)
    node.fail("us-dallas-1", Verdict.WRONG_CONTENT)
    node.drain("jp-tokyo-1", "a new disk", "ops", None)
    node.wait(2.0)
    found = scraped(visit())
    assert found["gslb_site_up"][SERVICE, "dns", "4", "jp-osaka-1"] == 1
    assert found["gslb_site_up"][SERVICE, "dns", "6", "jp-osaka-1"] == 0
    assert found["gslb_site_wrong"][SERVICE, "http", "4", "us-dallas-1"] == 1
    assert found["gslb_site_drained"]["jp-tokyo-1",] == 1
    assert found["gslb_site_latency_seconds"]["tokyo", "jp-tokyo-1"] == pytest.approx(0.008)
    assert found["gslb_service_sites_up"][SERVICE, "dns", "4"] == 11
    assert found["gslb_service_sites_up"][SERVICE, "dns", "6"] == 10


def test_when_all_is_down_a_gauge_says_so(visit, node):
    assert set(scraped(visit())["gslb_service_all_down"].values()) == {0}
    for site in node.configuration.sites:
        node.fail(site.id)
    assert set(scraped(visit())["gslb_service_all_down"].values()) == {1}


def test_a_refused_configuration_shows(visit, node):
    assert scraped(visit())["gslb_config_reload_success"] == {(): 1}
    node.reload = Reload(START, False)
    found = scraped(visit())
    assert found["gslb_config_reload_success"] == {(): 0}
    assert found["gslb_config_reload_timestamp_seconds"] == {(): START.timestamp()}


def test_every_bound_of_the_configuration_is_a_gauge(visit, node):
    limits = scraped(visit())["gslb_limit"]
    assert limits["tcp_connections",] == 4096
    assert limits["cached_networks",] == 65536
    assert limits["admin_streams",] == 64


def test_what_the_doors_count_is_there_under_their_names(visit, node):
    node.metrics = {
        "gslb_dns_answers_total": ("Answers.", ("transport", "type", "rcode")),
        "gslb_worker_rss_bytes": ("Memory.", ("worker",)),
    }
    node.counted = {
        ("gslb_dns_answers_total", "udp", "A", "NOERROR"): 7,
        ("gslb_unheard_of_total",): 1,
        ("gslb_dns_answers_total", "udp"): 1,
    }
    node.gauged = {("gslb_worker_rss_bytes", "0"): 5e7}
    found = scraped(visit(), gslb_worker_rss_bytes=("worker",))
    assert found["gslb_dns_answers_total"] == {("udp", "A", "NOERROR"): 7}
    assert found["gslb_worker_rss_bytes"] == {("0",): 5e7}
    assert "gslb_unheard_of_total" not in found


def test_requests_and_events_are_counted_and_strange_methods_are_one(visit, node):
    client = visit()
    client.get("/healthz")
    client.request("BREW", "/")
    client.request("STEEP", "/")
    node.fail("jp-osaka-1")
    found = scraped(client)
    assert found["gslb_admin_requests_total"]["GET", "200"] >= 1
    assert found["gslb_admin_requests_total"]["other", "405"] == 2
    assert found["gslb_events_total"]["site-down",] == 4


def test_openmetrics_for_who_asks_for_it(visit):
    answer = visit().get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize("name", sorted({name for table in TABLES.values() for name in table}))
def test_names_lint(name):
    """prometheus.io/docs/practices/naming: base units, plural or not, in the name; _total for counters."""
    words, labels = next(table[name] for table in TABLES.values() if name in table)
    assert re.fullmatch(r"gslb(_[a-z0-9]+)+", name)
    assert not re.search(r"_(ms|milliseconds|minutes|percent|kilobytes|count|counter|gauge)(_|$)", name)
    assert words.endswith(".")
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[a-z][a-z_]*", label) and label not in ("le", "quantile", "job", "instance") for label in labels)


def test_no_name_is_in_two_tables():
    names = [name for table in TABLES.values() for name in table]
    assert len(names) == len(set(names))


def test_every_metric_of_the_table_is_scraped(visit):
    missing = set(METRICS) - set(scraped(visit()))
    # Those have samples only where there is something to tell.
    assert missing <= {"gslb_events_total", "gslb_admin_requests_total"}


def test_the_document_is_up_to_date():
    assert Path(DOCUMENT).read_text() == metrics_document(), "write it again: python -m tests.admin.manual"


def test_a_scrape_of_a_node_that_is_not_ready_works(visit, node):
    fresh = Bench()
    node.tracker, node.world = fresh.tracker, fresh.world
    found = scraped(visit())
    assert found["gslb_ready"] == {(): 0}
    assert set(found["gslb_site_up"].values()) == {0}
