"""`otlp`: metrics for a collector of OpenTelemetry."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gslb.config.faults import quoted
from gslb.config.kinds import duration
from gslb.config.schema import Table, defaulted, required, scalar, section
from gslb.model.otlp import Otlp

_DEFAULTS = Otlp("")
_LONGEST = 1024


def _endpoint(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = re.fullmatch(r"[!-~]+", text) and len(text) <= _LONGEST and parts.hostname and parts.port != 0
    except ValueError:
        sound = None
    if not sound or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.fragment:
        raise ValueError(f"{quoted(text)} is not the url of a collector; write it as http://collector:4318/v1/metrics")
    return text


ENDPOINT = required("endpoint", scalar("url", _endpoint), "The url of the collector, with its path: OTLP over HTTP.")
INTERVAL = defaulted("interval", duration(1.0, 3600.0), _DEFAULTS.interval_s, "How often.", "30s")
TIMEOUT = defaulted(
    "timeout",
    duration(0.1, 300.0),
    _DEFAULTS.timeout_s,
    "For one export, with all its tries; what it misses comes with the next.",
    "10s",
)
OTLP = section(ENDPOINT, INTERVAL, TIMEOUT)


def build(table: Table) -> Otlp:
    return Otlp(table[ENDPOINT], table[INTERVAL], table[TIMEOUT])
