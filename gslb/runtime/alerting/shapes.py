"""Bodies of messages: ours, Slack's and Alertmanager's. Pure, so that a message that is sent again is the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Final

from gslb.model import Severity
from gslb.runtime.alerting.words import about, headline, paragraphs
from gslb.state.alerts import Notice, NoticeKind
from gslb.state.alerts.desk import REFRESH_S
from gslb.state.incidents import Incident
from gslb.state.incidents.incident import ORDER
from gslb.state.incidents.words import for_whom

# https://docs.slack.dev/reference/block-kit/blocks
_SLACK_HEADER: Final = 150
_SLACK_TEXT: Final = 2900
_SLACK_SECTIONS: Final = 45


def webhook(notice: Notice, node: str, dashboard: str) -> dict[str, Any]:
    """Everything there is to know, and `text` for who only shows it."""
    return {
        "id": notice.id,
        "kind": notice.kind.value,
        "at": _iso(notice.at),
        "node": node,
        "channel": notice.channel,
        "text": "\n".join([headline(notice, node), *paragraphs(notice, dashboard)]),
        "incidents": [_incident(each, dashboard) for each in notice.incidents],
        "more": notice.more,
    }


def _incident(incident: Incident, dashboard: str) -> dict[str, Any]:
    return {
        "number": incident.number,
        "tag": incident.tag,
        "severity": incident.severity.value,
        "state": "open" if incident.open else "closed",
        "opened": _iso(incident.opened),
        "closed": None if incident.closed is None else _iso(incident.closed),
        "title": incident.title,
        "cause": incident.cause,
        "for_whom": for_whom(incident.impact),
        "what_now": incident.what_now,
        "sites": list(incident.sites),
        "services": list(incident.services),
        "regions": list(incident.regions),
        "impact": {
            "share_degraded": incident.impact.share_degraded,
            "clients_per_s": incident.impact.clients_per_s,
            "capacity_left": dict(incident.impact.capacity_left),
        },
        "merged": incident.merged,
        "acknowledged": incident.acknowledged is not None,
        "url": f"{dashboard}incidents/{incident.number}",
    }


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """As Standard Webhooks have it: base64 of HMAC-SHA256 over id, seconds and body, joined by full stops."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def slack(notice: Notice, node: str, dashboard: str) -> dict[str, Any]:
    """Plain text in all blocks, in which nothing is markup; `text` is what notifications show."""
    blocks: list[dict[str, Any]] = [_block("header", headline(notice, node), _SLACK_HEADER)]
    if notice.kind is NoticeKind.TEST:
        blocks += [_block("section", line, _SLACK_TEXT) for line in paragraphs(notice, dashboard)]
    for incident in notice.incidents[:_SLACK_SECTIONS]:
        lines = about(incident, dashboard, alone=len(notice.incidents) == 1)
        blocks.append(_block("section", "\n".join(lines), _SLACK_TEXT))
    more = notice.more + max(0, len(notice.incidents) - _SLACK_SECTIONS)
    if more:
        blocks.append(_block("section", f"And {more} more: {dashboard}incidents", _SLACK_TEXT))
    return {"text": _slack_escaped(headline(notice, node)), "blocks": blocks}


def _block(kind: str, text: str, most: int) -> dict[str, Any]:
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    return {"type": kind, "text": {"type": "plain_text", "text": shown or "–", "emoji": False}}


def _slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def alertmanager(notice: Notice, node: str, dashboard: str, refresh_s: float | None, now: datetime) -> list[dict[str, Any]]:
    """For POST /api/v2/alerts. An incident that has become worse ends under its old severity, as that is a label.

    An open one ends by itself when it is not told again for three times `refresh_s`: should this node be gone.
    """
    if notice.kind is NoticeKind.TEST:
        labels = {"alertname": "GslbTest", "node": node, "severity": Severity.INFO.value}
        ends = _iso(now + timedelta(minutes=5))
        return [
            {
                "labels": labels, "annotations": {"summary": headline(notice, node)}, "startsAt": _iso(notice.at),
                "endsAt": ends, "generatorURL": dashboard,
            }
        ]  # fmt: skip
    holds_s = 3 * (refresh_s or REFRESH_S)
    found = []
    for incident in notice.incidents:
        until = now + timedelta(seconds=holds_s) if incident.closed is None else incident.closed
        found.append(_alert(incident, incident.severity, node, dashboard, until))
        if notice.kind is NoticeKind.RISEN:
            lower = ORDER[: ORDER.index(incident.severity)]
            found += [_alert(incident, each, node, dashboard, notice.at) for each in lower]
    return found


def _alert(incident: Incident, severity: Severity, node: str, dashboard: str, until: datetime) -> dict[str, Any]:
    labels = {"alertname": "GslbIncident", "node": node, "incident": str(incident.number), "severity": severity.value}
    annotations = {
        "summary": incident.title,
        "description": incident.cause or incident.title,
        "impact": for_whom(incident.impact),
        "runbook": incident.what_now,
        "sites": ", ".join(incident.sites),
        "regions": ", ".join(incident.regions),
    }
    return {
        "labels": labels,
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": _iso(incident.opened),
        "endsAt": _iso(until),
        "generatorURL": f"{dashboard}incidents/{incident.number}",
    }


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
