"""Every change is recorded, and can be taken back while nothing else has changed."""

from tests.admin.bench import OPERATOR, OWNER, VIEWER

SITE = "/api/v1/sites/jp-osaka-1"


def test_a_drain_and_its_end_are_in_the_log(visit, node):
    visit(OPERATOR).post(f"{SITE}/drain", json={"reason": "a new disk", "for_s": 60})
    visit(OWNER).post(f"{SITE}/enable")
    enable, drain = node.acts.latest(10)
    assert (drain.number, drain.who, drain.role, drain.by, drain.action) == (1, "ops", "operator", "token", "drain")
    assert (drain.subject, drain.why, drain.before) == ("jp-osaka-1", "a new disk", {})
    assert drain.after["reason"] == "a new disk"
    assert (enable.who, enable.action, enable.before, enable.after) == ("osaka", "enable", drain.after, {})


def test_what_changed_nothing_is_not_in_it(visit, node):
    visit(OPERATOR).post(f"{SITE}/enable")
    visit(VIEWER).post(f"{SITE}/drain", json={"reason": "mischief"})
    assert node.acts.latest(10) == []
