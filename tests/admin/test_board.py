"""What watchers see is made again for the sites that changed, and for no other."""

import json

import pytest

from gslb.admin.board import Boards
from gslb.admin.feed import Signal
from gslb.admin.principal import LOOPBACK
from gslb.admin.stream import Teller
from tests.admin.bench import Bench


@pytest.fixture
def node() -> Bench:
    return Bench().ready()


def shown(boards: Boards) -> dict[str, object]:
    return {site.id: site for site in boards.now(LOOPBACK).sites}


def others(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return {site for site, view in after.items() if view is not before[site]}


def test_a_round_that_finds_all_as_it_was_makes_nothing_again(node):
    boards = Boards(node)
    before = shown(boards)
    node.wait(10.0)
    node.round()
    assert others(before, shown(boards)) == set()


def test_a_site_that_fails_is_made_again_and_back(node):
    boards = Boards(node)
    before = shown(boards)
    node.fail("jp-osaka-1")
    failed = shown(boards)
    assert others(before, failed) == {"jp-osaka-1"}
    node.recover("jp-osaka-1")
    assert "jp-osaka-1" in others(failed, shown(boards))


@pytest.mark.parametrize("act", ["drain", "enable"])
def test_what_an_operator_does_is_seen(node, act):
    boards = Boards(node)
    before = shown(boards)
    node.drain("us-dallas-1", "a new disk", "ops", None)
    drained = shown(boards)
    assert others(before, drained) == {"us-dallas-1"}
    if act == "enable":
        node.enable("us-dallas-1", "ops")
        assert others(drained, shown(boards)) == {"us-dallas-1"}


def test_a_watcher_is_told_of_the_site_that_changed_alone(node):
    teller = Teller(Boards(node), LOOPBACK)
    list(teller.whole())
    node.fail("eu-london-1")
    told = list(teller.told(Signal.CHANGED))
    assert [json.loads(each.raw_data or "")["id"] for each in told if each.event == "site"] == ["eu-london-1"]
    assert [each.event for each in teller.told(Signal.CHANGED)] == []
