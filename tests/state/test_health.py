"""Line by line of the Health table, for one target as one vantage sees it."""

from dataclasses import replace

import pytest

from gslb.model import ProbeSettings, State
from gslb.state.health import (
    TABLE,
    HealthRecord,
    Outcome,
    checks_to_change,
    forget,
    fresh_record,
    outcome_of,
    step,
    vouched,
)
from probes.verdict import Verdict
from tests.state.scene import HOST, outcome

SETTINGS = ProbeSettings()
GOOD, BAD, WRONG, EXPIRED = Outcome.GOOD, Outcome.BAD, Outcome.WRONG, Outcome.EXPIRED
KEY = f"{HOST}/dns/jp-7/192.0.2.7"


def after(*outcomes: Outcome, record: HealthRecord | None = None, settings: ProbeSettings = SETTINGS):
    """A round every ten seconds."""
    now_s = 0.0 if record is None else record.since_s
    record = record or fresh_record(now_s)
    for each in outcomes:
        now_s += 10.0
        record = step(record, each, each.value, settings, now_s)
    return record


def rechecked(record: HealthRecord, *outcomes: Outcome) -> HealthRecord:
    for each in outcomes:
        record = step(record, each, each.value, SETTINGS, (record.last_s or 0.0) + 1.0, recheck=True)
    return record


UP = after(*[GOOD] * 10)


def test_every_state_has_rules():
    assert set(TABLE) == set(State)


@pytest.mark.parametrize(
    ("first", "state"),
    [(GOOD, State.UP), (BAD, State.DOWN), (EXPIRED, State.DOWN), (WRONG, State.WRONG), (Outcome.AWAY, State.DOWN)],
)
def test_the_first_result_counts_at_once(first, state):
    assert after(first).state is state


def test_three_failures_in_a_row_are_down():
    assert after(BAD, BAD, record=UP).state is State.UP
    assert after(BAD, BAD, BAD, record=UP).state is State.DOWN


def test_rechecks_count_for_the_fall():
    down = rechecked(after(BAD, record=UP), BAD, BAD)
    assert down.state is State.DOWN
    assert down.reason == "bad (3 failures in a row)"


def test_rechecks_stay_out_of_the_window():
    assert rechecked(after(BAD, record=UP), BAD, GOOD).window.count(BAD) == 1


def test_a_good_recheck_ends_the_run_of_failures():
    record = rechecked(after(BAD, record=UP), BAD, GOOD)
    assert after(BAD, BAD, record=record).state is State.UP


def test_five_bad_rounds_of_the_last_ten_are_down():
    record = after(*[BAD, GOOD] * 4, record=UP)
    assert record.state is State.UP
    record = after(BAD, record=record)
    assert record.state is State.DOWN
    assert record.reason == "bad (5 of the last 10 rounds failed)"


def test_four_bad_rounds_of_every_ten_are_up():
    assert after(*[BAD, BAD, GOOD, GOOD, GOOD] * 10, record=UP).state is State.UP


def test_two_wrong_contents_are_wrong():
    assert after(WRONG, record=UP).state is State.UP
    assert rechecked(after(WRONG, record=UP), WRONG).state is State.WRONG


def test_two_expired_certificates_are_down():
    assert after(EXPIRED, EXPIRED, record=UP).state is State.DOWN


def test_every_second_answer_wrong_is_wrong_and_not_just_down():
    assert after(*[WRONG, GOOD] * 5, record=UP).state is State.WRONG


def test_a_down_site_that_turns_out_wrong_is_wrong():
    assert after(BAD, BAD, BAD, WRONG, WRONG, record=UP).state is State.WRONG


def test_a_wrong_site_that_refuses_stays_wrong_with_its_reason():
    record = after(WRONG, WRONG, *[BAD] * 30, record=UP)
    assert (record.state, record.reason) == (State.WRONG, "wrong")


def test_up_after_five_good_rounds_in_a_row():
    down = after(BAD, BAD, BAD, record=UP)
    assert after(GOOD, GOOD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD, GOOD, record=down).state is State.DOWN
    assert after(*[GOOD] * 5, record=down).state is State.UP


def test_wrong_is_back_after_five_good_rounds_whatever_rise_is():
    settings = replace(SETTINGS, rise=1)
    wrong = after(WRONG, WRONG, record=UP)
    assert after(*[GOOD] * 4, record=wrong, settings=settings).state is State.WRONG
    assert after(*[GOOD] * 5, record=wrong, settings=settings).state is State.UP


def test_good_rechecks_do_not_count_for_the_rise():
    down = after(BAD, BAD, BAD, record=UP)
    assert rechecked(down, *[GOOD] * 9).state is State.DOWN


def test_a_return_begins_with_an_empty_window():
    up = after(*[BAD] * 5, *[GOOD] * 5, record=UP)
    assert (up.state, up.window) == (State.UP, ())
    assert after(BAD, record=up).state is State.UP


def test_the_reason_while_down_is_the_latest_failure():
    down = after(BAD, BAD, BAD, record=UP)
    assert step(down, BAD, "timed out", SETTINGS, 200.0).reason == "timed out"
    assert step(down, GOOD, "answered 200", SETTINGS, 200.0).reason == down.reason


def test_a_reason_with_braces_is_text():
    record = fresh_record(0.0)
    for now_s in (1.0, 2.0, 3.0, 4.0):
        record = step(record, BAD if now_s > 1 else GOOD, "{0} {x}", SETTINGS, now_s)
    assert record.reason == "{0} {x} (3 failures in a row)"


@pytest.mark.parametrize(
    ("outcomes", "checks"),
    [
        ([], 3),
        ([BAD], 2),
        ([BAD, BAD], 1),
        ([BAD, GOOD, BAD, GOOD, BAD, GOOD, BAD, GOOD], 1),  # by the window
        ([WRONG], 1),
        ([EXPIRED], 1),
        ([BAD, BAD, BAD], 5),
        ([BAD, BAD, BAD, GOOD, GOOD], 3),
        ([WRONG, WRONG, GOOD], 4),
    ],
)
def test_checks_are_the_fewest_results_that_could_change_the_state(outcomes, checks):
    assert checks_to_change(after(*outcomes, record=UP), SETTINGS) == checks


def test_unknown_is_one_check_from_its_change():
    assert checks_to_change(fresh_record(0.0), SETTINGS) == 1


def test_a_voice_lasts_three_intervals():
    assert UP.fresh(UP.last_s + 30.0)
    assert not UP.fresh(UP.last_s + 30.1)


@pytest.mark.parametrize("record", [UP, after(BAD)])
def test_after_five_minutes_of_silence_it_is_unknown(record):
    assert forget(record, (record.last_s or 0.0) + 299.9) is record
    unknown = forget(record, (record.last_s or 0.0) + 300.0)
    assert (unknown.state, unknown.reason) == (State.UNKNOWN, "no result for 5 minutes")
    assert unknown.last_good_s == record.last_good_s


def test_wrong_is_not_forgotten():
    wrong = after(WRONG)
    assert forget(wrong, wrong.last_s + 3600.0).state is State.WRONG


def test_what_was_forgotten_begins_anew():
    unknown = forget(after(BAD), 1000.0)
    assert step(unknown, GOOD, "ok", SETTINGS, 1001.0).state is State.UP


def test_who_asks_us_to_wait_keeps_its_voice():
    waiting = step(UP, Outcome.MUTE, "429", SETTINGS, 200.0, retry_after_s=290.0)
    assert waiting.state is State.UP
    assert waiting.fresh(500.0)
    assert forget(waiting, 515.0).state is State.UP
    assert forget(waiting, 521.0).state is State.UNKNOWN


def test_a_wait_is_believed_for_five_minutes():
    waiting = step(UP, Outcome.MUTE, "429", SETTINGS, 200.0, retry_after_s=86400.0)
    assert not waiting.fresh(200.0 + 300.0 + 31.0)


def test_a_503_with_retry_after_is_down_at_once():
    throttled = outcome(KEY, Verdict.THROTTLED, response="HTTP/1.1 503 Service Unavailable\r\n")
    assert step(UP, outcome_of(throttled), "503", SETTINGS, 200.0, retry_after_s=120.0).state is State.DOWN


def test_a_429_says_nothing_of_the_site():
    throttled = outcome(KEY, Verdict.THROTTLED, response="HTTP/1.1 429 Too Many Requests\r\n")
    assert outcome_of(throttled) is Outcome.MUTE


@pytest.mark.parametrize("verdict", [Verdict.INTERNAL, Verdict.NO_ROUTE])
def test_a_probe_that_failed_by_itself_says_nothing_of_the_site(verdict):
    assert step(UP, outcome_of(outcome(KEY, verdict)), "bug", SETTINGS, 200.0) is UP


@pytest.mark.parametrize("verdict", [each for each in Verdict if each is not Verdict.THROTTLED and not each.ours])
def test_every_other_verdict_is_good_bad_or_grave(verdict):
    severe = {Verdict.WRONG_CONTENT: WRONG, Verdict.CERTIFICATE_EXPIRED: EXPIRED}
    assert outcome_of(outcome(KEY, verdict)) is (GOOD if verdict.ok else severe.get(verdict, BAD))


def test_a_site_that_answers_a_recovered_vantage_is_up_again_without_rise():
    down = after(BAD, BAD, BAD, record=UP)
    assert vouched(down, 500.0) is down
    assert vouched(after(GOOD, record=down), 500.0).state is State.UP
    wrong = after(WRONG, WRONG, GOOD, record=UP)
    assert vouched(wrong, 500.0) is wrong
