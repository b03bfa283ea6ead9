"""What people are told of wrong files that were served through, from what workers count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gslb.runtime.journal import Journal
from gslb.runtime.mismatches import AGAIN_S, METRIC, Mismatches

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([METRIC, "boot.example.net"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.just(METRIC), inner, max_size=1),
    max_leaves=9,
)


@pytest.fixture
def journal() -> Journal:
    return Journal(None)


def test_a_site_that_gave_a_wrong_file_is_told_once_in_a_while(journal: Journal) -> None:
    now_s = 0.0
    mismatches = Mismatches(journal, lambda: now_s)
    row = [METRIC, "boot.example.net", "jp-1", 1]
    with capture_logs():
        mismatches.told([["gslb_http_responses_total", "200", 3], row])
        mismatches.told([row])
        mismatches.told([[METRIC, "boot.example.net", "us-1", 2]])
        assert [(event.kind, event.subject) for event in journal.recent] == [
            ("through-mismatch", "jp-1"),
            ("through-mismatch", "us-1"),
        ]
        now_s = AGAIN_S
        mismatches.told([row])
    assert len(journal.recent) == 3
    assert "served through from jp-1 is not what its manifest says" in journal.recent[0].message


@given(JSON)
def test_any_tally_is_survived(tally: object) -> None:
    with capture_logs():
        Mismatches(Journal(None)).told(tally)
