import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from gslb.model import CheckSettings, Door, Service, State
from gslb.state.canonical import canonical, digest_of
from gslb.state.targets import target_keys
from gslb.state.worlds import (
    Bearing,
    Outage,
    build,
    configuration_digest,
    most_checks,
    outages,
    standing,
    standings,
)
from tests.state.scene import HOST, START, configuration, site

A, B, C = (ip_address(f"192.0.2.{n}") for n in (1, 2, 3))
UP, DOWN = Bearing(State.UP, "answered 200", checks=3), Bearing(State.DOWN, "refused", checks=5)
WRONG, UNKNOWN = Bearing(State.WRONG, "wrong bytes", checks=5), Bearing(State.UNKNOWN, "no result yet")


def of(*bearings: Bearing, door: Door = Door.DNS):
    return standing(door, dict(zip((A, B, C), bearings, strict=False)), 10)


@pytest.mark.parametrize(
    ("bearings", "state", "addresses"),
    [
        ((UP, UP), State.UP, (A, B)),
        ((UP, DOWN), State.UP, (A,)),
        ((DOWN, UNKNOWN), State.UNKNOWN, (B,)),
        ((DOWN, DOWN), State.DOWN, (A, B)),
        ((WRONG, DOWN), State.DOWN, (B,)),
        ((WRONG, WRONG), State.WRONG, ()),
        ((WRONG, UP), State.UP, (B,)),
    ],
)
def test_a_site_is_as_well_as_its_best_address_and_answers_with_those(bearings, state, addresses):
    found = of(*bearings)
    assert (found.state, found.addresses) == (state, addresses)


def test_a_redirect_cannot_choose_the_address_so_one_wrong_one_is_wrong():
    found = of(UP, WRONG, door=Door.HTTP)
    assert (found.state, found.addresses) == (State.WRONG, ())
    assert found.reason == "wrong bytes; 192.0.2.1 is up"


def test_a_site_with_one_address_in_full_use_does_not_ramp():
    assert of(UP, replace(UP, ramp=3)).ramp == 10
    ramping = of(replace(UP, ramp=2), replace(UP, ramp=3))
    assert (ramping.ramp, ramping.checks) == (3, 0)


def test_a_site_is_lost_with_its_last_address_and_back_with_its_first():
    assert of(UP, replace(UP, checks=1)).checks == 3
    assert of(DOWN, replace(DOWN, checks=2)).checks == 2


def test_checks_beyond_the_longest_ttl_make_no_worlds():
    assert of(replace(DOWN, checks=30)).checks == 10
    assert most_checks(Service(HOST, CheckSettings(), ttl_max_s=60), 10.0) == 6


def test_an_outage_is_told_per_door_and_family():
    settings = configuration((site(1, "us", "2001:db8::1"), site(2, "eu")))
    bearings = dict.fromkeys(target_keys(settings), UP)
    for key in bearings:
        if key.family == 6 or (key.door is Door.HTTP and key.site == "us-1"):
            bearings[key] = DOWN
    found = standings(settings, bearings)
    assert outages(settings, found, []) == {Outage(HOST, Door.DNS, 6), Outage(HOST, Door.HTTP, 6)}
    assert Outage(HOST, Door.HTTP, 4) in outages(settings, found, ["eu-2"])


def world(settings=None, bearing=UP, **changed):
    settings = settings or configuration((site(1, "us"),))
    bearings = dict.fromkeys(target_keys(settings), bearing)
    known: dict[str, Any] = {
        "map_digest": configuration_digest(settings),
        "today": START.date(),
        "ready": True,
        "drains": {},
        "latency_ms": {("tokyo", "us-1"): 100.0, ("osaka", "us-1"): 90.0},
        "vantages": {"tokyo": settings.probes.location},
        "slow": frozenset(),
        "number": 1,
    }
    return build(settings, standings(settings, bearings), **(known | changed))


def test_the_digest_is_of_what_answers_depend_on():
    plain = world().digest
    assert world(number=2).digest == plain
    assert world(bearing=replace(UP, reason="answered 206")).digest == plain
    for other in (
        world(bearing=DOWN),
        world(bearing=replace(UP, ramp=3)),
        world(bearing=replace(UP, checks=2)),
        world(ready=False),
        world(slow=frozenset({"us-1"})),
        world(latency_ms={}),
        world(drains={"us-1": None}),
        world(today=START.date().replace(day=1)),
    ):
        assert other.digest != plain


def test_nodes_that_differ_in_name_and_paths_have_one_digest():
    settings = configuration((site(1, "us"),))
    other = replace(settings, node="node-2", state_dir="/elsewhere", digest="abc", file="/etc/x.yaml")
    assert configuration_digest(other) == configuration_digest(settings)
    assert configuration_digest(replace(settings, sites=(site(2, "us"),))) != configuration_digest(settings)


def test_a_vantage_without_a_place_ranks_nobody():
    assert world().latency_ms == {("tokyo", "us-1"): 100.0}


def test_the_digest_is_the_same_in_every_process():
    code = (
        "from tests.state.test_worlds import world; from gslb.state.canonical import digest_of;"
        "print(world(slow=frozenset('abcdefgh')).digest)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, text=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {world(slow=frozenset("abcdefgh")).digest}


def test_canonical_text_does_not_depend_on_order_and_tells_kinds_apart():
    assert canonical({"b": 1, "a": frozenset("xy")}) == canonical({"a": frozenset("yx"), "b": 1})
    assert len({canonical(value) for value in (("a",), "a", {"a": "a"}, frozenset("a"), None, 1, "1")}) == 7
    assert digest_of(1) != digest_of("1")
