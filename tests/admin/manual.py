"""docs/metrics.md from the tables of what is measured.

`python -m tests.admin.manual` writes it; a test says whether it is up to date. It is made here because here alone the
admin side and both doors are in sight at once: in the program none of the three imports another.
"""

from __future__ import annotations

from pathlib import Path

import gslb.admin
import gslb.dns.metrics
import gslb.redirect.metrics
import gslb.runtime.acts
import gslb.runtime.alerting.alerting
import gslb.runtime.flowing
import gslb.runtime.incidents
import gslb.runtime.measuring
import gslb.runtime.node
import gslb.runtime.notifying
import gslb.runtime.observing
import gslb.runtime.remembering
import gslb.runtime.scanning
import gslb.runtime.signing
import gslb.runtime.simulating
import gslb.runtime.surveying
import gslb.runtime.telemetry
import gslb.runtime.tokens

DOCUMENT = Path(__file__).parents[2] / "docs" / "metrics.md"

TABLES = {
    "The node, its sites and services": gslb.admin.METRICS,
    "Control and its workers": gslb.runtime.node.METRICS,
    "What people change": {**gslb.runtime.acts.METRICS, **gslb.runtime.tokens.METRICS},
    "Simulations": gslb.runtime.simulating.METRICS,
    "Incidents": gslb.runtime.incidents.METRICS,
    "Alerts": gslb.runtime.alerting.alerting.METRICS,
    "DNS": gslb.dns.metrics.METRICS,
    "Secondaries": gslb.runtime.notifying.METRICS,
    "Signing": gslb.runtime.signing.METRICS,
    "HTTP": gslb.redirect.metrics.METRICS,
    "Flows": gslb.runtime.flowing.METRICS,
    "History": gslb.runtime.remembering.METRICS,
    "Measurements of clients": gslb.runtime.measuring.METRICS,
    "Release sets": gslb.runtime.scanning.METRICS,
    "Scopes": gslb.runtime.surveying.METRICS,
    "OpenTelemetry": gslb.runtime.telemetry.METRICS,
    "dnstap and query log": gslb.runtime.observing.METRICS,
}

INTRODUCTION = """\
# Metrics

<!-- Written by `python -m tests.admin.manual` from the tables named METRICS. -->

`/metrics` of the admin side gives them in Prometheus' text format, or as OpenMetrics where `Accept` asks for that. It is
open on loopback; from elsewhere it takes the token of a viewer or an operator. Counters end in `_total` and are the sums
of all workers since the node started; everything else is a gauge. Units are base units: seconds, bytes, ratios of 1. The
usual `process_*` metrics are those of the control process.

```yaml
scrape_configs:
  - job_name: gslb
    authorization: {credentials_file: /etc/prometheus/gslb.token}
    static_configs: [{targets: ["gslb.example.net:8053"]}]
```

[config/prometheus](../config/prometheus/) has a configuration, rules to record and alerts, [runbook.md](runbook.md) what
to do about each; [config/grafana](../config/grafana/) has a dashboard.

**What to be woken for**

| expression | what is the matter |
| --- | --- |
| `gslb_service_all_down == 1` | no site of a service is well: clients get what `when_all_down` says |
| `gslb_stale == 1` | nothing new is heard of the sites: answers go by an old state of things |
| `gslb_site_wrong == 1` | a site serves wrong content |
| `gslb_content_wrong == 1` | a site has wrong files of a release set |
| `gslb_content_short == 1` | sites with less than half of the capacity hold what is served of a release set |
| `gslb_content_lag_seconds > 86400` | a site does not take up a new generation of a release set |
| `avg by (service, door, family) (gslb_site_up) < 0.5` | more than half of the sites of a service are gone |
| `gslb_config_reload_success == 0` | the configuration file has a fault and was refused |
| `gslb_dnssec_signature_expiry_timestamp_seconds - time() < 3 * 86400` | a zone was not signed anew for long |
| `gslb_dnssec_keys_overdue == 1` | the time of all keys of a zone is over; the last go on signing |
| `gslb_workers < gslb_workers_wanted` for some minutes | workers die again and again |
"""


def metrics_document() -> str:
    sections = [INTRODUCTION]
    for title, table in TABLES.items():
        rows = [_row(name, *entry) for name, entry in table.items()]
        sections.append("\n".join([f"## {title}\n", "| metric | labels | |", "| --- | --- | --- |", *rows, ""]))
    return "\n".join(sections)


def _row(name: str, words: str, labels: tuple[str, ...]) -> str:
    return f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {words} |"


if __name__ == "__main__":
    DOCUMENT.write_text(metrics_document())
