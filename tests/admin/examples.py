"""gslb/admin/data/examples.json: a request and its answer for every operation, as OpenAPI and /docs show them.

`python -m tests.admin.examples` records them from a bench; a test says whether each operation has one that fits its own schema.
Answers are shortened: two entries of each list will do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from starlette.testclient import TestClient

from gslb.admin import create_app
from gslb.admin.description import EXAMPLES
from probes.verdict import Verdict
from tests.admin.bench import OPERATOR, Bench

REFERENCE = Path(__file__).parents[2] / "config" / "inetboot.yaml"
WORDS_MOST = 2000  # of an answer that is text


class Recipe(NamedTuple):
    """`{…}` in `path` is taken from answers before: {act} is the number of the last act, {override} the id of an override."""

    operation: str  # as OpenAPI has it
    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: Mapping[str, Any] | None = None
    keep: str = ""  # under which name the id or number of what answers is known
    told: Any = None  # the answer, where a bench has none: nobody watches it, it has no channels, it was asked with a token


REASON = "its uplink is full"
CHANGES = [{"kind": "off", "site": "jp-osaka-1"}, {"kind": "weight", "site": "jp-tokyo-1", "weight": 50}]
RULE = {"match": {"country": "JP"}, "prefer": ["jp-tokyo-1"], "until": None}
HOST = "knoppix.inetboot.net"
OSAKA = {"site": "jp-osaka-1"}

CHANNEL = {
    "name": "operators",
    "kind": "slack",
    "for": {"sites": [], "regions": ["jp"], "owners": [], "severity": "warning"},
    "quiet": {"from": "22:00", "to": "07:00", "timezone": "Asia/Tokyo", "but": "error"},
    "digest_s": None,
    "repeat_s": 14400.0,
    "last_sent": "2026-11-23T03:00:00Z",
    "last_error": None,
    "waiting": 0,
    "failures": 0,
}
STREAM = """\
id: 8
event: event
data: {"number": 8, "kind": "site-down", "subject": "jp-osaka-1", "message": "jp-osaka-1 is down"}

"""

RECIPES = (
    Recipe("GET /api/v1/status"),
    Recipe("GET /api/v1/sites", query={"condition": "down"}),
    Recipe("GET /api/v1/sites/{site}", OSAKA),
    Recipe("POST /api/v1/sites/{site}/drain", OSAKA, body={"reason": "a new disk", "for_s": 7200}),
    Recipe("POST /api/v1/sites/{site}/enable", OSAKA),
    Recipe("POST /api/v1/sites/{site}/scan", OSAKA),
    Recipe("GET /api/v1/services"),
    Recipe("GET /api/v1/explain", query={"address": "133.11.0.1", "via": "http", "path": "/archives/"}),
    Recipe("GET /api/v1/events", query={"limit": "2", "kind": "site-down"}),
    Recipe("GET /api/v1/config"),
    Recipe("GET /api/v1/content"),
    Recipe("GET /api/v1/measurements", query={"site": "jp-osaka-1"}),
    Recipe("POST /api/v1/simulate", body={"service": HOST, "via": "dns", "changes": CHANGES}),
    Recipe("GET /api/v1/coverage", query={"by": "region"}),
    Recipe("GET /api/v1/flows", query={"window": "60"}),
    Recipe("GET /api/v1/history", query={"range": "1h"}),
    Recipe("GET /api/v1/history/sites/{site}", OSAKA, {"range": "24h"}),
    Recipe("GET /api/v1/clients", query={"range": "1h"}),
    Recipe(
        "POST /api/v1/overrides",
        body={"kind": "weight", "site": "jp-tokyo-1", "weight": 20, "reason": REASON, "for_s": 7200},
        keep="override_id",
    ),
    Recipe("GET /api/v1/overrides"),
    Recipe("DELETE /api/v1/overrides/{override_id}", {"override_id": "{override_id}"}, body={"reason": "it has room again"}),
    Recipe("POST /api/v1/apply", body={"changes": CHANGES[1:], "reason": REASON, "for_s": 3600, "as": "overrides"}),
    Recipe(
        "POST /api/v1/maintenance",
        body={
            "site": "jp-osaka-1",
            "start": "2027-11-30T02:00:00Z",
            "end": "2027-11-30T04:00:00Z",
            "reason": "a new disk",
            "owner": "the people of Osaka",
        },
        keep="plan_id",
    ),
    Recipe("GET /api/v1/maintenance"),
    Recipe("GET /api/v1/maintenance.ics"),
    Recipe("DELETE /api/v1/maintenance/{plan_id}", {"plan_id": "{plan_id}"}),
    Recipe("GET /api/v1/incidents", query={"state": "all"}, keep="number"),
    Recipe("GET /api/v1/incidents/{number}", {"number": "{number}"}),
    Recipe("GET /api/v1/incidents/{number}.md", {"number": "{number}"}),
    Recipe("POST /api/v1/incidents/{number}/acknowledge", {"number": "{number}"}, body={"note": "on my way"}),
    Recipe("GET /api/v1/timeline", query={"limit": "2"}),
    Recipe("GET /api/v1/alerts", told=[CHANNEL]),
    Recipe("POST /api/v1/alerts/{name}/test", {"name": "operators"}, told={"delivered": True, "error": None}),
    Recipe("GET /alerts.atom"),
    Recipe("GET /api/v1/me"),
    Recipe("DELETE /api/v1/me/sessions", told={"ended": 1}),
    Recipe("GET /api/v1/acts", query={"limit": "2"}),
    Recipe("POST /api/v1/acts/{number}/undo", {"number": "{act}"}, body={"why": "it was the wrong site"}),
    Recipe(
        "POST /api/v1/tokens", body={"name": "grafana", "role": "viewer", "sites": [], "expires_in_s": 86400}, keep="token_id"
    ),
    Recipe("GET /api/v1/tokens"),
    Recipe("DELETE /api/v1/tokens/{id}", {"id": "{token_id}"}),
    Recipe("GET /api/v1/stream", query={"after": "7"}, told=STREAM),
    Recipe("GET /healthz"),
    Recipe("GET /readyz"),
    Recipe("GET /metrics"),
)


def recorded() -> dict[str, Any]:
    """What is known of each operation; without an answer where the bench had none that is good."""
    node = Bench().ready()
    node.fail("jp-osaka-1")
    node.fail("us-dallas-1", Verdict.WRONG_CONTENT, "index.idx is not what it should be")
    app = create_app(node)
    headers = {"Authorization": f"Bearer {OPERATOR}"}
    with TestClient(app, base_url="http://127.0.0.1:8053", client=("198.51.100.7", 5), headers=headers) as client:
        known: dict[str, str] = {}
        return {recipe.operation: _example(client, recipe, known) for recipe in RECIPES}


def _example(client: TestClient, recipe: Recipe, known: dict[str, str]) -> dict[str, Any]:
    method, path = recipe.operation.split()
    values = {name: known.get(value.strip("{}"), "1") if "{" in value else value for name, value in recipe.path.items()}
    if recipe.told is not None:
        kind = "text/event-stream" if isinstance(recipe.told, str) else "application/json"
        return {"parameters": {**values, **recipe.query}, "status": 200, "type": kind, "answer": recipe.told}
    answer = client.request(method, path.format(**values), params=dict(recipe.query), json=recipe.body)
    _remember(answer, recipe, known, client)
    example: dict[str, Any] = {"parameters": {**values, **recipe.query}}
    if recipe.body is not None:
        example["body"] = recipe.body
    if answer.is_success and answer.content:
        kind = answer.headers["content-type"].split(";")[0]
        told = _short(answer.json()) if kind == "application/json" else answer.text[:WORDS_MOST]
        example |= {"status": answer.status_code, "type": kind, "answer": told}
    elif answer.is_success:
        example["status"] = answer.status_code
    else:
        print(f"{recipe.operation}: {answer.status_code} {answer.text[:200]}")
    return example


def _remember(answer: Any, recipe: Recipe, known: dict[str, str], client: TestClient) -> None:
    if recipe.keep and answer.is_success:
        told = answer.json()
        first = told[0] if isinstance(told, list) and told else told
        if isinstance(first, dict):
            known[recipe.keep] = str(first.get("id", first.get("number", "1")))
    acts = client.get("/api/v1/acts?limit=10").json()
    undoable = [act["number"] for act in acts if act.get("undoable")] if isinstance(acts, list) else []
    known["act"] = str(undoable[0]) if undoable else "1"


def _short(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: "TOKEN" if name == "token" else _short(each) for name, each in told.items()}
    return [_short(each) for each in told[:2]] if isinstance(told, list) else told


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    EXAMPLES.parent.mkdir(exist_ok=True)
    text = json.dumps(recorded(), indent=1, ensure_ascii=False)
    EXAMPLES.write_text(text.replace(str(REFERENCE.parent), "/etc/gslb") + "\n")
