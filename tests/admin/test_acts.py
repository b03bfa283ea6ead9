"""Every change is recorded, and can be taken back while nothing else has changed."""

import pytest

from gslb.admin.principal import Principal
from tests.admin.bench import OPERATOR, OWNER, VIEWER
from tests.admin.test_auth import problem

SITE, OTHER = "/api/v1/sites/jp-osaka-1", "/api/v1/sites/jp-tokyo-1"


def drained(client, site=SITE, **body):
    assert client.post(f"{site}/drain", json={"reason": "a new disk", **body}).status_code == 200


def undo(client, number, **body):
    return client.post(f"/api/v1/acts/{number}/undo", json=body)


def test_a_drain_and_its_end_are_in_the_log(visit):
    drained(visit(OPERATOR), for_s=60)
    visit(OWNER).post(f"{SITE}/enable")
    enable, drain = visit(VIEWER).get("/api/v1/acts").json()
    assert [drain[name] for name in ("number", "who", "role", "by", "action")] == [1, "ops", "operator", "token", "drain"]
    assert [drain[name] for name in ("subject", "why", "before")] == ["jp-osaka-1", "a new disk", {}]
    assert drain["after"]["reason"] == "a new disk"
    assert [enable[name] for name in ("who", "action", "before", "after")] == ["osaka", "enable", drain["after"], {}]
    assert (drain["undoable"], drain["undone_by"], drain["undoes"]) == (True, None, None)


def test_what_changed_nothing_is_not_in_it(visit, node):
    visit(OPERATOR).post(f"{SITE}/enable")
    visit(VIEWER).post(f"{SITE}/drain", json={"reason": "mischief"})
    visit(OPERATOR).post(f"{SITE}/drain", json={"reason": ""})
    assert node.acts.latest(10) == []


def test_the_log_comes_in_pages_and_is_chosen_from(visit):
    ops = visit(OPERATOR)
    for site in (SITE, OTHER) * 3:
        drained(ops, site)
    page = ops.get("/api/v1/acts?limit=4")
    assert [act["number"] for act in page.json()] == [6, 5, 4, 3]
    after = ops.get(page.links["next"]["url"])
    assert [act["number"] for act in after.json()] == [2, 1]
    assert "next" not in after.links
    assert [act["number"] for act in ops.get("/api/v1/acts?subject=jp-tokyo-1&who=ops&action=drain").json()] == [6, 4, 2]
    assert ops.get("/api/v1/acts?who=eve").json() == []
    assert ops.get("/api/v1/acts?action=drain&action=enable&limit=9").json() == page.json() + after.json()


def test_an_owner_sees_and_undoes_what_is_of_the_own_sites(visit, node):
    ops, owner = visit(OPERATOR), visit(OWNER)
    drained(ops, SITE)
    drained(ops, OTHER)
    assert [act["subject"] for act in owner.get("/api/v1/acts").json()] == ["jp-osaka-1"]
    problem(undo(owner, 2), 404)  # no telling what there is
    problem(undo(visit(VIEWER), 1), 403)
    problem(undo(visit(), 1), 401)
    assert undo(owner, 1, why="it is well").status_code == 201
    assert node.tracker.drains.keys() == {"jp-tokyo-1"}


def test_an_owner_does_not_undo_what_owners_may_not_do(visit, node):
    node.acts.undoers["override"] = lambda act, principal: None
    node.acts.record(Principal("ops", "operator", "token"), "override", "jp-osaka-1")
    problem(undo(visit(OWNER), 1), 403)
    assert undo(visit(OPERATOR), 1).status_code == 201


def test_a_drain_is_taken_back(visit, node):
    ops = visit(OPERATOR)
    drained(ops)
    done = undo(ops, 1, why="the wrong site").json()
    assert [done[name] for name in ("action", "subject", "why", "undoes", "undoable")] == [
        "undo", "jp-osaka-1", "the wrong site", 1, False,
    ]  # fmt: skip
    assert not node.tracker.drains
    first = ops.get("/api/v1/acts").json()[1]
    assert (first["undone_by"], first["undoable"]) == (2, False)
    assert "undone already, by act 2" in problem(undo(ops, 1), 409)
    assert "can't be undone" in problem(undo(ops, 2), 409)


def test_the_end_of_a_drain_is_taken_back_with_the_end_that_it_had(visit, node):
    ops = visit(OPERATOR)
    drained(ops, for_s=3600)
    until = node.tracker.drains["jp-osaka-1"].until
    node.wait(600.0)
    ops.post(f"{SITE}/enable")
    node.wait(600.0)
    assert undo(ops, 2).status_code == 201
    drain = node.tracker.drains["jp-osaka-1"]
    assert (drain.reason, drain.who, drain.until) == ("a new disk", "ops", until)


def test_a_second_drain_gives_way_to_the_first(visit, node):
    ops = visit(OPERATOR)
    drained(ops, reason="first")
    drained(ops, reason="second", for_s=60)
    assert undo(ops, 2).status_code == 201
    assert (node.tracker.drains["jp-osaka-1"].reason, node.tracker.drains["jp-osaka-1"].until) == ("first", None)


def test_what_has_changed_since_is_not_taken_back(visit, node):
    ops = visit(OPERATOR)
    drained(ops, reason="first")
    drained(visit(OWNER), reason="second")
    assert "drained by osaka: second" in problem(undo(ops, 1), 409)
    ops.post(f"{SITE}/enable")
    assert "not drained any more" in problem(undo(ops, 2), 409)
    assert not node.tracker.drains


def test_a_drain_that_would_have_ended_does_not_come_back(visit, node):
    ops = visit(OPERATOR)
    drained(ops, for_s=60)
    ops.post(f"{SITE}/enable")
    node.wait(61.0)
    assert "would have ended" in problem(undo(ops, 2), 409)


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e3", "9" * 40, "%00"])
def test_a_number_that_is_none_is_refused(visit, number):
    problem(undo(visit(OPERATOR), number), 422)


def test_an_act_that_there_is_not_is_not_found(visit):
    problem(undo(visit(OPERATOR), 7), 404)
