"""What is in config/prometheus and config/grafana, by Prometheus itself: it scrapes a demo, and asks all of it."""

import json
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from tests.admin.manual import TABLES
from tests.monitoring.dashboard import DOCUMENT, expressions, written
from tests.ports import free_port
from tests.scenarios.demo import Demo
from tests.scenarios.node import HOST

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "config" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
RULES = YAML(typ="safe", pure=True).load((FOLDER / "gslb.rules.yaml").read_text())["groups"]
ALERTS = [rule for group in RULES for rule in group["rules"] if "alert" in rule]
EXPRESSIONS = [rule["expr"] for group in RULES for rule in group["rules"]] + expressions()
KNOWN = {name for table in TABLES.values() for name in table} | {
    rule["record"] for group in RULES for rule in group["rules"] if "record" in rule
}

# Of a node at its ease: nothing of these has happened yet, or nobody has asked for it.
MAY_BE_EMPTY = re.compile(
    "through|dnssec|notifies|dropped|limited|closed|second_choices|gslb_acts|gslb_alerts|content_octets|client_subnet|verdict!="
    "|incidents_open|gslb_history|degraded"
)


def test_the_dashboard_is_up_to_date():
    assert DOCUMENT.read_text() == written(), "write it again: python -m tests.monitoring.dashboard"


def test_every_metric_that_is_asked_for_exists():
    asked = " ".join(re.sub(r'"[^"]*"', '""', expression) for expression in EXPRESSIONS)
    assert set(re.findall(r"\b(?:\w+:)?gslb_[a-z0-9_]+(?::\w+)?", asked)) - KNOWN == set()


def test_every_alert_has_a_section_in_the_runbook_and_every_section_an_alert():
    anchors = {rule["annotations"]["runbook"].removeprefix("docs/runbook.md#") for rule in ALERTS}
    assert anchors == set(re.findall(r"^## (\S+)$", RUNBOOK, re.MULTILINE))
    assert len(anchors) == len(ALERTS)


def promtool(*words: str, **more: Any) -> str:
    said: subprocess.CompletedProcess[str] = subprocess.run(
        ["promtool", *words], cwd=FOLDER, capture_output=True, text=True, timeout=100, check=False, **more
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout + said.stderr


def test_promtool_finds_no_fault_and_the_alerts_ring_when_they_should():
    promtool("check", "config", "prometheus.yaml")
    promtool("check", "rules", "gslb.rules.yaml")
    promtool("test", "rules", "gslb.rules.test.yaml")


class Prometheus:
    def __init__(self, target: str, folder: Path) -> None:
        text = (FOLDER / "prometheus.yaml").read_text().replace("127.0.0.1:8053", target).replace("15s", "1s")
        (folder / "prometheus.yaml").write_text(text)
        (folder / "gslb.rules.yaml").write_text((FOLDER / "gslb.rules.yaml").read_text())
        address = f"127.0.0.1:{free_port()}"
        self._log = (folder / "log").open("w")
        self._http = httpx.Client(base_url=f"http://{address}/api/v1", trust_env=False, timeout=20)
        command = [
            "prometheus",
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={address}",
        ]
        self.process = subprocess.Popen(command, cwd=folder, stdout=self._log, stderr=self._log)

    def ask(self, path: str, **parameters: str) -> Any:
        told = self._http.get(path, params=parameters).json()
        assert told["status"] == "success", told
        return told["data"]

    def value(self, expression: str) -> list[Any]:
        return list(self.ask("query", query=expression)["result"])

    def has(self, expression: str) -> bool:
        try:
            return bool(self.value(expression))
        except (httpx.TransportError, ValueError):  # not there, or not ready, yet
            return False

    def end(self) -> None:
        self._http.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self._log.close()


def wait_for(condition: Callable[[], Any], what: str, within_s: float = 60) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, f"not within {within_s} s: {what}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        demo.wait_for("^Dashboard ", 60)
        yield demo
        demo.process.send_signal(signal.SIGTERM)
        assert demo.end() == 0


@pytest.fixture(scope="module")
def prometheus(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Has scraped the node several times since the doors were asked."""
    host, _, port = demo.dns.rpartition(":")
    prometheus = Prometheus(demo.admin, tmp_path_factory.mktemp("prometheus"))
    try:
        wait_for(lambda: prometheus.has('count_over_time(up{job="gslb"}[5m]) > 1'), "two scrapes")
        for _ in range(3):
            subprocess.run(["dig", f"@{host}", "-p", port, HOST, "A", "+short"], check=True, capture_output=True, timeout=30)
            httpx.get(f"http://{demo.http}/", headers={"Host": HOST}, trust_env=False)
        asked = " and on (instance) ".join(
            ("gslb_http_steered_total", "gslb_dns_steered_total", "gslb_content_sites", "count_over_time(up[5m]) > 5")
        )
        wait_for(lambda: prometheus.has(asked), "what was asked is counted")
        scrapes = f"count_over_time(up[5m]) > {int(float(prometheus.value('count_over_time(up[5m])')[0]['value'][1])) + 3}"
        wait_for(lambda: prometheus.has(scrapes), "three more scrapes")
        yield prometheus
    finally:
        prometheus.end()


def test_a_real_scrape_lints(demo):
    with httpx.Client(trust_env=False) as client:
        scraped = client.get(f"http://{demo.admin}/metrics").text
    promtool("check", "metrics", input=scraped)


def test_every_panel_of_the_dashboard_has_something_to_show(prometheus):
    empty = []
    for expression in expressions():
        asked = re.sub(r"\$(instance|service|site)", ".+", expression.replace("$__rate_interval", "1m"))
        if not prometheus.value(asked) and not MAY_BE_EMPTY.search(expression):
            empty.append(expression)
    assert empty == []


def test_every_variable_of_the_dashboard_has_values(prometheus):
    for variable in json.loads(DOCUMENT.read_text())["templating"]["list"][1:]:
        query = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"])
        assert query
        selector = re.sub(r"\$\w+", ".+", query[1])
        assert prometheus.ask("label/" + query[2] + "/values", **{"match[]": selector})


def test_every_rule_is_evaluated_and_nothing_rings_while_all_is_well(prometheus):
    def evaluated() -> bool:
        rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
        return len(rules) == sum(len(group["rules"]) for group in RULES) and {rule["health"] for rule in rules} == {"ok"}

    wait_for(evaluated, "every rule evaluated without error")
    assert prometheus.value("site:gslb_dns_steered:rate5m")
    firing = {sample["metric"]["alertname"] for sample in prometheus.value('ALERTS{alertstate="firing"}')}
    assert firing <= {"GslbGeoOld"}  # the database that ships grows old with the release
