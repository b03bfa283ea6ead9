"""The command line of the kernel that a script boots.

The kernel splits it at blanks and knows double quotes (Documentation/admin-guide/kernel-parameters.rst); x86 has room for
2,047 octets, of which kexec keeps a few dozen for itself. Of what does not fit, the last of the further sites go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gslb.model import BootImage

LONGEST: Final = 1900  # octets

# RFC 3986 section 2 has no place for these in a URL. Percent-encoded, it is one word to the kernel, and to iPXE, which reads ${.
_ENCODED: Final = str.maketrans({mark: f"%{ord(mark):02X}" for mark in '"<>\\^`{|}'})


def command_line(image: BootImage, words: Sequence[str], url: str, others: Sequence[str]) -> str:
    """`words` come before all else. `url` and `others` are the sites in order, without a slash at the end: that of this boot,
    and those that its disk may turn to.
    """
    line = " ".join(word for word in (*words, image.append) if word)
    if image.httpfuse is None:
        return line
    fuse = encoded(image.httpfuse)
    line = f"{line} httpfuse={encoded(url)}{fuse}".lstrip()
    following: list[str] = []
    for other in others:
        longer = [*following, f"{encoded(other)}{fuse}".replace(",", "%2C")]
        if len(f"{line} httpfuse_next={','.join(longer)}".encode()) > LONGEST:
            break
        following = longer
    return f"{line} httpfuse_next={','.join(following)}" if following else line


def encoded(url: str) -> str:
    return url.translate(_ENCODED)
