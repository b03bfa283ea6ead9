"""Where metrics are sent by the protocol of OpenTelemetry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Otlp:
    endpoint: str  # the whole url, as http://collector:4318/v1/metrics
    interval_s: float = 30.0
    timeout_s: float = 10.0  # for one export, tries and waits together
