"""What people are told of dnstap and the query log, from what workers say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gslb.runtime.journal import Journal
from gslb.runtime.lookers import Lookers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["dnstap", "query_log", "x"]), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def journal() -> Journal:
    return Journal(None)


def kinds(journal: Journal) -> list[str]:
    return [event.kind for event in journal.recent]


def test_it_is_told_once_that_it_fails_and_once_that_it_works_again(journal: Journal) -> None:
    lookers = Lookers(journal)
    with capture_logs():
        for worker in (0, 1, 0, 1):
            lookers.told(worker, {"dnstap": [False, "Connection refused"]})
        lookers.told(0, {"dnstap": [True, ""]})
        assert kinds(journal) == ["dnstap-failed"], "not while one worker has no reader"
        lookers.told(1, {"dnstap": [True, ""]})
        assert kinds(journal) == ["dnstap-failed", "dnstap-works"]
    assert journal.recent[0].message == "dnstap can't be written by worker 0; queries are answered as ever: Connection refused"


def test_gauges_are_by_worker_until_it_ends_or_observes_no_more(journal: Journal) -> None:
    lookers = Lookers(journal)
    with capture_logs():
        lookers.told(0, {"dnstap": [True, ""], "query_log": [False, "No space left on device"]})
        lookers.told(1, {"query_log": [True, ""]})
        assert lookers.gauges() == {
            ("gslb_dnstap_connected", "0"): 1.0,
            ("gslb_query_log_open", "0"): 0.0,
            ("gslb_query_log_open", "1"): 1.0,
        }
        lookers.forget(0)
        assert lookers.gauges() == {("gslb_query_log_open", "1"): 1.0}
        assert kinds(journal) == ["query-log-failed", "query-log-works"]


def test_words_of_a_worker_are_bounded_and_of_one_line(journal: Journal) -> None:
    with capture_logs():
        Lookers(journal).told(0, {"dnstap": [False, "\x1b[2J\n" + "x" * 9999]})
    assert len(journal.recent[0].message) < 300
    assert journal.recent[0].message.isprintable()


@given(JSON)
def test_whatever_a_worker_says(told: object) -> None:
    lookers = Lookers(Journal(None))
    with capture_logs():
        lookers.told(0, told)
        assert len(lookers.gauges()) <= 2
        lookers.forget(0)
    assert lookers.gauges() == {}
