"""What holds of the machine whatever comes."""

from hypothesis import given
from hypothesis import strategies as st

from gslb.model import ProbeSettings, State
from gslb.state.health import (
    FORGET_S,
    TABLE,
    WINDOW,
    HealthRecord,
    Outcome,
    checks_to_change,
    forget,
    fresh_record,
    step,
)

SETTINGS = st.builds(ProbeSettings, rise=st.integers(1, 8), fall=st.integers(1, 6))
RESULTS = st.lists(st.tuples(st.sampled_from(Outcome), st.booleans(), st.floats(0.1, 400.0)), min_size=1, max_size=60)


def walk(results, settings: ProbeSettings) -> list[tuple[HealthRecord, HealthRecord]]:
    """Each step as before and after, silence included."""
    now_s, record, steps = 0.0, fresh_record(0.0), []
    for outcome, recheck, gap_s in results:
        now_s += gap_s
        before = forget(record, now_s)
        record = step(before, outcome, outcome.value, settings, now_s, recheck=recheck)
        steps.append((before, record))
    return steps


@given(RESULTS, SETTINGS)
def test_the_same_results_give_the_same_record(results, settings):
    assert walk(results, settings) == walk(results, settings)


@given(RESULTS, SETTINGS)
def test_only_changes_of_the_table_happen(results, settings):
    for before, after in walk(results, settings):
        allowed = {before.state} | {rule.then for rule in TABLE[before.state]}
        assert after.state in allowed


@given(RESULTS, SETTINGS)
def test_no_return_to_up_without_rise_good_results_on_end(results, settings):
    good = 0
    for before, after in walk(results, settings):
        if before.state is State.UNKNOWN:
            good = 0
        if after.last_s != before.last_s:
            good = good + 1 if after.failures == 0 else 0
        if before.state is State.DOWN and after.state is State.UP:
            assert good >= settings.rise
        if before.state is State.WRONG and after.state is State.UP:
            assert good >= 5


@given(RESULTS, SETTINGS)
def test_no_fall_from_up_on_a_good_result(results, settings):
    for before, after in walk(results, settings):
        if before.state is State.UP and after.state is not State.UP:
            assert after.failures > 0


@given(RESULTS, SETTINGS)
def test_a_change_was_announced_as_one_check_away(results, settings):
    """So a TTL of interval × checks covers it. Not a site that says itself that it is away, nor grave failures."""
    for before, after in walk(results, settings):
        grave = after.wrongs + after.expired > 0 or after.away
        if after.state is not before.state and not grave:
            assert checks_to_change(before, settings) == 1


@given(RESULTS, SETTINGS)
def test_counters_are_bounded_and_consistent(results, settings):
    for _, after in walk(results, settings):
        assert len(after.window) <= WINDOW
        assert not (after.failures and after.successes)
        assert after.wrongs + after.expired <= after.failures
        assert checks_to_change(after, settings) >= 1


@given(RESULTS, SETTINGS)
def test_silence_makes_everything_unknown_but_what_is_wrong(results, settings):
    last = walk(results, settings)[-1][1]
    silent = forget(last, (last.last_s or 0.0) + 2 * FORGET_S + 1000.0)
    assert silent.state in (State.UNKNOWN, State.WRONG)
    assert (silent.state is State.WRONG) == (last.state is State.WRONG)
