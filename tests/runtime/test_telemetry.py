"""OpenTelemetry: a collector of our own takes what the node sends, as OTLP over HTTP."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from gslb.errors import ConfigurationError
from gslb.model.otlp import Otlp
from gslb.runtime.demo.sites import SITES
from gslb.runtime.telemetry import Exporter
from tests.scenarios.node import RunningNode, document, site


class Collector(ThreadingHTTPServer):
    """Answers when `open` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.daemon_threads = True
        self.open = threading.Event()
        self.open.set()
        self.taken: list[ExportMetricsServiceRequest] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1/metrics"

    def metrics(self) -> dict[str, object]:
        """Those of the last request, by name."""
        return {metric.name: metric for scope in self.taken[-1].resource_metrics[0].scope_metrics for metric in scope.metrics}


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert (self.path, self.headers["Content-Type"]) == ("/v1/metrics", "application/x-protobuf")
        self.server.open.wait(30)
        self.server.taken.append(ExportMetricsServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        yield collector
        collector.open.set()
        collector.shutdown()
        thread.join()


def until(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def families():
    answers = CounterMetricFamily("gslb_dns_answers_total", "Answers.", labels=["rcode"])
    answers.add_metric(["NOERROR"], 7)
    pause = GaugeMetricFamily("gslb_world_pause_seconds", "Pause.", labels=[])
    pause.add_metric([], 0.25)
    return [answers, pause]


def test_what_is_counted_is_a_sum_and_what_is_so_a_gauge(collector):
    counts = {"sent": 0, "failed": 0, "busy": 0}
    exporter = Exporter(Otlp(collector.url), "tokyo-1", 1000.0, counts)
    exporter.give(families)
    until(lambda: counts["sent"])
    exporter.end()
    told = collector.metrics()
    answers, pause = told["gslb_dns_answers_total"], told["gslb_world_pause_seconds"]
    (point,) = answers.sum.data_points
    assert (point.as_double, point.attributes[0].key, point.attributes[0].value.string_value) == (7.0, "rcode", "NOERROR")
    assert (answers.sum.is_monotonic, point.start_time_unix_nano) == (True, 1_000_000_000_000)
    assert (pause.gauge.data_points[0].as_double, pause.unit) == (0.25, "s")
    about = {each.key: each.value.string_value for each in collector.taken[0].resource_metrics[0].resource.attributes}
    assert (about["service.name"], about["service.instance.id"]) == ("gslb", "tokyo-1")


def test_a_collector_that_is_slow_or_away_costs_exports_alone(collector):
    counts = {"sent": 0, "failed": 0, "busy": 0}
    collector.open.clear()
    exporter = Exporter(Otlp(collector.url, timeout_s=20.0), "tokyo-1", 0.0, counts)
    exporter.give(families)
    until(exporter._busy.is_set)
    exporter.give(families)
    assert counts == {"sent": 0, "failed": 0, "busy": 1}
    collector.open.set()
    until(lambda: counts["sent"])
    exporter.end()
    gone = Exporter(Otlp("http://127.0.0.1:1/v1/metrics", timeout_s=0.2), "tokyo-1", 0.0, counts)
    gone.give(families)
    until(lambda: counts["failed"])
    gone.end()


def test_a_node_sends_what_its_metrics_say(collector, tmp_path: Path):
    otlp = {"endpoint": collector.url, "interval": "1s"}
    configuration = document([site(each, 9) for each in SITES[:2]], tmp_path / "state", otlp=otlp)
    with RunningNode(configuration, tmp_path) as node:
        node.wait_for(lambda: len(collector.taken) > 1, 30, "two exports")
        told = collector.metrics()
        assert set(told) >= {"gslb_info", "gslb_site_up", "gslb_otlp_exports_total", "process_resident_memory_bytes"}
        node.wait_for(lambda: node.metric("gslb_otlp_exports_total").get('result="sent"', 0) > 1, 30, "they are counted")


def test_without_the_library_the_fault_says_what_to_install(monkeypatch, tmp_path: Path):
    from gslb import config
    from gslb.config.checks import otlp

    monkeypatch.setattr(otlp, "find_spec", lambda name: None)
    (tmp_path / "c.yaml").write_text(
        Path("config/examples/minimal.yaml").read_text() + "\notlp: {endpoint: 'http://collector:4318/v1/metrics'}\n"
    )
    with pytest.raises(ConfigurationError, match=r"c\.yaml:\d+: otlp: takes a library .* pip install 'gslb\[otel\]'"):
        config.load(tmp_path / "c.yaml")
