"""Frames of control and workers, cut anyhow, and whatever else may come through the socket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import NodeError
from gslb.runtime.frames import Kind, Reader, document, frame, json_frame
from tests.fuzz import fuzz_frames

FRAMES = st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=50)), max_size=8)


@given(FRAMES, st.lists(st.integers(1, 40), min_size=1))
def test_frames_arrive_whole_and_in_order_however_the_stream_is_cut(frames, sizes):
    stream = b"".join(frame(kind, payload) for kind, payload in frames)
    reader, at = Reader(1000), 0
    found: list[tuple[Kind, bytes]] = []
    while at < len(stream):
        size = sizes[at % len(sizes)]
        found += reader.feed(stream[at : at + size])
        at += size
    assert found == frames


def test_a_frame_above_the_bound_is_refused_before_it_is_read():
    with pytest.raises(NodeError, match="a frame of 101 bytes is above the 100 that are allowed"):
        list(Reader(100).feed(frame(Kind.TALLY, b"x" * 101)[:5]))


def test_a_frame_of_an_unknown_kind_is_refused():
    with pytest.raises(NodeError, match="unknown kind 200"):
        list(Reader(100).feed(b"\0\0\0\0\xc8"))


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b"\xff", b"1", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_a_payload_that_is_no_object_is_refused(payload):
    with pytest.raises(NodeError):
        document(payload)


def test_an_object_comes_through():
    (told,) = Reader(1000).feed(json_frame(Kind.TALLY, {"world": 7}))
    assert told[0] is Kind.TALLY
    assert document(told[1]) == {"world": 7}


@given(st.binary(max_size=400))
def test_any_bytes_of_a_worker_are_refused_or_understood(data):
    fuzz_frames.one_input(data)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), st.lists, max_leaves=12))
def test_any_tally_of_a_worker_is_taken_or_counted(value):
    rows = json.dumps({"counts": value, "samples": value, "classes": value}).encode()
    fuzz_frames.one_input(frame(Kind.TALLY, rows))


def test_the_kept_corpus():
    for data in fuzz_frames.seeds():
        fuzz_frames.one_input(data)
