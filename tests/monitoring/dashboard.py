"""config/grafana/gslb.json: the dashboard for Grafana, from the table of panels below.

`python -m tests.monitoring.dashboard` writes it; a test says whether it is up to date, and whether every metric in it exists.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, NamedTuple

DOCUMENT = Path(__file__).parents[2] / "config" / "grafana" / "gslb.json"

NODE = 'instance=~"$instance"'
SERVICE = f'{NODE},service=~"$service"'
SITE = f'{SERVICE},site=~"$site"'
RATE = "[$__rate_interval]"


class Panel(NamedTuple):
    title: str
    expression: str
    legend: str = "{{instance}}"
    unit: str = "short"
    kind: Literal["timeseries", "stat", "state-timeline"] = "timeseries"
    width: int = 8  # of 24


ROWS: dict[str, list[Panel]] = {
    "Fleet": [
        Panel("Sites up", f"gslb_service_sites_up{{{SERVICE}}}", "{{service}} {{door}} v{{family}}", kind="stat", width=12),
        Panel("All down", f"sum by (service) (gslb_service_all_down{{{SERVICE}}})", "{{service}}", kind="stat", width=4),
        Panel("Ready", f"gslb_ready{{{NODE}}}", kind="stat", width=4),
        Panel("Stale", f"gslb_stale{{{NODE}}}", kind="stat", width=4),
        Panel("Incidents", f"gslb_incidents_open{{{NODE}}}", "{{instance}} {{severity}}", kind="stat", width=6),
        Panel("Clients sent elsewhere", f"gslb_incident_clients_degraded_ratio{{{NODE}}}", unit="percentunit", width=6),
        Panel(
            "Steered by DNS",
            f"sum by (service) (rate(gslb_dns_steered_total{{{SERVICE}}}{RATE}))",
            "{{service}}",
            "reqps",
            width=6,
        ),
        Panel(
            "Steered by HTTP",
            f"sum by (service) (rate(gslb_http_steered_total{{{SERVICE}}}{RATE}))",
            "{{service}}",
            "reqps",
            width=6,
        ),
        Panel("State", f"min by (site) (gslb_site_up{{{SITE}}})", "{{site}}", kind="state-timeline", width=24),
    ],
    "Sites": [
        Panel("Share of DNS answers", f"sum by (site) (rate(gslb_dns_steered_total{{{SITE}}}{RATE}))", "{{site}}", "reqps"),
        Panel("Share of HTTP answers", f"sum by (site) (rate(gslb_http_steered_total{{{SITE}}}{RATE}))", "{{site}}", "reqps"),
        Panel("Latency", f'gslb_site_latency_seconds{{{NODE},site=~"$site"}}', "{{vantage}} {{site}}", "s"),
        Panel("Slow start", f"min by (site) (gslb_site_ramp_ratio{{{SITE}}})", "{{site}}", "percentunit"),
        Panel("Weight as it counts", f'gslb_site_weight{{{NODE},site=~"$site"}}', "{{site}}"),
        Panel("Drained", f'max by (site) (gslb_site_drained{{{NODE},site=~"$site"}})', "{{site}}", kind="state-timeline"),
        Panel("Wrong or flapping", f"max by (site) (gslb_site_wrong{{{SITE}}} + gslb_site_flapping{{{SITE}}})", "{{site}}"),
        Panel(
            "Second choices of clients",
            f"sum by (site, how) (rate(gslb_http_second_choices_total{{{SITE}}}{RATE}))",
            "{{site}} {{how}}",
        ),
        Panel("Octets served through", f"sum by (site) (rate(gslb_through_octets_total{{{SITE}}}{RATE}))", "{{site}}", "Bps"),
    ],
    "DNS": [
        Panel("Answers by type", f"sum by (type) (rate(gslb_dns_answers_total{{{NODE}}}{RATE}))", "{{type}}", "reqps"),
        Panel("Answers by code", f"sum by (rcode) (rate(gslb_dns_answers_total{{{NODE}}}{RATE}))", "{{rcode}}", "reqps"),
        Panel("Transport", f"sum by (transport) (rate(gslb_dns_answers_total{{{NODE}}}{RATE}))", "{{transport}}", "reqps"),
        Panel(
            "Client subnets", f"sum by (family) (rate(gslb_dns_client_subnet_total{{{NODE}}}{RATE}))", "IPv{{family}}", "reqps"
        ),
        Panel("Why", f"sum by (why) (rate(gslb_dns_steered_total{{{SERVICE}}}{RATE}))", "{{why}}", "reqps"),
        Panel("Dropped and limited", f"sum by (reason) (rate(gslb_dns_dropped_total{{{NODE}}}{RATE}))", "{{reason}}", "reqps"),
        Panel("Limited", f"sum by (action) (rate(gslb_dns_rate_limited_total{{{NODE}}}{RATE}))", "{{action}}", "reqps"),
        Panel("Signatures expire in", f"gslb_dnssec_signature_expiry_timestamp_seconds{{{NODE}}} - time()", "{{zone}}", "s"),
        Panel("Secondaries told", f"sum by (result) (rate(gslb_dns_notifies_total{{{NODE}}}{RATE}))", "{{result}}"),
    ],
    "HTTP": [
        Panel("Responses", f"sum by (status) (rate(gslb_http_responses_total{{{NODE}}}{RATE}))", "{{status}}", "reqps"),
        Panel("Why", f"sum by (why) (rate(gslb_http_steered_total{{{SERVICE}}}{RATE}))", "{{why}}", "reqps"),
        Panel("Clients", f"sum by (kind) (rate(gslb_http_clients_total{{{SERVICE}}}{RATE}))", "{{kind}}", "reqps"),
        Panel("What clients got", f"sum by (outcome) (rate(gslb_http_clients_total{{{SERVICE}}}{RATE}))", "{{outcome}}", "reqps"),
        Panel(
            "Served through", f"sum by (outcome) (rate(gslb_through_requests_total{{{SERVICE}}}{RATE}))", "{{outcome}}", "reqps"
        ),
        Panel("Connections cut", f"sum by (reason) (rate(gslb_http_closed_total{{{NODE}}}{RATE}))", "{{reason}}"),
    ],
    "Content": [
        Panel("Sites at a generation", f"gslb_content_sites{{{SERVICE}}}", "{{content}} {{generation}}"),
        Panel(
            "At what is served",
            f"min by (content, site) (gslb_content_current{{{SITE}}})",
            "{{content}} {{site}}",
            kind="state-timeline",
        ),
        Panel("Behind", f"max by (content, site) (gslb_content_lag_seconds{{{SITE}}})", "{{content}} {{site}}", "s"),
        Panel("Wrong", f"max by (content, site) (gslb_content_wrong{{{SITE}}})", "{{content}} {{site}}"),
        Panel("Roll-outs", f"gslb_content_rolling{{{SERVICE}}}", "{{content}}", kind="state-timeline"),
        Panel("Octets that looks read", f"sum by (site) (rate(gslb_content_octets_total{{{SITE}}}{RATE}))", "{{site}}", "Bps"),
    ],
    "Probes": [
        Panel("Results", f'sum by (verdict) (rate(gslb_probe_results_total{{{NODE},site=~"$site"}}{RATE}))', "{{verdict}}"),
        Panel(
            "Failures",
            f'sum by (site) (rate(gslb_probe_results_total{{{NODE},site=~"$site",verdict!="ok"}}{RATE}))',
            "{{site}}",
        ),
        Panel("Events", f"sum by (kind) (increase(gslb_events_total{{{NODE}}}{RATE}))", "{{kind}}"),
    ],
    "Node": [
        Panel("Worlds", f"rate(gslb_world_number{{{NODE}}}{RATE})", unit="ops"),
        Panel("Time to make a World", f"gslb_world_build_seconds{{{NODE}}}", unit="s"),
        Panel("Longest pause of a worker", f"gslb_world_pause_seconds{{{NODE}}}", "{{instance}} {{worker}}", "s"),
        Panel("Workers", f"gslb_workers{{{NODE}}} / gslb_workers_wanted{{{NODE}}}", unit="percentunit"),
        Panel("Memory of control", f"process_resident_memory_bytes{{{NODE}}}", unit="bytes"),
        Panel("CPU of control", f"rate(process_cpu_seconds_total{{{NODE}}}{RATE})", unit="percentunit"),
        Panel("Requests to the API", f"sum by (status) (rate(gslb_admin_requests_total{{{NODE}}}{RATE}))", "{{status}}", "reqps"),
        Panel("Watchers", f"gslb_admin_streams{{{NODE}}}"),
        Panel("Changes by people", f"sum by (action) (increase(gslb_acts_total{{{NODE}}}{RATE}))", "{{action}}"),
        Panel("Alerts sent", f"sum by (channel, result) (increase(gslb_alerts_total{{{NODE}}}{RATE}))", "{{channel}} {{result}}"),
        Panel("Classes of clients", f"gslb_classes{{{NODE}}}"),
        Panel("History on disk", f"gslb_history_bytes{{{NODE}}}", unit="bytes"),
        Panel("Listeners", f"gslb_listener_up{{{NODE}}}", "{{role}} {{address}}", kind="state-timeline"),
        Panel("Age of databases", f"time() - gslb_geo_database_build_timestamp_seconds{{{NODE}}}", "{{path}}", "s"),
        Panel("State is kept", f"gslb_store_up{{{NODE}}}", kind="stat"),
    ],
}

VARIABLES = {
    "instance": "label_values(gslb_info, instance)",
    "service": 'label_values(gslb_site_up{instance=~"$instance"}, service)',
    "site": 'label_values(gslb_site_up{instance=~"$instance",service=~"$service"}, site)',
}


def expressions() -> list[str]:
    return [panel.expression for panels in ROWS.values() for panel in panels]


def written() -> str:
    return json.dumps(_dashboard(), indent=1, ensure_ascii=False) + "\n"


def _dashboard() -> dict[str, Any]:
    return {
        "title": "gslb",
        "uid": "gslb",
        "tags": ["gslb"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [_source(), *(_variable(*each) for each in VARIABLES.items())]},
        "panels": _panels(),
    }


def _source() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _variable(name: str, query: str) -> dict[str, Any]:
    asked = {"query": query, "refId": name}
    everything = {"text": ["All"], "value": ["$__all"]}
    return {
        "name": name,
        "type": "query",
        "datasource": _DATASOURCE,
        "query": asked,
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "current": everything,
    }


_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def _panels() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    y = 0
    for title, panels in ROWS.items():
        place = {"x": 0, "y": y, "w": 24, "h": 1}
        made.append({"id": len(made) + 1, "type": "row", "title": title, "gridPos": place, "collapsed": False, "panels": []})
        x, y = 0, y + 1
        for panel in panels:
            if x + panel.width > 24:
                x, y = 0, y + 8
            made.append(_panel(len(made) + 1, panel, {"x": x, "y": y, "w": panel.width, "h": 8}))
            x += panel.width
        y += 8
    return made


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": _DATASOURCE, "expr": panel.expression, "legendFormat": panel.legend}],
    }


if __name__ == "__main__":
    DOCUMENT.write_text(written())
