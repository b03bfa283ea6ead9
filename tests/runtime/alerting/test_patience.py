from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.runtime.alerting.patience import LONGEST_WAIT_S, Result, is_hopeless, judged, retry_after_s, wait_s
from tests.fuzz import fuzz_retry_after

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sat, 28 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 0.0),
        ("999999999", 3600.0),
        ("Sun, 28 Nov 2027 12:00:00 GMT", 3600.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0661", None),
        ("1" * 70, None),
        (None, None),
    ],
)
def test_what_a_receiver_asks_for(text, seconds):
    assert retry_after_s(text, NOW) == seconds


@pytest.mark.parametrize("path", sorted(fuzz_retry_after.CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus(path):
    fuzz_retry_after.one_input(path.read_bytes())


@given(st.one_of(st.binary(max_size=80), st.from_regex(r"\w{3}, \d{1,2} \w{3} \d{1,6} \d\d:\d\d:\d\d .{0,8}").map(str.encode)))
def test_any_bytes_ask_for_something_or_nothing(data):
    fuzz_retry_after.one_input(data)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Result.SENT),
        (204, Result.SENT),
        (301, Result.REFUSED),
        (307, Result.REFUSED),
        (400, Result.REFUSED),
        (404, Result.REFUSED),
        (408, Result.LATER),
        (410, Result.REFUSED),
        (425, Result.LATER),
        (429, Result.LATER),
        (500, Result.LATER),
        (503, Result.LATER),
        (999, Result.LATER),
    ],
)
def test_what_an_answer_means(status, result):
    assert judged(status, None, NOW).result is result


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_waits_grow_and_have_a_bound(failures, chance):
    assert 2.5 <= wait_s(failures, None, chance) <= LONGEST_WAIT_S
    assert wait_s(failures, None, chance) <= wait_s(failures + 1, None, 1.0)
    assert wait_s(failures, 1000.0, chance) >= 1000.0


def test_when_a_message_is_given_up():
    assert not is_hopeless(2, 3600.0)
    assert is_hopeless(3, 0.0)
    assert is_hopeless(0, 86400.0)
