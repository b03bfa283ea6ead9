from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gslb.model import ProbeSettings
from gslb.state.latency import LatencyBook, LatencyRecord, add, first, weighted_median

SETTINGS = ProbeSettings()


def rounds(record: LatencyRecord | None, *samples_ms: float) -> LatencyRecord:
    """A sample every ten seconds."""
    for sample_ms in samples_ms:
        if record is None:
            record = first(sample_ms, 0.0)
        else:
            record = add(record, sample_ms, SETTINGS, record.round_s + 10.0)
    assert record is not None
    return record


STEADY = rounds(None, *[100.0] * 30)


def test_the_first_measurement_is_used_at_once():
    assert first(42.0, 0.0).used_ms == 42.0


def test_two_spikes_move_nothing():
    record = rounds(STEADY, 900.0, 900.0)
    assert (record.estimate_ms, record.used_ms, record.away) == (100.0, 100.0, 0)


def test_a_new_route_is_used_after_the_estimate_was_away_for_three_rounds():
    used = []
    record = STEADY
    for _ in range(6):
        record = rounds(record, 140.0)
        used.append(record.used_ms)
    assert used == [100.0, 100.0, 100.0, 100.0, 140.0, 140.0]


def test_what_is_less_than_ten_milliseconds_away_is_the_same():
    assert rounds(rounds(None, *[20.0] * 30), *[29.0] * 30).used_ms == 20.0


def test_what_is_less_than_fifteen_percent_away_is_the_same():
    assert rounds(rounds(None, *[200.0] * 30), *[229.0] * 30).used_ms == 200.0
    assert rounds(rounds(None, *[200.0] * 30), *[231.0] * 30).used_ms == 231.0


def test_a_value_that_comes_and_goes_is_not_used():
    assert rounds(STEADY, *[150.0, 100.0] * 20).used_ms == 100.0


def test_several_samples_of_one_round_count_as_their_least():
    record = add(STEADY, 300.0, SETTINGS, STEADY.round_s + 10.0)
    record = add(record, 90.0, SETTINGS, record.round_s + 4.0)
    assert (record.best_ms, record.rounds) == (90.0, STEADY.rounds + 1)


def test_however_many_targets_a_site_has_a_round_is_a_round():
    record = STEADY
    for n in range(1, 13):  # four targets, evenly spread over each interval
        record = add(record, 150.0, SETTINGS, STEADY.round_s + 7.5 + 2.5 * n)
    assert record.rounds == STEADY.rounds + 3


def test_three_times_its_own_usual_is_slow_and_under_twice_no_longer():
    slow = rounds(STEADY, *[350.0] * 6)
    assert slow.slow
    assert rounds(slow, *[250.0] * 10).slow
    assert not rounds(slow, *[120.0] * 10).slow


def test_a_slow_site_was_always_slow_after_some_hours():
    assert not rounds(STEADY, *[310.0] * 1500).slow


def test_a_threefold_of_next_to_nothing_is_not_slow():
    assert not rounds(rounds(None, *[0.2] * 30), *[3.0] * 30).slow


def test_spikes_do_not_make_a_site_slow():
    record = STEADY
    for _ in range(30):
        record = rounds(record, 900.0, 100.0, 100.0)
        assert not record.slow


def test_the_median_weighs_the_newest_most():
    assert weighted_median((3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0)) == 3.0
    assert weighted_median((5.0,)) == 5.0


def test_nobody_measured_it_for_five_minutes():
    book = LatencyBook()
    assert book.take("tokyo", "jp-7", 10.0, SETTINGS, 0.0)
    assert not book.take("tokyo", "jp-7", 11.0, SETTINGS, 10.0)
    book.forget(309.0)
    assert book.used_ms() == {("tokyo", "jp-7"): 10.0}
    book.forget(310.0)
    assert book.used_ms() == {}


def test_a_site_is_slow_when_most_vantages_that_measure_it_say_so():
    book = LatencyBook()
    slow = rounds(STEADY, *[350.0] * 6)
    book.records = {("a", "x"): slow, ("b", "x"): STEADY, ("a", "y"): slow}
    assert book.slow_sites() == {"y"}


SAMPLES = st.lists(st.floats(0.01, 5000.0), min_size=1, max_size=60)


@given(SAMPLES)
def test_used_changes_only_by_a_real_distance_and_at_most_every_third_round(samples_ms):
    record, changed = first(samples_ms[0], 0.0), [-2]
    for n, sample_ms in enumerate(samples_ms[1:], 1):
        before, record = record, add(record, sample_ms, SETTINGS, 10.0 * n)
        if record.used_ms != before.used_ms:
            assert abs(record.used_ms - before.used_ms) >= max(10.0, 0.15 * before.used_ms)
            changed.append(n)
    assert all(later - earlier >= 3 for earlier, later in pairwise(changed))


@given(SAMPLES)
def test_every_number_stays_within_what_was_seen(samples_ms):
    record = rounds(None, *samples_ms)
    for value in (record.used_ms, record.estimate_ms, record.usual_ms):
        assert 0.99 * min(samples_ms) <= value <= 1.01 * max(samples_ms)
    assert len(record.past) < 10


def test_a_stored_record_of_no_rounds_counts_from_its_next_one():
    """Nobody writes such a record but who spoils the state file: it must not stop the node."""
    spoiled = replace(first(10.0, 0.0), rounds=0)
    assert add(spoiled, 12.0, SETTINGS, 1.0).usual_ms == 10.0
