"""What was stored comes back; what cannot be read is left out, and never an exception but the one that is told."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import State
from gslb.state import Restored, Tracker
from gslb.state.codec import decode, encode
from gslb.state.course import Course
from gslb.state.health import HealthRecord, Outcome
from gslb.state.latency import LatencyRecord
from gslb.state.restored import from_json, rebased, to_json
from probes.verdict import Verdict
from tests.fuzz import fuzz_state
from tests.state.scene import START, Scene, configuration, site

CORPUS = Path(fuzz_state.__file__).with_name("corpus") / "state"

TIMES = st.floats(-1e9, 1e9)
COUNTS = st.integers(0, 10**6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50)
MILLISECONDS = st.floats(0.0, 1e6)

RECORDS = st.builds(
    HealthRecord,
    state=st.sampled_from(State),
    reason=TEXTS,
    since_s=TIMES,
    before=st.sampled_from(State),
    last_s=st.none() | TIMES,
    last_good_s=st.none() | TIMES,
    fresh_until_s=st.none() | TIMES,
    failures=COUNTS,
    successes=COUNTS,
    wrongs=COUNTS,
    expired=COUNTS,
    away=st.booleans(),
    window=st.lists(st.sampled_from(Outcome), max_size=10).map(tuple),
)
COURSES = st.builds(
    Course,
    state=st.sampled_from(State),
    reason=TEXTS,
    since_s=TIMES,
    ramp_since_s=st.none() | TIMES,
    changes=st.lists(TIMES, max_size=5).map(tuple),
    held=st.booleans(),
    good_since_s=st.none() | TIMES,
)
LATENCIES = st.builds(
    LatencyRecord,
    used_ms=MILLISECONDS,
    usual_ms=MILLISECONDS,
    estimate_ms=MILLISECONDS,
    best_ms=MILLISECONDS,
    round_s=TIMES,
    last_s=TIMES,
    rounds=COUNTS,
    past=st.lists(MILLISECONDS, max_size=9).map(tuple),
    away=COUNTS,
    slow=st.booleans(),
)
STATES = st.builds(
    Restored,
    number=COUNTS,
    now_s=TIMES,
    utc=st.just(START),
    ready=st.booleans(),
    records=st.dictionaries(TEXTS, st.dictionaries(TEXTS, RECORDS, max_size=3), max_size=2),
    courses=st.dictionaries(TEXTS, COURSES, max_size=3),
    latency=st.dictionaries(st.tuples(TEXTS, TEXTS), LATENCIES, max_size=3),
    ramps=st.dictionaries(TEXTS, TIMES, max_size=3),
    fingerprints=st.dictionaries(TEXTS, TEXTS, max_size=3),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(STATES)
def test_what_was_stored_comes_back(state):
    assert from_json(to_json(state)) == state


@given(st.text(max_size=200) | JSON.map(json.dumps))
def test_garbage_is_a_value_error_and_nothing_else(text):
    try:
        from_json(text)
    except ValueError:
        pass


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 10_000, "", "null", '{"head":{}}', '{"head":[1]}'])
def test_a_text_that_is_no_state_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011
        from_json(text)


@pytest.fixture(scope="module")
def stored() -> str:
    scene = Scene(configuration((site(1, "us"), site(2, "eu")))).start()
    scene.fail("us-1", Verdict.WRONG_CONTENT)
    return to_json(scene.tracker.freeze())


def spoil(value, path: list[int], junk: object):
    """`value` with what is found on the way of `path` replaced by `junk`."""
    if not path or not isinstance(value, dict | list) or not value:
        return junk
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = keys[path[0] % len(keys)]
    spoiled = spoil(value[key], path[1:], junk)
    if isinstance(value, dict):
        return value | {key: spoiled}
    return [*value[:key], spoiled, *value[key + 1 :]]


@given(path=st.lists(st.integers(0, 50), max_size=5), junk=JSON)
def test_a_tracker_runs_on_a_state_that_was_spoiled_anywhere(stored, path, junk):
    try:
        restored = from_json(json.dumps(spoil(json.loads(stored), path, junk)))
    except ValueError:
        return
    scene = Scene(configuration((site(1, "us"), site(2, "eu"))), restored=restored, utc=START + timedelta(seconds=5))
    scene.round()
    scene.wait(3.0)
    scene.tracker.report("us-1")
    to_json(scene.tracker.freeze())


def test_one_bad_entry_is_left_out_and_told(stored):
    document = json.loads(stored)
    key = next(iter(document["courses"]))
    document["courses"][key]["state"] = "sideways"
    restored = from_json(json.dumps(document))
    assert len(restored.courses) == 3
    assert len(restored.faults) == 1
    assert repr(key) in restored.faults[0]


@pytest.mark.parametrize(
    ("field", "junk"),
    [("since_s", "1"), ("since_s", True), ("failures", -1), ("failures", 1.5), ("window", {}), ("reason", "\x00")],
)
def test_every_field_is_looked_at(field, junk):
    record = encode(HealthRecord(State.UP, "", 0.0))
    assert decode(HealthRecord, record) == HealthRecord(State.UP, "", 0.0)
    with pytest.raises(ValueError):  # noqa: PT011
        decode(HealthRecord, record | {field: junk})


@given(STATES, st.floats(0.0, 300.0), st.floats(0.0, 1e6))
def test_ages_are_the_same_on_another_clock(state, away_s, now_s):
    moved = rebased(state, now_s, START + timedelta(seconds=away_s))
    for key, course in state.courses.items():
        age_s = state.now_s - course.since_s + away_s
        assert now_s - moved.courses[key].since_s == pytest.approx(age_s, abs=1e-3)


def test_a_clock_that_stepped_back_a_little_is_believed():
    scene = Scene().start()
    early = Tracker(scene.configuration, now_s=0.0, utc=scene.utc - timedelta(seconds=3), restored=scene.tracker.freeze())
    assert early.ready


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_the_kept_corpus(path):
    fuzz_state.one_input(path.read_bytes())
