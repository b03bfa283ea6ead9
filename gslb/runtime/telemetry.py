"""Metrics for a collector of OpenTelemetry, by OTLP over HTTP.

They are those of /metrics. The loop of control gathers them, as for a scrape; a thread of its own writes and sends them, one
export at a time. A collector that is slow or away costs nothing but exports: what is due while one is under way is left out.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from gslb.admin.node import Metrics
from gslb.model import Configuration
from gslb.model.otlp import Otlp

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import Metric as OtlpMetric
    from opentelemetry.sdk.metrics.export import MetricsData
    from prometheus_client.core import Metric

METRICS: Final[Metrics] = {
    "gslb_otlp_exports_total": (
        "Exports to the collector of OpenTelemetry: sent, failed, busy (left out, as one was under way).",
        ("result",),
    ),
}

LOOK_EVERY_S: Final = 1.0

Families = Callable[[], Iterable["Metric"]]


class Telemetry:
    """`families` are those of /metrics; `started_s` is when counters began, in Unix time."""

    def __init__(self, configuration: Callable[[], Configuration], started_s: float) -> None:
        self.families: Families = tuple
        self.counts = {"sent": 0, "failed": 0, "busy": 0}
        self._configuration = configuration
        self._started_s = started_s
        self._exporter: Exporter | None = None

    def counters(self) -> dict[tuple[str, ...], int]:
        if self._configuration().otlp is None and not any(self.counts.values()):
            return {}
        return {("gslb_otlp_exports_total", result): count for result, count in self.counts.items()}

    async def run(self) -> None:
        """Follows the configuration; ends the thread when it is cancelled."""
        due_s = 0.0
        try:
            while True:
                settings = self._configuration().otlp
                if self._exporter is not None and self._exporter.settings != settings:
                    self._exporter.end()
                    self._exporter = None
                if settings is not None and time.monotonic() >= due_s:
                    due_s = time.monotonic() + settings.interval_s
                    self._export(settings)
                await asyncio.sleep(min(LOOK_EVERY_S, LOOK_EVERY_S if settings is None else settings.interval_s))
        finally:
            if self._exporter is not None:
                self._exporter.end()

    def _export(self, settings: Otlp) -> None:
        if self._exporter is None:
            self._exporter = Exporter(settings, self._configuration().node, self._started_s, self.counts)
        self._exporter.give(self.families)


class Exporter:
    """A thread that sends what it is given. A daemon: the process does not wait for it."""

    def __init__(self, settings: Otlp, node: str, started_s: float, counts: dict[str, int]) -> None:
        self.settings = settings
        self._node, self._started_ns = node, int(started_s * 1e9)
        self._counts = counts
        self._waiting: queue.Queue[list[Metric] | None] = queue.Queue(1)
        self._busy = threading.Event()
        self._ended = threading.Event()
        threading.Thread(target=self._work, name="otlp", daemon=True).start()

    def give(self, families: Families) -> None:
        """Gathers, unless an export is under way."""
        if self._busy.is_set() or self._waiting.full():
            self._counts["busy"] += 1
            return
        self._waiting.put_nowait(list(families()))

    def end(self) -> None:
        self._ended.set()
        try:
            self._waiting.put_nowait(None)
        except queue.Full:  # the thread looks at `_ended` when it is through
            pass

    def _work(self) -> None:
        import requests
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics.export import MetricExportResult

        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # a count tells it, not a line for each try
        with requests.Session() as session:
            session.trust_env = False
            exporter = OTLPMetricExporter(self.settings.endpoint, timeout=self.settings.timeout_s, session=session)
            while (families := self._waiting.get()) is not None and not self._ended.is_set():
                self._busy.set()
                try:
                    sent = exporter.export(self._data(families)) is MetricExportResult.SUCCESS
                except Exception:  # whatever the library stumbles over: the node goes on
                    sent = False
                self._counts["sent" if sent else "failed"] += 1
                self._busy.clear()
            exporter.shutdown()

    def _data(self, families: Iterable[Metric]) -> MetricsData:
        from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        import gslb

        about = {"service.name": "gslb", "service.instance.id": self._node, "service.version": gslb.__version__}
        now_ns = time.time_ns()
        metrics = [_metric(family, self._started_ns, now_ns) for family in families]
        scope = ScopeMetrics(InstrumentationScope("gslb", gslb.__version__), metrics, "")
        return MetricsData([ResourceMetrics(Resource(about), [scope], "")])


def _metric(family: Metric, started_ns: int, now_ns: int) -> OtlpMetric:
    """A counter is a cumulative sum; everything else is a gauge."""
    from opentelemetry.sdk.metrics.export import AggregationTemporality, Gauge, Metric, NumberDataPoint, Sum

    counter = family.type == "counter"
    points = [
        NumberDataPoint(_labels(sample.labels), started_ns if counter else 0, now_ns, float(sample.value))
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]
    name = f"{family.name}_total" if counter else family.name
    data = Sum(points, AggregationTemporality.CUMULATIVE, is_monotonic=True) if counter else Gauge(points)
    return Metric(name, family.documentation, _unit(family.name), data)


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    return dict(labels)


def _unit(name: str) -> str:
    """As UCUM has it."""
    units = {"seconds": "s", "bytes": "By", "octets": "By", "ratio": "1"}
    return units.get(name.rsplit("_", 1)[-1], "")
