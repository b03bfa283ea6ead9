"""`$GENERATE`, as BIND writes it out."""

import re

import pytest

from gslb.config.importers.generate import generated


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1-3 host$ A 192.0.2.$", ["host1 A 192.0.2.1", "host2 A 192.0.2.2", "host3 A 192.0.2.3"]),
        ("0-4/2 $ A 192.0.2.$", ["0 A 192.0.2.0", "2 A 192.0.2.2", "4 A 192.0.2.4"]),
        ("9-10 h${-8,3} A 192.0.2.${0}", ["h001 A 192.0.2.9", "h002 A 192.0.2.10"]),
        ("10-11 h${0,4,x} A 192.0.2.$", ["h000a A 192.0.2.10", "h000b A 192.0.2.11"]),
        ("10-10 h${0,0,X}-${0,0,o} A 192.0.2.1", ["hA-12 A 192.0.2.1"]),
        ("18-18 ${0,7,n} PTR h$", ["2.1.0.0 PTR h18"]),
        ("1-1 a TXT \\$$ $$", ["a TXT $1 $"]),
    ],
)
def test_a_line_stands_for_many(text, lines):
    assert list(generated(text)) == lines


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1-3", "$GENERATE needs a range, a name, a type and data"),
        ("3-1 h$ A 192.0.2.$", '"3-1" is not a range that goes up'),
        ("1-3/0 h$ A 192.0.2.$", '"1-3/0" is not a range that goes up'),
        ("a-b h$ A 192.0.2.$", '"a-b" is not a range; write it as 1-9 or 0-254/2'),
        ("0-999999999 h$ A 192.0.2.1", "stands for 1000000000 lines; 65536 is the most"),
        ("1-2 h${x} A 192.0.2.1", "${x} is not offset, width and base"),
        ("1-2 h${0,999} A 192.0.2.1", "${0,999} is not offset, width and base"),
        ("1-2 h${-9} A 192.0.2.1", "makes -7, which is below 0"),
    ],
)
def test_what_can_not_be_written_out_is_told(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        list(generated(text))
