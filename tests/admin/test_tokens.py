"""Tokens that operators make: for somebody, for a time, shown once, ended at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.admin.bench import OPERATOR, OWNER, VIEWER, user
from tests.admin.test_auth import log_in, problem

TOKENS = "/api/v1/tokens"


def made(client, **body):
    answer = client.post(TOKENS, json={"name": "kai", "role": "viewer", **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_token_works_with_its_role_until_it_is_revoked(visit, node):
    ops = visit(OPERATOR)
    new = made(ops, role="owner", sites=["jp-osaka-1"])
    kai = visit(new["token"])
    assert kai.get("/api/v1/me").json() | {"may": []} == {
        "name": "kai", "role": "owner", "by": "token", "sites": ["jp-osaka-1"], "expires": None, "csrf": None, "may": [],
    }  # fmt: skip
    assert kai.post("/api/v1/sites/jp-osaka-1/drain", json={"reason": "a fan"}).status_code == 200
    assert kai.post("/api/v1/sites/jp-tokyo-1/drain", json={"reason": "a fan"}).status_code == 403
    assert ops.delete(f"{TOKENS}/{new['id']}").json()["revoked"] == "2026-11-23T03:00:01Z"
    problem(kai.get("/api/v1/sites"), 401)
    assert [act.action for act in node.acts.latest(10)] == ["token-revoke", "drain", "token-create"]


def test_it_is_shown_once_and_kept_as_a_hash(visit, node):
    ops = visit(OPERATOR)
    new = made(ops)
    assert new["token"].startswith(f"gslb_{new['id']}_")
    assert len(new["token"]) == 57
    secret = new["token"].rpartition(new["id"])[2]
    listed = ops.get(TOKENS)
    assert [each["id"] for each in listed.json()] == ["configuration:ops", "configuration:eve", "configuration:osaka", new["id"]]
    assert secret not in listed.text
    assert secret not in str(node.acts.latest(10)) + str(node.kept) + str(node.tokens.all())
    assert "sha256" not in listed.text + str(node.acts.latest(10))


def test_one_with_an_end_ends_and_its_session_with_it(visit, node):
    new = made(visit(OPERATOR), expires_in_s=3600)
    assert new["expires"] == "2026-11-23T04:00:01Z"
    browser = visit(peer="198.51.100.9")
    log_in(browser, new["token"])
    node.wait(3599.0)
    assert browser.get("/api/v1/sites").status_code == visit(new["token"]).get("/api/v1/sites").status_code == 200
    node.wait(1.0)
    problem(browser.get("/api/v1/sites"), 401)
    problem(visit(new["token"]).get("/api/v1/sites"), 401)


def test_one_of_the_configuration_may_have_an_end_too(visit, node):
    node.configuration = replace(
        node.configuration, users=(replace(user("eve", "viewer", VIEWER), expires=node.utc + timedelta(seconds=5)),)
    )
    assert visit(VIEWER).get("/api/v1/me").json()["expires"] == "2026-11-23T03:00:06Z"
    node.wait(5.0)
    problem(visit(VIEWER).get("/api/v1/me"), 401)


@pytest.mark.parametrize("token", [VIEWER, OWNER])
def test_operators_alone_look_at_tokens(visit, token):
    new = made(visit(OPERATOR))
    problem(visit(token).get(TOKENS), 403)
    problem(visit(token).post(TOKENS, json={"name": "x", "role": "viewer"}), 403)
    problem(visit(token).delete(f"{TOKENS}/{new['id']}"), 403)
    problem(visit().get(TOKENS), 403)
    assert all("token" not in event["kind"] for event in visit(OWNER).get("/api/v1/events").json())


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"role": "owner"}, "sites"),
        ({"sites": ["jp-osaka-1"]}, "sites"),
        ({"role": "owner", "sites": ["jp-osaka-1", "nowhere"]}, "sites.1"),
        ({"role": "root"}, "role"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"expires_in_s": 0}, "expires_in_s"),
        ({"expires_in_s": 1e300}, "expires_in_s"),
        ({"expires": "2027-01-01"}, "expires"),
    ],
)
def test_a_bad_one_is_told_beside_its_field_and_not_made(visit, node, changed, field):
    answer = visit(OPERATOR).post(TOKENS, json={"name": "kai", "role": "viewer", **changed})
    problem(answer, 422)
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert list(node.tokens.all()) == []


def test_nobody_gives_more_than_they_have(visit):
    short = visit(made(visit(OPERATOR), role="operator", expires_in_s=3600)["token"])
    answer = short.post(TOKENS, json={"name": "for-ever", "role": "viewer"})
    assert "your own token ends" in problem(answer, 422)
    assert short.post(TOKENS, json={"name": "long", "role": "viewer", "expires_in_s": 3601}).status_code == 422
    assert made(short, name="short", expires_in_s=3600)["expires"] == "2026-11-23T04:00:01Z"


def test_the_last_operator_does_not_lock_everybody_out_unawares(visit, node):
    new = made(visit(OPERATOR), name="on-call", role="operator")
    node.configuration = replace(node.configuration, users=(user("eve", "viewer", VIEWER),))
    call = visit(new["token"])
    assert "last token of an operator" in problem(call.delete(f"{TOKENS}/{new['id']}"), 409)
    second = made(call, name="second", role="operator")
    assert visit(second["token"]).delete(f"{TOKENS}/{new['id']}").status_code == 200


def test_what_is_in_the_file_is_taken_out_there(visit):
    assert "configuration file" in problem(visit(OPERATOR).delete(f"{TOKENS}/configuration:eve"), 409)
    problem(visit(OPERATOR).delete(f"{TOKENS}/configuration:nobody"), 404)
    problem(visit(OPERATOR).delete(f"{TOKENS}/aaaaaaaa"), 404)


def test_one_that_ended_is_not_revoked_again(visit):
    new = made(visit(OPERATOR))
    assert visit(OPERATOR).delete(f"{TOKENS}/{new['id']}").status_code == 200
    assert "ended already" in problem(visit(OPERATOR).delete(f"{TOKENS}/{new['id']}"), 409)


def test_tokens_are_bounded_and_ended_ones_make_room(visit, node):
    node.configuration = replace(node.configuration, limits=replace(node.configuration.limits, tokens_kept=2))
    first = made(visit(OPERATOR), name="a")
    made(visit(OPERATOR), name="b")
    problem(visit(OPERATOR).post(TOKENS, json={"name": "c", "role": "viewer"}), 409)
    visit(OPERATOR).delete(f"{TOKENS}/{first['id']}")
    made(visit(OPERATOR), name="c")
    assert [token.name for token in node.tokens.all()] == ["c", "b"]


def test_making_one_is_undone_by_revoking_it_and_revoking_is_for_good(visit, node):
    ops, new = visit(OPERATOR), made(visit(OPERATOR))
    number = node.acts.latest(1)[0].number
    assert ops.post(f"/api/v1/acts/{number}/undo", json={"why": "a mistake"}).status_code == 201
    problem(visit(new["token"]).get("/api/v1/sites"), 401)
    problem(ops.post(f"/api/v1/acts/{number}/undo", json={}), 409)
    other = made(ops, name="other")
    ops.delete(f"{TOKENS}/{other['id']}")
    problem(ops.post(f"/api/v1/acts/{node.acts.latest(1)[0].number}/undo", json={}), 409)


def test_when_a_token_was_last_used_is_known_to_the_minute(visit, node):
    new = made(visit(OPERATOR))
    visit(new["token"]).get("/api/v1/sites")
    node.wait(30.0)
    visit(new["token"]).get("/api/v1/sites")
    assert node.tokens.get(new["id"]).last_used == node.utc - timedelta(seconds=30)
    node.wait(31.0)
    visit(new["token"]).get("/api/v1/sites")
    assert node.tokens.get(new["id"]).last_used == node.utc


def test_two_are_not_called_the_same(visit):
    made(visit(OPERATOR))
    for name in ("kai", "ops"):  # of the configuration too
        assert f"called {name} already" in problem(visit(OPERATOR).post(TOKENS, json={"name": name, "role": "viewer"}), 409)
