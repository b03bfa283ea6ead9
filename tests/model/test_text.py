"""Which characters of others are shown."""

import json
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gslb.model.text import escaped, printable, unprintable

DIRECTIONS = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
MARKS = "\u061c\u200e\u200f"
NOTHING = "\xad\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\ufeff\ufff9\ufffa\ufffb"


def test_controls_separators_halves_turns_and_nothings_are_not_shown_and_all_else_is():
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        hidden = unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
        turned = unicodedata.bidirectional(char) in DIRECTIONS or char in MARKS + NOTHING
        assert (unprintable(char) is not None) == (hidden or turned), hex(code)


@given(st.text(st.characters()))
def test_what_was_made_printable_is_so_and_as_long(text):
    assert unprintable(printable(text)) is None
    assert len(printable(text)) == len(text)
    assert (printable(text) == text) == (unprintable(text) is None)


@given(st.text(st.characters()))
def test_what_was_escaped_is_the_same_text_to_a_program(text):
    document = escaped(json.dumps(text, ensure_ascii=False))
    assert json.loads(document) == text
    assert unprintable(document) is None
