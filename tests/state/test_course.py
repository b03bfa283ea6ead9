"""Slow start and hold-down, for one target."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import ProbeSettings, State
from gslb.state.course import (
    ILL,
    Course,
    course_checks,
    follow,
    fresh_course,
    next_ramp_s,
    ramp_step,
    reinstate,
)
from gslb.state.quorum import Consensus

SETTINGS = ProbeSettings()
UP = Consensus(State.UP, "answered 200", True, checks=3)
FAILING = replace(UP, failing=True)
DOWN = Consensus(State.DOWN, "refused", True, failing=True, checks=5)
WRONG = Consensus(State.WRONG, "wrong bytes", True, failing=True)
SILENT = Consensus(State.UP, "answered 200", False)


def run(course: Course, *looks: tuple[float, Consensus]) -> Course:
    for now_s, consensus in looks:
        course = follow(course, consensus, SETTINGS, now_s)
    return course


STARTED = run(fresh_course(0.0), (0.0, UP))
# Down and up again, a minute each: the fifth change is the fall at 300 s.
FLAPPED = run(STARTED, *((60.0 * n, DOWN if n % 2 else UP) for n in range(1, 6)))


def test_the_start_has_no_slow_start():
    assert ramp_step(STARTED.ramp_since_s, SETTINGS, 0.0) == 10


def test_a_return_starts_slowly_in_ten_steps():
    back = run(STARTED, (10.0, DOWN), (60.0, UP))
    steps = [ramp_step(back.ramp_since_s, SETTINGS, 60.0 + seconds) for seconds in range(0, 66, 6)]
    assert steps == list(range(11))


@pytest.mark.parametrize("slow_start_s", [0.6, 3.0, 7.0, 60.0, 61.3])
def test_a_timer_set_to_the_next_step_finds_it_done(slow_start_s):
    settings = replace(SETTINGS, slow_start_s=slow_start_s)
    now_s, seen = 1000.1, []
    while (due_s := next_ramp_s(1000.1, settings, now_s)) is not None:
        now_s = due_s
        seen.append(ramp_step(1000.1, settings, now_s))
    assert seen == list(range(1, 11))


def test_no_slow_start_where_none_is_configured():
    assert ramp_step(0.0, replace(SETTINGS, slow_start_s=0.0), 0.0) == 10
    assert next_ramp_s(None, SETTINGS, 0.0) is None


def test_a_return_from_wrong_starts_slowly_and_from_unknown_at_once():
    assert run(STARTED, (10.0, WRONG), (60.0, UP)).ramp_since_s == 60.0
    unknown = Consensus(State.UNKNOWN, "no result", False)
    assert run(STARTED, (10.0, unknown), (60.0, UP)).ramp_since_s is None


def test_the_reason_follows_without_a_change():
    course = run(STARTED, (10.0, replace(UP, reason="answered 206")))
    assert (course.reason, course.since_s) == ("answered 206", 0.0)


def test_four_changes_in_ten_minutes_are_suffered():
    course = run(STARTED, *((60.0 * n, DOWN if n % 2 else UP) for n in range(1, 5)))
    assert (course.state, course.held) == (State.UP, False)


def test_the_fifth_change_holds_it_down_and_says_so():
    assert (FLAPPED.state, FLAPPED.held) == (State.DOWN, True)
    assert FLAPPED.reason == "flapping: 5 changes in 10 minutes; held down until 5 minutes of good rounds"


def test_a_fifth_change_upwards_does_not_happen():
    course = run(fresh_course(0.0), (0.0, DOWN), *((60.0 * n, UP if n % 2 else DOWN) for n in range(1, 6)))
    assert (course.state, course.held, course.since_s) == (State.DOWN, True, 240.0)


def test_changes_older_than_ten_minutes_are_forgiven():
    course = run(STARTED, *((200.0 * n, DOWN if n % 2 else UP) for n in range(1, 20)))
    assert not course.held


def test_it_is_released_after_five_good_minutes_and_starts_slowly():
    good = run(FLAPPED, *((320.0 + 10 * n, UP) for n in range(30)))
    assert good.held
    back = run(good, (620.0, UP))
    assert (back.state, back.held, back.ramp_since_s) == (State.UP, False, 620.0)


@pytest.mark.parametrize("interruption", [FAILING, DOWN, SILENT])
def test_one_bad_round_begins_the_five_minutes_anew(interruption):
    course = run(FLAPPED, (320.0, UP), (500.0, interruption), (510.0, UP), (809.0, UP))
    assert course.held
    assert not run(course, (810.0, UP)).held


def test_released_it_is_held_again_at_the_next_fall_if_still_restless():
    back = run(FLAPPED, (310.0, UP), (610.0, UP), (700.0, DOWN))
    assert back.held


def test_held_or_not_wrong_is_wrong_until_good_rounds():
    course = run(FLAPPED, (320.0, WRONG))
    assert (course.state, course.held) == (State.WRONG, True)
    assert run(course, (330.0, DOWN)).state is State.WRONG
    assert run(course, (400.0, UP), (700.0, UP)).state is State.UP


def test_checks_while_held_are_rounds_until_its_release():
    assert course_checks(FLAPPED, DOWN, SETTINGS, 300.0) == 30
    good = run(FLAPPED, (320.0, UP))
    assert course_checks(good, UP, SETTINGS, 595.0) == 3
    assert course_checks(STARTED, UP, SETTINGS, 300.0) == UP.checks


def test_a_withdrawn_error_leaves_no_trace():
    withdrawn = reinstate(run(STARTED, (10.0, DOWN)), 12.0, "frozen")
    assert (withdrawn.state, withdrawn.ramp_since_s, withdrawn.changes) == (State.UP, None, ())
    assert not reinstate(FLAPPED, 310.0, "frozen").held


LOOKS = st.lists(st.tuples(st.floats(1.0, 120.0), st.sampled_from([UP, FAILING, DOWN, WRONG, SILENT])), max_size=80)


@given(LOOKS)
def test_clients_never_see_more_than_seven_changes_in_ten_minutes(looks):
    """Four are suffered, a fifth begins the hold, and two releases fit: each has five good minutes before it."""
    now_s, course, changes = 0.0, STARTED, []
    for gap_s, consensus in looks:
        now_s += gap_s
        old, course = course, follow(course, consensus, SETTINGS, now_s)
        if (old.state in ILL) != (course.state in ILL):
            changes.append(now_s)
    for at in changes:
        assert sum(at <= other < at + SETTINGS.flap_within_s for other in changes) <= 7


@given(LOOKS)
def test_a_held_course_is_never_up(looks):
    now_s, course = 0.0, STARTED
    for gap_s, consensus in looks:
        now_s += gap_s
        course = follow(course, consensus, SETTINGS, now_s)
        assert not (course.held and course.state not in ILL)
        assert len(course.changes) <= 700
