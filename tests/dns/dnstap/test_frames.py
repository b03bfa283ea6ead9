"""Frame Streams: what is written, and what readers may answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.dnstap.frames import (
    CONTENT_TYPE,
    READY,
    START,
    STOP,
    BadFrame,
    Control,
    ControlReader,
    Dialogue,
    Stage,
    control_frame,
    data_frame,
)
from tests.fuzz import fuzz_fstrm

ACCEPT, FINISH = control_frame(Control.ACCEPT, CONTENT_TYPE), control_frame(Control.FINISH)


def test_frames_are_the_octets_of_the_format() -> None:
    assert data_frame(b"abc") == b"\0\0\0\x03abc"
    assert bytes.fromhex("00000000 00000004 00000003") == STOP
    assert bytes.fromhex("00000000 00000022 00000002 00000001 00000016") + b"protobuf:dnstap.Dnstap" == START
    assert READY[11] == 4


def test_a_conversation_from_ready_to_finish() -> None:
    dialogue = Dialogue()
    assert dialogue.begin() == READY
    assert (dialogue.received(ACCEPT), dialogue.stage) == (START, Stage.OPEN)
    assert (dialogue.close(), dialogue.stage) == (STOP, Stage.CLOSING)
    assert (dialogue.received(FINISH), dialogue.stage) == (b"", Stage.FINISHED)


def test_a_reader_s_words_may_come_octet_by_octet() -> None:
    dialogue = Dialogue()
    assert b"".join(dialogue.received(bytes((octet,))) for octet in ACCEPT) == START


@pytest.mark.parametrize("types", [(), (CONTENT_TYPE,), (b"text/plain", CONTENT_TYPE)])
def test_a_reader_takes_dnstap_or_whatever_comes(types: tuple[bytes, ...]) -> None:
    assert Dialogue().received(control_frame(Control.ACCEPT, *types)) == START


def test_a_reader_that_has_enough_says_finish_at_any_time() -> None:
    dialogue = Dialogue()
    dialogue.received(ACCEPT + FINISH)
    assert dialogue.stage is Stage.FINISHED


@pytest.mark.parametrize(
    "said",
    [
        control_frame(Control.ACCEPT, b"text/plain"),
        FINISH,
        READY,
        START,
        ACCEPT + ACCEPT,
        data_frame(b"hello"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes.fromhex("00000000 00000003 000000"),
        bytes.fromhex("00000000 00000201 00000001"),
        bytes.fromhex("00000000 00000004 00000009"),
        bytes.fromhex("00000000 00000005 00000001 00"),
        bytes.fromhex("00000000 0000000c 00000001 00000007 00000000"),
        bytes.fromhex("00000000 0000000c 00000001 00000001 00000001"),
        control_frame(Control.ACCEPT, bytes(257)),
        control_frame(Control.FINISH, CONTENT_TYPE),
    ],
)
def test_a_reader_that_says_anything_else_is_refused(said: bytes) -> None:
    with pytest.raises(BadFrame):
        Dialogue().received(said)


def test_a_reader_can_not_fill_our_memory() -> None:
    reader = ControlReader()
    with pytest.raises(BadFrame):
        list(reader.feed(bytes.fromhex("00000000 7fffffff") + bytes(1000)))


@given(st.sampled_from(list(Control)), st.lists(st.binary(max_size=100), max_size=4))
def test_what_is_written_is_what_is_read(kind: Control, types: list[bytes]) -> None:
    named = types[: {Control.START: 1, Control.STOP: 0, Control.FINISH: 0}.get(kind, 4)]
    (frame,) = ControlReader().feed(control_frame(kind, *named))
    assert (frame.kind, frame.content_types) == (kind, tuple(named))


@given(st.binary(max_size=300))
def test_any_octets(data: bytes) -> None:
    fuzz_fstrm.one_input(data)


def test_the_kept_corpus() -> None:
    for data in fuzz_fstrm.seeds():
        fuzz_fstrm.one_input(data)
