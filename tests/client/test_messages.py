"""Server-sent events, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.client.messages import MessageReader, Raw
from tests.fuzz import fuzz_messages

EXAMPLE = (
    b"\xef\xbb\xbf: hello\nretry: 2000\n\nevent: status\r\ndata: {}\r\n\r\n"
    b"id: 7\revent: event\rdata: a\rdata:b\r\rdata\n\nnonsense\nevent: nothing\n\ndata: z\n\n"
)
TOLD = [Raw("status", "{}", ""), Raw("event", "a\nb", "7"), Raw("message", "", "7"), Raw("message", "z", "7")]


def read(*pieces: bytes) -> tuple[list[Raw], float | None]:
    reader = MessageReader()
    return [message for piece in pieces for message in reader.feed(piece)], reader.retry_s


@given(st.lists(st.integers(0, len(EXAMPLE))))
def test_it_does_not_matter_where_the_pieces_end(cuts):
    ends = [0, *sorted(cuts), len(EXAMPLE)]
    assert read(*(EXAMPLE[a:b] for a, b in pairwise(ends))) == (TOLD, 2.0)


@given(st.lists(st.binary()))
def test_any_octets_are_read(pieces):
    messages, _ = read(*pieces)
    assert all(isinstance(message, Raw) for message in messages)


@pytest.mark.parametrize("line", [b"x", b"data: x\n", b"data\n", b"data: \xff\n"])
def test_a_message_without_end_is_an_end(line):
    reader = MessageReader(4096)
    pieces = (list(reader.feed(64 * line)) for _ in range(4096))
    with pytest.raises(ValueError, match="more than 4096 octets"):
        list(pieces)


@given(st.binary())
def test_what_the_fuzz_target_asks_holds_for_any_octets(data):
    fuzz_messages.one_input(data)


def test_the_kept_corpus_holds():
    for data in fuzz_messages.seeds():
        fuzz_messages.one_input(data)
