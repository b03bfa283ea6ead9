"""Text of others, before people read it on a terminal or in a table.

Control characters drive a terminal, C1 ones too: U+009B alone is what ESC [ is. Bidirectional ones (Unicode UAX #9) show
words in another order than they have; line and paragraph separators begin lines that nobody wrote. And with what has no width,
two names look the same that are not.
"""

from __future__ import annotations

import re
from typing import Final

# Cc, Cs, Zl, Zp, and of Cf those that turn the direction, or are nothing to see. Joiners (U+200C, U+200D) belong to words, tags
# (U+E0020 and on) to flags: they stay.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def unprintable(text: str) -> str | None:
    """The first character that is not for showing."""
    found = _UNPRINTABLE.search(text)
    return found and found[0]


def printable(text: str) -> str:
    """One line, with a replacement character for each that is not for showing."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(text: str) -> str:
    """The same text for a program to read: for what is inside of JSON strings alone."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def commands_of_ipxe(line: str) -> str | None:
    """What iPXE would not pass on of a line, but act on, as its language has no quotes: `${`, whole words, a word's first #."""
    words = (word for word in line.split() if word in ("||", "&&", ";") or word.startswith("#"))
    return "${" if "${" in line else next(words, None)
