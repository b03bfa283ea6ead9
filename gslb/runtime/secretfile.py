"""Files with secrets of workers: small, and not for everybody to read."""

from __future__ import annotations

import os
import stat
from typing import Final

_OTHERS: Final = stat.S_IROTH | stat.S_IWOTH


class Unusable(Exception):
    """In words, with what to do."""


def read_secret_file(path: str, largest: int, *, what: str, remedy: str, content: str) -> bytes:
    """At most `largest` octets. `what` is in it, as "the secret"; `remedy` is for who has none, `content` what such a file
    should hold. Raises Unusable."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unusable(f"{what} can't be read: {reason}; {remedy}") from None
    if mode & _OTHERS:
        raise Unusable(f"everybody on this machine can read or change {what}; chmod 600, or 640 for a group")
    if len(data) > largest:
        raise Unusable(f"is over {largest} octets; write {content}")
    return data
