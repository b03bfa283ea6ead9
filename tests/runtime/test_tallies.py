"""What workers counted, added up; whatever one of them may say."""

import pytest

from gslb.runtime import tallies
from gslb.runtime.tallies import Tallies


def test_counts_of_several_tallies_add_up():
    found = Tallies()
    found.add({"counts": [["answers", "udp", 2], ["answers", "tcp", 1]]})
    found.add({"counts": [["answers", "udp", 3]]})
    assert found.counts == {("answers", "udp"): 5, ("answers", "tcp"): 1}
    assert found.refused == 0


@pytest.mark.parametrize(
    "row", ["x", [], ["a"], ["a", -1], ["a", True], ["a", 1.0], ["a", "1"], [["a"], 1], ["a" * 301, 1], ["a", 1 << 60], None]
)
def test_what_is_no_count_is_counted_as_refused_and_left_out(row):
    found = Tallies()
    found.add({"counts": [row, ["good", 1]]})
    assert found.counts == {("good",): 1}
    assert found.refused == 1


@pytest.mark.parametrize("told", [{}, {"counts": None, "samples": 7}, {"counts": {"a": 1}}])
def test_a_tally_of_another_shape_is_nothing(told):
    found = Tallies()
    found.add(told)
    assert (found.counts, list(found.samples)) == ({}, [])


def test_a_worker_cannot_make_series_without_end(monkeypatch):
    monkeypatch.setattr(tallies, "MOST_SERIES", 3)
    found = Tallies()
    found.add({"counts": [[f"series {number}", 1] for number in range(5)]})
    found.add({"counts": [["series 0", 1]]})
    assert len(found.counts) == 3
    assert found.counts["series 0",] == 2
    assert found.refused == 2


def test_the_last_samples_are_kept_and_a_large_one_is_not():
    found = Tallies()
    found.add({"samples": [{"site": str(number)} for number in range(tallies.MOST_SAMPLES + 1)]})
    found.add({"samples": [{"site": "x" * tallies.MOST_SAMPLE}, "no sample"]})
    assert len(found.samples) == tallies.MOST_SAMPLES
    assert found.samples[0] == {"site": "1"}
    assert found.refused == 2
