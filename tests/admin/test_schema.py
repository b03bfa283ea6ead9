"""The API is what its OpenAPI document says: nothing undocumented comes back, whatever is sent, whoever sends it."""

import itertools

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from starlette.testclient import TestClient

from gslb.admin import create_app
from tests.admin.bench import OPERATOR, OWNER, STRANGER, VIEWER, Bench
from tests.admin.examples import RECIPES

NODE = Bench().ready()
APP = create_app(NODE)
URL = "http://127.0.0.1:8053"
FEW, MANY = 2, 24  # examples of each operation, in every run and in long ones

# RFC 9110 section 9.2.1; schemathesis also tries methods that a path does not have.
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# What changes nothing, or nothing but the own log-in.
HARMLESS = {("POST", "/api/v1/simulate"), ("DELETE", "/api/v1/me/sessions")}
# A simulation takes a second; it has tests of its own.
HEAVY = ("/api/v1/simulate", "/api/v1/coverage")
# What fits the schema and is refused with 422 all the same: a site that is not there, an end before its beginning, a name twice.
KNOWING = {
    ("GET", "/api/v1/coverage"),
    *(("POST", f"/api/v1/{path}") for path in ("simulate", "overrides", "maintenance", "apply", "tokens")),
}
# A key that comes again with another body is refused, as it should be; that has tests of its own.
KEYS = itertools.count()


def described() -> dict:
    schema = APP.openapi()
    # A stream has no end to wait for; tests/admin/test_stream.py reads it.
    return {**schema, "paths": {path: each for path, each in schema["paths"].items() if not path.endswith("/stream")}}


# A body that is too long is refused before it is looked at.
REJECTED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]
CHECKED = {"checks": {"negative_data_rejection": {"expected-statuses": REJECTED}}}


async def from_elsewhere(scope, receive, send):
    """Each request is from a network of its own: wrong tokens are tried, too, and who guesses is soon told to wait (429)."""
    if scope["type"] == "http":
        scope["client"] = (f"2001:db8:{next(KEYS) % 65_536:x}::1", 5)
    await APP(scope, receive, send)


def asked(**more):
    described_api = schemathesis.openapi.from_dict(described(), config=SchemathesisConfig.from_dict({**CHECKED, **more}))
    described_api.app = from_elsewhere
    return described_api


api = asked()
# Each limit of each parameter, which is hundreds of requests, is tried by the operator alone: it is the same for all.
others_api = asked(phases={"coverage": {"enabled": False}})


def fitted(examples: int):
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


def judged(case, token: str | None):
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if case.headers and "Idempotency-Key" in case.headers and case.meta and case.meta.generation.mode.is_positive:
        headers["Idempotency-Key"] = str(next(KEYS))
    without = ["positive_data_acceptance"] if (case.method.upper(), case.operation.path) in KNOWING else []
    if any("Authorization" in str(each) for each in getattr(case.meta and case.meta.phase.data, "mutations", ())):
        without.append("negative_data_rejection")  # our own took its place
    return case.call_and_validate(headers=headers, base_url=URL, excluded_checks=CHECKS.get_by_names(without))


@api.exclude(path=list(HEAVY)).parametrize()
@fitted(FEW)
def test_answers_are_as_documented(case):
    judged(case, OPERATOR)


@pytest.mark.long
@api.parametrize()
@fitted(MANY)
def test_answers_are_as_documented_at_length(case):
    judged(case, OPERATOR)


@pytest.fixture
def _nothing_changed(token):
    """Looked at once for all examples of an operation: it is dearer than they are."""
    before = changed()
    yield
    assert token == OWNER or changed() == before


@pytest.mark.long
@pytest.mark.usefixtures("_nothing_changed")
@pytest.mark.parametrize("token", [VIEWER, OWNER, STRANGER, None], ids=["viewer", "owner", "stranger", "nobody"])
@others_api.parametrize()
@fitted(MANY // 2)
def test_answers_are_as_documented_for_others(case, token):
    answer = judged(case, token)
    if case.method.upper() not in SAFE and (case.method.upper(), case.operation.path) not in HARMLESS and token != OWNER:
        assert not 200 <= answer.status_code < 300


# Who may change what: with requests that an operator may send just so.


def client(token: str | None = None) -> TestClient:
    return TestClient(from_elsewhere, base_url=URL, headers={"Authorization": f"Bearer {token}"} if token else {})


def changed() -> dict:
    """All that people can change, as an operator sees it; not what time alone changes."""
    told = {path: client(OPERATOR).get(f"/api/v1/{path}").json() for path in ("acts", "tokens", "incidents", "sites")}
    return {
        "acts": [(act["number"], act["undone_by"]) for act in told["acts"]],
        "tokens": [(token["id"], token["revoked"]) for token in told["tokens"]],
        "incidents": [(incident["number"], incident["acknowledged"]) for incident in told["incidents"]],
        "drains": [site["id"] for site in told["sites"] if site["drain"]],
        "weights": [site["weight"] for site in told["sites"]],
    }


def sent(recipe, token: str | None, site: str):
    method, path = recipe.operation.split()
    body = recipe.body if recipe.body is None or "site" not in recipe.body else {**recipe.body, "site": site}
    values = {**dict.fromkeys(("id", "number", "name", "override_id", "plan_id"), "1"), "site": site}
    return client(token).request(method, path.format(**values), json=body)


@pytest.mark.parametrize(
    ("token", "status"),
    [(VIEWER, 403), (OWNER, 403), (STRANGER, 401), (None, 401)],
    ids=["viewer", "owner", "stranger", "nobody"],
)
def test_nobody_but_an_operator_changes_what_is_of_others(token, status):
    """Who is known may learn that there is nothing of the kind."""
    before = changed()
    for recipe in RECIPES:
        method, path = recipe.operation.split()
        if method != "GET" and (method, path) not in HARMLESS:
            answer = sent(recipe, token, "jp-tokyo-1")
            assert answer.status_code == status or (status == 403 and answer.status_code in (404, 409)), (
                recipe.operation,
                answer.text,
            )
    assert changed() == before


def test_an_owner_changes_the_own_site():
    for verb, body in (("drain", {"reason": "mine"}), ("enable", None)):
        assert client(OWNER).post(f"/api/v1/sites/jp-osaka-1/{verb}", json=body).status_code == 200


def test_every_operation_that_changes_something_is_asked_above():
    known = {recipe.operation for recipe in RECIPES}
    paths = described()["paths"]
    assert {f"{m.upper()} {path}" for path, methods in paths.items() for m in methods if m != "get"} - known == set()
