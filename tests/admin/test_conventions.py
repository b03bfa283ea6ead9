"""What holds for every path of the API: methods, entity tags, idempotency keys, pages."""

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.admin.conventions.etags import entity_tag, matches
from gslb.admin.conventions.idempotency import KEPT_S, OCTETS_MOST, Answer, Remembered, Verdict, is_key
from tests.admin.bench import OPERATOR, OWNER, VIEWER, served, user
from tests.admin.test_auth import problem

DRAIN = "/api/v1/sites/jp-osaka-1/drain"
BODY = {"reason": "a new disk"}

# Methods


def test_a_head_is_a_get_without_its_body(visit):
    client = visit()
    got, head = client.get("/api/v1/sites"), client.head("/api/v1/sites")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", got.headers["etag"])
    assert head.headers["content-length"] == got.headers["content-length"]
    assert client.head("/api/v1/sites/nowhere").status_code == 404
    assert problem_free_head(client.head("/api/v1/stream")) == (405, "GET, OPTIONS")


def problem_free_head(answer):
    return answer.status_code, answer.headers["allow"]


def test_a_path_tells_what_can_be_done_there(visit):
    told = visit().options("/api/v1/sites/jp-osaka-1")
    assert (told.status_code, told.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    refused = visit(OPERATOR).put(DRAIN)
    assert "method" in problem(refused, 405)
    assert refused.headers["allow"] == "OPTIONS, POST"
    assert visit().options("/api/v1/nowhere").status_code in (401, 404, 405)


# Entity tags


def test_who_has_an_answer_already_is_spared_it(visit, node):
    client = visit()
    for path in ("status", "sites", "services", "events", "config", "openapi.json"):
        path = f"/{path}" if path.endswith("json") else f"/api/v1/{path}"
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b""), path
        assert again.headers["etag"] == first.headers["etag"]
        assert "content-type" not in again.headers
        assert again.headers["cache-control"] == "private, no-cache"
    tag = client.get("/api/v1/sites").headers["etag"]
    node.fail("jp-osaka-1")
    assert client.get("/api/v1/sites", headers={"If-None-Match": tag}).status_code == 200


def test_a_tag_is_of_the_octets_and_a_refusal_has_none(visit):
    assert visit().get("/api/v1/sites").headers["etag"] != visit(OWNER).get("/api/v1/sites").headers["etag"]
    assert "etag" not in visit().get("/api/v1/sites/nowhere", headers={"If-None-Match": "*"}).headers
    assert "Authorization" in visit().get("/api/v1/sites").headers["vary"]


@given(st.text())
def test_any_condition_is_read(condition):
    tag = entity_tag(b"octets")
    assert matches(condition, tag) == (condition.strip() == "*" or tag in condition)
    assert matches(f"{condition}, {tag}", tag) or '"' in condition


# Idempotency keys


def test_a_change_with_a_key_is_made_once(visit, node):
    client = visit(OPERATOR, **{"Idempotency-Key": "once"})
    first, again = client.post(DRAIN, json=BODY), client.post(DRAIN, json=BODY)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert [event.kind for event in node.kept].count("drain") == 1
    metrics = visit().get("/metrics").text
    assert "gslb_admin_idempotency_keys 1.0" in metrics
    assert "gslb_admin_idempotent_replays_total 1.0" in metrics


def test_a_key_belongs_to_one_request_and_to_one_user(visit, node):
    client = visit(OPERATOR, **{"Idempotency-Key": "mine"})
    client.post(DRAIN, json=BODY)
    refused = client.post(DRAIN, json={"reason": "another"})
    assert "another request" in problem(refused, 422)
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
    other = visit(OWNER, **{"Idempotency-Key": "mine"}).post(DRAIN, json={"reason": "another"})
    assert (other.status_code, other.json()["drain"]["who"]) == (200, "osaka")


def test_a_key_belongs_to_a_token_and_not_to_a_name(visit, node):
    """Another token may be made under a name that is free again; and at an identity provider names are not unique."""

    def made():
        answer = visit(OPERATOR).post("/api/v1/tokens", json={"name": "night shift", "role": "operator"})
        return answer.json()["id"], answer.json()["token"]

    number, first = made()
    asked = {"name": "a script", "role": "viewer"}
    given = visit(first, **{"Idempotency-Key": "mine"}).post("/api/v1/tokens", json=asked)
    assert given.status_code == 201
    assert visit(OPERATOR).delete(f"/api/v1/tokens/{number}").is_success
    _, second = made()
    answer = visit(second, **{"Idempotency-Key": "mine"}).post("/api/v1/tokens", json=asked)
    assert given.json()["token"] not in answer.text
    assert answer.status_code == 409, "it is judged anew"


def test_what_was_refused_is_judged_anew(visit, node):
    client = visit(VIEWER, **{"Idempotency-Key": "k"})
    assert client.post(DRAIN, json=BODY).status_code == 403
    unfit = visit(OPERATOR, **{"Idempotency-Key": "k"})
    assert unfit.post(DRAIN, json={}).status_code == 422
    assert unfit.post(DRAIN, json=BODY).status_code == 200


def test_a_token_that_is_taken_away_gets_no_answer_of_the_past(visit, node):
    from dataclasses import replace

    client = visit(OPERATOR, **{"Idempotency-Key": "k"})
    assert client.post(DRAIN, json=BODY).status_code == 200
    node.configuration = replace(node.configuration, users=(user("eve", "viewer", VIEWER),))
    assert client.post(DRAIN, json=BODY).status_code == 401


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "käse"])
def test_a_key_that_is_none_is_refused(visit, key):
    answer = visit(OPERATOR).post(DRAIN, json=BODY, headers={"Idempotency-Key": key.encode()})
    assert "Idempotency-Key" in problem(answer, 422)


def test_a_body_that_is_too_long_is_refused_with_a_key_too(visit):
    answer = visit(OPERATOR).post(DRAIN, content=iter([b"x" * 20_000_000]), headers={"Idempotency-Key": "k"})
    assert "bytes" in problem(answer, 413)


@pytest.mark.anyio
async def test_the_same_key_at_the_same_time_waits_its_turn(node):
    """The first request has not come whole when the second asks."""
    async with served(node) as url, httpx.AsyncClient(trust_env=False, timeout=30) as client:
        headers = {"Authorization": f"Bearer {OPERATOR}", "Idempotency-Key": "k"}
        answers = await asyncio.gather(*(client.post(url + DRAIN, json=BODY, headers=headers) for _ in range(8)))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert [event.kind for event in node.kept].count("drain") == 1
        again = await client.post(url + DRAIN, json=BODY, headers=headers)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")


def test_keys_are_remembered_for_a_day_and_within_bounds():
    now_s = 0.0
    remembered = Remembered(lambda: now_s, lambda: 1024)
    assert remembered.begin("ops", "k", b"r") is Verdict.NEW
    assert remembered.begin("ops", "k", b"r") is Verdict.BUSY
    answer = Answer(200, (), b"x" * 1000)
    remembered.finish("ops", "k", answer)
    assert remembered.begin("ops", "k", b"r") is answer
    assert remembered.begin("ops", "k", b"s") is Verdict.OTHER
    now_s = KEPT_S
    assert remembered.begin("ops", "k", b"s") is Verdict.NEW
    for number in range(2048):
        remembered.begin("eve", str(number), b"r")
        remembered.finish("eve", str(number), Answer(200, (), b"x" * 20_000))
    assert len(remembered) <= 1024
    assert remembered.octets <= OCTETS_MOST
    for number in range(2048):
        remembered.forget("eve", str(number))
    assert remembered.octets == 0


@given(st.text())
def test_any_key_is_judged(text):
    assert is_key(text) == (0 < len(text) <= 255 and all("!" <= letter <= "~" for letter in text))


# Pages and filters


def followed(client, path):
    """Every page, by the link to the next."""
    pages = []
    while path:
        answer = client.get(path)
        pages.append(answer.json())
        path = answer.links.get("next", {}).get("url")
    return pages


def test_pages_lead_through_all_events_and_each_comes_once(visit, node):
    node.fail("jp-osaka-1")
    node.fail("us-dallas-1")
    pages = followed(visit(), "/api/v1/events?limit=3&kind=site-down&kind=recovered&subject=us-dallas-1")
    numbers = [event["number"] for page in pages for event in page]
    assert len(pages) > 1
    assert numbers == [event.number for event in reversed(node.kept) if event.subject == "us-dallas-1"]
    assert {event["subject"] for page in pages for event in page} == {"us-dallas-1"}


def test_pages_of_an_owner_are_full_of_the_own_events(visit, node):
    for _ in range(3):
        node.drain("jp-tokyo-1", "not of the owner", "ops", None)
        node.drain("jp-osaka-1", "of the owner", "ops", None)
    pages = followed(visit(OWNER), "/api/v1/events?limit=2&kind=drain")
    assert [len(page) for page in pages] == [2, 1]
    assert followed(visit(OWNER), "/api/v1/events?subject=jp-tokyo-1") == [[]]


def test_events_are_chosen_by_severity_and_time(visit, node):
    node.fail("jp-osaka-1")
    half = node.utc
    node.wait(5)
    node.drain("jp-tokyo-1", "later", "ops", None)
    client = visit()
    later = client.get("/api/v1/events", params={"since": half.isoformat()}).json()
    earlier = client.get("/api/v1/events", params={"until": half.isoformat(), "severity": ["warning", "error"]}).json()
    assert "drain" in {event["kind"] for event in later}
    assert "site-down" in {event["kind"] for event in earlier}
    assert {event["number"] for event in later}.isdisjoint(event["number"] for event in earlier)
    assert "offset" in problem(client.get("/api/v1/events?since=2026-11-23T03:00:00"), 422)


def test_sites_are_chosen_by_region_and_condition(visit, node):
    node.fail("jp-osaka-1")
    client = visit()
    assert {site["region"] for site in client.get("/api/v1/sites?region=jp&region=eu").json()} == {"jp", "eu"}
    assert [site["id"] for site in client.get("/api/v1/sites?condition=down&region=jp").json()] == ["jp-osaka-1"]
    assert "query.condition" in problem(client.get("/api/v1/sites?condition=tired"), 422)
